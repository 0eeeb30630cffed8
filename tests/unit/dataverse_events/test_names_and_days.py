"""Claims about the names of bookings, all-day events, the window, and what `plan` counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from tests.support.dataverse_world import OLA
from tests.support.event_edits import (
    add_event,
    booking_ids,
    bookings,
    change_event,
    delete_event,
    event_times,
    hint,
    live_times,
)
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld, pairs_world
from tests.support.world import SETTINGS

pytestmark = pytest.mark.server
OSLO, SYDNEY = "W. Europe Standard Time", "AUS Eastern Standard Time"
DAY = 24 * 3600


def all_day(zone: str, day: str, after: str) -> dict[str, Any]:
    """Return the body of an all-day event in a zone."""
    return {"isAllDay": True, "timeZone": zone, "start": f"{day}T00:00:00", "end": f"{after}T00:00:00"}


def names(world: PairsWorld) -> list[str]:
    """Return the names of the bookings, by their starts."""
    return [each[0] for each in bookings(world)]


@pytest.mark.parametrize(
    ("zone", "day", "after", "expected"),
    [(OSLO, "2027-03-28", "2027-03-29", ("2027-03-27T23:00", "2027-03-28T22:00")),
     (SYDNEY, "2027-04-04", "2027-04-05", ("2027-04-03T13:00", "2027-04-04T14:00")),
     (OSLO, "2027-01-15", "2027-01-18", ("2027-01-14T23:00", "2027-01-17T23:00"))],
    ids=["spring", "autumn", "three-days"],
)  # fmt: skip
def test_an_all_day_event_is_booked_from_midnight_to_midnight_there(
    world: PairsWorld, zone: str, day: str, after: str, expected: tuple[str, str]
) -> None:
    """Of 23 hours in spring and of 25 in autumn; nothing is written again afterwards."""
    event = add_event(world, showAs="busy", **all_day(zone, day, after))
    hint(world, event)
    assert live_times(world) == [expected]
    world.forget_calls()
    hint(world, event)
    world.follow_on()
    world.event_changes.run()
    world.empty_queue()
    assert (world.to_dynamics.writes, world.to_graph.writes) == ([], [])


def test_an_event_that_becomes_private_loses_its_name_at_once(certificates: Path) -> None:
    """The subject that was written before is overwritten."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both", "DATAVERSE_TITLES": "subject"}) as world:
        world.begin_to_follow()
        event = add_event(world)
        hint(world, event)
        assert names(world) == ["Dentist"]
        change_event(world, event, sensitivity="private")
        hint(world, event)
        assert names(world) == ["Private"]


@pytest.mark.parametrize(("before", "after"), [("subject", "busy"), ("busy", "subject")])
def test_another_value_of_titles_writes_each_name_once(certificates: Path, before: str, after: str) -> None:
    """Of the bookings that were made for events; a dispatcher's own keep theirs."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both", "DATAVERSE_TITLES": before}) as world:
        world.begin_to_follow()
        hint(world, add_event(world))
        hint(world, add_event(world, 30, sensitivity="private"))
        world.dataverse.book(hours=36)
        world.follow_on()
        world.settings = world.present_setting.__dict__["settings"] = with_titles(world, after)
        world.forget_calls()
        for _ in range(2):
            world.follow_on()
        assert names(world) == [{"subject": "Dentist", "busy": "Busy"}[after], "Private", "Visit"]
        assert len(world.to_dynamics.writes) == 1


def with_titles(world: PairsWorld, titles: str) -> Settings:
    """Return the settings with another value of DATAVERSE_TITLES."""
    return Settings.load(SETTINGS | world._given | {"DATAVERSE_TITLES": titles})


def test_an_endless_series_goes_on_with_the_window(world: PairsWorld) -> None:
    """The dates that enter the window each night get bookings; what has passed is not canceled."""
    hint(world, add_event(world, rrule="FREQ=WEEKLY"))
    made = len(bookings(world))
    for _ in range(3):
        tick(world, 7 * DAY)
        world.event_changes.run()
        world.empty_queue()
    assert len(bookings(world)) == len(live_times(world)) == made + 3


def test_a_plan_counts_the_events_that_become_bookings(certificates: Path) -> None:
    """In rule and in the window; they are made at the start without the brake, although they are old."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both"}) as world:
        add_event(world, showAs="free")
        add_event(world, rrule="FREQ=DAILY;COUNT=12")
        tick(world, 2 * 3600)
        planned = {each.id: each.bookings_to_make for each in world.dataverse_plan.plan().resources}
        assert planned[world.dataverse.id_of(f"resource:{OLA}")] == 12
        world.begin_to_follow()
        assert len(bookings(world)) == 12
        assert {each.bookings_to_make for each in world.dataverse_plan.plan().resources} == {0}


def test_a_plan_towards_outlook_alone_counts_none(certificates: Path) -> None:
    """And its events become no bookings."""
    with pairs_world(certificates) as world:
        event = add_event(world)
        assert {each.bookings_to_make for each in world.dataverse_plan.plan().resources} == {0}
        world.begin_to_follow()
        world.forget_calls()
        hint(world, event)
        assert (len(world.to_graph.calls), world.to_dynamics.calls) == (1, [])
        world.event_changes.run()
        world.empty_queue()
        assert bookings(world) == []


def test_towards_dataverse_alone_events_become_bookings(certificates: Path) -> None:
    """And bookings no events."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "to-dataverse"}) as world:
        world.begin_to_follow()
        event = add_event(world)
        hint(world, event)
        world.dataverse.book(hours=40)
        world.follow_on()
        assert (len(bookings(world)), len(event_times(world))) == (2, 1)
        delete_event(world, event)
        hint(world, event)
        assert len(live_times(world)) == 1
        assert world.to_graph.writes == []


def test_the_booking_of_an_all_day_event_that_gets_hours_ends_its_all_day(world: PairsWorld) -> None:
    """Row 47: Graph takes hours for no all-day event."""
    hint(world, add_event(world, **all_day(OSLO, "2027-01-15", "2027-01-16")))
    world.change(booking_ids(world)[0], starttime="2027-01-15T09:00:00Z", endtime="2027-01-15T11:00:00Z", duration=120)
    world.follow_on()
    assert [each["isAllDay"] for each in world.calendar()] == [False]
    assert live_times(world) == event_times(world) == [("2027-01-15T09:00", "2027-01-15T11:00")]
