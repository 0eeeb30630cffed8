"""Claims about private life and visits while both sides are written: what of an event leaves, what a deletion does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.booking_edits import exchange, live, live_rows, rows
from tests.support.dataverse_world import OLA
from tests.support.event_edits import add_event, delete_event
from tests.support.pair_edits import linked
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server
CONTENT = ("Dentist", "Oslo", "bring the x-rays", "kari@contoso.com", "Personal")


def test_of_an_appointment_only_the_times_leave(world: PairsWorld) -> None:
    """No subject, place, text, category or name of another person stands in any column of its booking."""
    more: dict[str, Any] = {"location": "Oslo", "categories": ["Personal"], "attendees": ["kari@contoso.com"]}
    event = add_event(world, 60, subject="Dentist", body="bring the x-rays", **more)
    exchange(world)
    [row] = rows(world)
    assert row["name"] == "Busy"
    text = json.dumps(row)
    assert not [word for word in CONTENT if word in text]
    delete_event(world, event)
    exchange(world)
    [row] = rows(world)
    assert not [word for word in CONTENT if word in json.dumps(row)]


def test_no_deletion_in_outlook_cancels_a_visit(world: PairsWorld) -> None:
    """Its event comes back twice; after the third deletion the dispatcher keeps the booking, without an event."""
    visit = linked(world, hours=24)
    exchange(world)
    for _ in range(4):
        for event in world.calendar():
            delete_event(world, event["id"])
        exchange(world)
        assert [row["bookableresourcebookingid"] for row in live_rows(world)] == [visit]
    assert len(world.times()) == 0
    assert [pair.state for pair in world.pairs.all()] == ["muted"]


def test_an_emptied_calendar_is_held(world: PairsWorld) -> None:
    """No booking is canceled until IT releases: neither one of a dispatcher nor one of the person."""
    for number in range(5):
        world.dataverse.book(hours=24 + 2 * number)
        add_event(world, 60 + 2 * number)
    exchange(world)
    before = live(world)
    assert len(before) == 10
    for event in world.calendar():
        delete_event(world, event["id"])
    exchange(world)
    assert live(world) == before
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    exchange(world)
    assert live(world) == []
