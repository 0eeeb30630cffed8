"""The first run after an upgrade, with rows of the version before, which have no `due_at`."""

from __future__ import annotations

from datetime import timedelta

from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.simulation.earlier import make_earlier, write
from tests.simulation.world import World

ROOM = "room1@contoso.com"


def test_a_creation_that_the_version_before_did_not_end_is_done_at_the_next_run() -> None:
    """At the first run its creator may still work on the row. No filter finds that row, so all are read again."""
    world = World()
    world.watch_setup.subscribe(WatchRequest(ROOM))
    make_earlier(world)
    moment = (world.time - timedelta(seconds=10)).isoformat()
    write(world, watch_id_of(ROOM), subscription_id="", expires="", pending_since=moment, state="pending")
    world.start()
    world.reconciler.reconcile()
    world.time += timedelta(minutes=30)
    world.reconciler.reconcile()
    (held,) = world.subscriptions.of(ROOM)
    (watch,) = world.watches.all()
    assert (watch.state, watch.subscription_id) == ("live", held.subscription.id)
    assert watch.due_at is not None
