"""A booking whose event a person has made an all-day event or a series is still a booking: read, moved, cancelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.errors import RequestRejected
from shared.scheduling.conflicts import SlotTaken
from shared.scheduling.slot_rules import Span
from shared.storage.slot_bookings import Booking
from tests.support.booking_world import AGENT, BookingWorld, graph_time

HOUR = timedelta(hours=1)
ZONES = ["America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "UTC"]
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def hour_of(zone: str, day: int, hour: int) -> Span:
    """Return an hour of a day of December in a zone."""
    start = datetime(2026, 12, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Span(start, start + HOUR)


def all_day_booking(zone: str) -> tuple[BookingWorld, Booking]:
    """Return a world with a booking of 2 December that a person has made an all-day event, some minutes ago."""
    world = BookingWorld()
    calendars = world.graph_calendars
    calendars.hours = {"daysOfWeek": WEEK, "startTime": "00:00:00", "endTime": "00:00:00", "timeZone": {"name": zone}}
    booking = world.slot_booker.book(world.new_booking(hour_of(zone, 2, 9)))[0].booking
    midnights = [datetime(2026, 12, day, tzinfo=UTC) for day in (2, 3)]
    times = dict(zip(("start", "end"), map(graph_time, midnights), strict=True))
    calendars.events[AGENT][booking.event_id] |= {"isAllDay": True, **times}
    calendars.busy_at[booking.event_id] = [graph_time(each.replace(tzinfo=ZoneInfo(zone))) for each in midnights]
    world.pass_by(300)
    return world, booking


def moved(world: BookingWorld, booking: Booking, slot: Span) -> dict[str, Any]:
    """Move a booking and return its event."""
    return world.booking_changer.move(AGENT, booking.id, {"start": slot.start.isoformat()}).event


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 12, 23])
@pytest.mark.parametrize("day", [2, 4])
def test_an_all_day_event_is_moved_to_an_hour(zone: str, hour: int, day: int) -> None:
    """Also to one of its own day, which nobody else takes; then it is an all-day event no more."""
    world, booking = all_day_booking(zone)
    slot = hour_of(zone, day, hour)
    event = moved(world, booking, slot)
    assert (event["isAllDay"], world.graph_calendars.spans()) == (False, [slot])


@pytest.mark.parametrize("zone", ZONES)
def test_its_day_is_its_own_only_once(zone: str) -> None:
    """A colleague's day off of the same day is not taken for it."""
    world, booking = all_day_booking(zone)
    world.graph_calendars.put_day(AGENT, datetime(2026, 12, 2, tzinfo=UTC).date(), ZoneInfo(zone))
    with pytest.raises(SlotTaken):
        moved(world, booking, hour_of(zone, 2, 12))
    assert [row.state for row in world.bookings()] == ["booked"]


def test_an_all_day_event_that_gives_way_is_moved_back_whole() -> None:
    """A person was faster at the new time."""
    world, booking = all_day_booking("Australia/Sydney")
    slot = hour_of("Australia/Sydney", 4, 12)

    def meanwhile(name: str) -> None:
        if name == "move" and len(world.graph_calendars.spans()) == 1:
            world.graph_calendars.put(AGENT, slot.start, slot.end)
            world.pass_by(1)

    world.graph_calendars.before = meanwhile
    with pytest.raises(SlotTaken):
        moved(world, booking, slot)
    event = world.graph_calendars.events[AGENT][booking.event_id]
    assert (event["isAllDay"], event["start"]) == (True, graph_time(datetime(2026, 12, 2, tzinfo=UTC)))


def series_booking(world: BookingWorld) -> Booking:
    """Return a booking whose event a person has made a weekly series: a view has its occurrences, with other ids."""
    booking = world.slot_booker.book(world.new_booking())[0].booking
    calendars = world.graph_calendars
    calendars.events[AGENT][booking.event_id]["type"] = "seriesMaster"

    def occurrences() -> list[dict[str, Any]]:
        masters = list(calendars.events[AGENT].values())
        own = {"type": "occurrence", "transactionId": None}
        return [{**each, **own, "id": f"{each['id']}.1", "seriesMasterId": each["id"]} for each in masters]

    calendars.shown = occurrences
    world.pass_by(300)
    return booking


def test_a_booking_that_became_a_series_is_not_gone() -> None:
    """It is read, and holds its time; the days of a person's series are not moved."""
    world = BookingWorld()
    booking = series_booking(world)
    assert world.booking_changer.read(AGENT, booking.id).event["id"] == booking.event_id
    assert not world.booking_cleanup.resolve(booking)
    with pytest.raises(RequestRejected) as caught:
        moved(world, booking, world.slot(12, 10))
    assert caught.value.problem.code == "booking_moved"
    assert world.graph_calendars.spans() == [world.slot()]
    assert [row.state for row in world.bookings()] == ["booked"]


def test_a_booking_that_became_a_series_is_cancelled_as_a_whole() -> None:
    """One deletion, of the series: after the 204 nothing of it stands."""
    world = BookingWorld()
    booking = series_booking(world)
    calls = list[str]()
    world.graph_calendars.before = calls.append
    world.booking_changer.cancel(AGENT, booking.id)
    assert (calls.count("remove"), world.graph_calendars.spans(), world.bookings()) == (1, [], [])
