"""Deliveries by instances whose clocks differ: the partner ends with the last state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.world import World, event
from tests.unit.delivery.test_unacknowledged import Receiver, deliver, receiver

__all__ = ["receiver"]  # a fixture, which pytest finds by its name


def test_timestamps_of_an_event_never_go_back(world: World, receiver: Receiver) -> None:
    """The second worker's clock is ten minutes behind, which no answer of Graph has shown yet."""
    world.events.by_id["E"] = event()
    deliver(world)
    world.pass_by(-600)
    world.events.by_id["E"] = event(etag="2")
    message = world.hint()
    world.pass_by(12)
    world.delivery.deliver(replace(message, force=True))
    assert receiver.title() == "Ola Nordmann 2"
    first, second = (body["timestamp"] for _, body in world.webhook.taken)
    assert first < second


def test_a_hint_is_not_covered_by_a_reading_of_a_clock_that_is_ahead(world: World, receiver: Receiver) -> None:
    """The reader's clock is ten minutes ahead of Graph's, and it knows that."""
    world.events.by_id["E"] = event()
    world.pass_by(600)
    world.skew = timedelta(minutes=-10)
    deliver(world)
    world.pass_by(-600)
    world.skew = timedelta()
    world.events.by_id["E"] = event(etag="2")
    deliver(world)
    assert receiver.title() == "Ola Nordmann 2"
