"""The simulated world's wiring: what lies and the rule of each DELETE see of the relay's real code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.graph.subscriptions import DeleteReason
from shared.messages import Job
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.simulation.lies import EVERY
from tests.simulation.subscriptions import Held
from tests.simulation.world import World

ROOM = "room1@contoso.com"


@pytest.fixture
def world() -> World:
    """Return a world with one watch."""
    world = World()
    world.watch_setup.subscribe(WatchRequest(ROOM))
    return world


def only(world: World) -> Held:
    """Return the subscription of the room."""
    (held,) = world.subscriptions.of(ROOM)
    return held


def test_a_silent_subscription_posts_nothing(world: World) -> None:
    """Neither changes nor lifecycle events, while it lives."""
    world.subscriptions.silent = EVERY
    world.hint(only(world), "E1")
    world.lifecycle(only(world), "missed")
    assert (world.change_texts.depth(), world.job_texts.depth()) == (0, 0)
    world.subscriptions.silent = set()
    world.hint(only(world), "E1")
    world.lifecycle(only(world), "missed")
    assert (world.change_texts.depth(), world.job_texts.depth()) == (1, 1)


def test_a_handshake_is_recorded_as_the_relays(world: World) -> None:
    """Graph validates both URLs; only the relay's notification URL is recorded, not one of another host."""
    assert world.handshake_row.read().url == "https://relay.example/api/notifications"
    world.subscriptions.change_address(only(world).subscription.id, "https://other.example", world.time)
    assert world.handshake_row.read().url == "https://relay.example/api/notifications"


def test_work_on_subscriptions_has_a_queue_of_its_own(world: World) -> None:
    """Its messages are processed when they are due, and put back there."""
    world.work.send(Job(watch_id_of(ROOM), "a kind of a later version"), delay=60)
    world.process()
    assert world.work_texts.depth() == 1
    world.time += timedelta(minutes=2)
    world.process()
    assert (world.work_texts.depth(), world.job_texts.depth()) == (1, 0)
    assert world.work_texts.next_due() is None


def test_the_rule_knows_the_relays_addresses_and_keys(world: World) -> None:
    """A living subscription is unusable once a newer key signs, or after the relay moved."""
    rule = world.deletion_rule()
    assert not rule.is_unusable(only(world))
    with pytest.raises(AssertionError):
        world.subscriptions.delete(only(world).subscription.id, DeleteReason.REPLACED)
    world.rotate()
    assert not rule.is_unusable(only(world))
    world.time += timedelta(minutes=13)
    assert rule.is_unusable(only(world))
    world.given["PUBLIC_BASE_URL"] = "https://moved.example"
    other = world.subscriptions.hold(
        ROOM, "https://moved.example/api/notifications", "https://moved.example/api/lifecycle", "forged",
        world.time + timedelta(days=1),
    )  # fmt: skip
    assert rule.is_unusable(other)
