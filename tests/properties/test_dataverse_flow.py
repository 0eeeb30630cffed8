"""Bookings and events after any edits on both sides, kills, faults, lost answers, and lists that lie or are late."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, note, settings

from sandbox.certificates import make_certificates
from tests.properties.pair_acts import (
    ACTS,
    MAILBOXES,
    STORIES,
    Act,
    Edits,
    booking_in,
    carried_over,
    end_troubles,
    notify,
    own_events,
    touched,
)
from tests.properties.pair_invariants import Invariants, are_at_rest
from tests.support.examples import examples
from tests.support.pair_edits import behave, shown, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.long]
HOUR, DAY = 3_700, 100_000  # seconds
MOST_ROUNDS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of the sandbox."""
    made = tmp_path_factory.mktemp("certificates")
    make_certificates(made)
    return made


@settings(max_examples=examples(60), deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes hours
@given(acts=ACTS)
@example(acts=[act for story in STORIES for act in story])
def test_bookings_and_events_are_equal_at_rest(folder: Path, acts: list[Act]) -> None:
    """Every booking has one event in the calendar of its resource; after no act two, and writes have a bound."""
    note(str(acts))
    with pairs_world(folder) as world:
        world.begin_to_follow()
        edits = Edits(world)
        invariants = Invariants(edits, partial(own_events, world), lambda: world.to_graph.writes)
        for number, act in enumerate(acts, start=1):
            edits.do(act)
            carried_over(world, act)
            invariants.check(acts[:number])
        come_to_rest(world)
        invariants.check(acts)
        tick(world, DAY)  # a third deletion within a day leaves an event out
        alive = [booking for booking, ended in edits.bookings.items() if not ended]
        touched(world, alive)
        come_to_rest(world)
        assert_equal(world, edits, alive)
        assert world.to_dynamics.writes == []


def come_to_rest(world: PairsWorld) -> None:
    """Let the timer, the notifications and the night run until nothing is written any more."""
    behave(world)
    end_troubles(world)
    for _ in range(MOST_ROUNDS):
        tick(world, HOUR)
        before = len(world.to_graph.writes)
        world.follow_on()
        notify(world)
        world.event_changes.run()
        world.empty_queue()
        if len(world.to_graph.writes) == before:
            return
    raise AssertionError("it never comes to rest")


def assert_equal(world: PairsWorld, edits: Edits, alive: list[str]) -> None:
    """Assert that each living booking has its event, where it belongs, and that no other event of the relay is left."""
    found: dict[str, list[Any]] = {booking: [] for booking in edits.bookings}
    let_go = set()
    for mailbox, event in own_events(world):
        booking = booking_in(event)
        if event["attendees"]:
            let_go.add((booking, mailbox))
        else:
            times = event["start"]["dateTime"][:16], event["end"]["dateTime"][:16]
            found[booking].append((mailbox, event["subject"], *times))
    for booking, events in found.items():
        mailbox = resource_of(world, booking) if booking in alive else ""
        expected = [(mailbox, *shown(world, booking))] if mailbox else []
        is_meeting, is_returning = (booking, mailbox) in let_go, booking in edits.returning
        assert are_at_rest(events, expected, is_meeting=is_meeting, is_returning=is_returning), booking


def resource_of(world: PairsWorld, booking: str) -> str:
    """Return the mailbox of a booking's resource."""
    resource = world.dataverse.row(booking)["_resource_value"]
    return next(each for each in MAILBOXES if world.dataverse.id_of(f"resource:{each}") == resource)
