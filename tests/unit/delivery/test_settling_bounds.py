"""Settling waits at most SETTLE_SECONDS, whatever clock wrote the time of the notification."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.due_messages import DueMessages
from tests.support.world import START, World, event

DELAY = 10.0  # seconds, by the settings of the world


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose room is watched."""
    world.watch()
    world.events.by_id["E"] = event()
    return DueMessages(world)


@pytest.mark.parametrize(("seconds", "wait"), [
    (-1e6, 0), (-10, 0), (-9, 1), (0, DELAY), (1, DELAY), (600, DELAY), (86_400, DELAY),
])  # fmt: skip
def test_a_change_waits_at_most_once_and_that_long(
    world: World, queues: DueMessages, seconds: float, wait: float
) -> None:
    """The writer's clock was ahead or behind; then the event is read, and no wait follows."""
    queues.put(replace(world.hint(), notified_at=START + timedelta(seconds=seconds)))
    moments = []
    world.events.during = lambda _: moments.append(world.time)
    queues.play(timedelta(days=4_000))
    assert (moments[:1], len(queues.processed)) == ([START + timedelta(seconds=wait)], 2 if wait else 1)
    assert world.webhook.news == [("created", "E")]


@pytest.mark.parametrize("skew", [timedelta(minutes=10), None])
def test_what_the_relay_queues_for_a_later_moment_does_not_wait_longer(
    world: World, queues: DueMessages, skew: timedelta | None
) -> None:
    """A resync writes the latest moment that the present can be by Graph's clock."""
    world.skew = skew
    watch = world.watches.get(world.entry().watch_id)
    assert watch is not None
    world.resync.resync(watch)
    queues.play(timedelta(seconds=DELAY))
    assert world.webhook.news == [("created", "E")]
