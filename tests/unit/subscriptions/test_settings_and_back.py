"""A change of settings that is taken back before all of its steps were done."""

from __future__ import annotations

from datetime import timedelta

from shared.watches.requests import WatchRequest
from tests.simulation.world import World

ROOM, OTHER = "room1@annex.example", "room2@contoso.com"
BOTH, FEWER = "@contoso.com,@annex.example", "@contoso.com"


def change(world: World, allowed: str) -> None:
    """Change the setting, which restarts the relay, and let the timer run."""
    world.given["ALLOWED_MAILBOXES"] = allowed
    world.start()
    world.reconciler.reconcile()
    world.time += timedelta(minutes=30)


def test_a_mailbox_that_is_allowed_again_is_resumed_at_once() -> None:
    """Although a step for another mailbox failed meanwhile, so that the run for the other settings was not done."""
    world = World(ALLOWED_MAILBOXES=BOTH)
    for mailbox in (ROOM, OTHER):
        world.watch_setup.subscribe(WatchRequest(mailbox))
    change(world, BOTH)
    world.subscriptions.throttled.add(OTHER)
    world.time += timedelta(days=6, hours=12)
    (held,) = world.subscriptions.of(OTHER)
    world.sweep_row.write(lambda _: {"read_at": world.time})
    change(world, FEWER)
    assert not world.subscriptions.of(ROOM)
    change(world, BOTH)
    assert world.subscriptions.of(ROOM)
    assert world.subscriptions.of(OTHER) == [held]
