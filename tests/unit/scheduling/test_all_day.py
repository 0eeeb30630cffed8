"""A day off is a day of the mailbox's zone: no slot of it is offered, booked or moved to, and no other is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.scheduling.all_day import is_floating, placed
from shared.scheduling.availability import Availability, span_of
from shared.scheduling.conflicts import SlotTaken
from shared.scheduling.slot_requests import SlotSearch
from shared.scheduling.slot_rules import ALWAYS, SlotQuery, Span, WorkingHours
from shared.storage.slot_bookings import Booking
from tests.support.booking_world import AGENT, BookingWorld, graph_time

HOUR = timedelta(hours=1)
DAY_OFF = date(2026, 12, 2)
ZONES = ["America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Pacific/Apia", "Pacific/Honolulu",
         "Etc/GMT+12", "Asia/Kolkata", "UTC"]  # fmt: skip
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def hour_of(zone: str, day: int, hour: int) -> Span:
    """Return an hour of a day of December in a zone."""
    start = datetime(2026, 12, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Span(start, start + HOUR)


def world_of(zone: str, **fields: Any) -> BookingWorld:
    """Return a world whose agent works around the clock in a zone, and has a day off."""
    world = BookingWorld()
    world.graph_calendars.hours = {"daysOfWeek": WEEK, "startTime": "00:00:00", "endTime": "00:00:00",
                                   "timeZone": {"name": zone}}  # fmt: skip
    world.graph_calendars.put_day(AGENT, DAY_OFF, ZoneInfo(zone), **fields)
    return world


def booked(world: BookingWorld, slot: Span) -> Booking:
    """Book a slot and return the booking."""
    return world.slot_booker.book(world.new_booking(slot))[0].booking


def moved(world: BookingWorld, booking: Booking, slot: Span) -> Booking:
    """Move a booking and return it."""
    return world.booking_changer.move(AGENT, booking.id, {"start": slot.start.isoformat()}).booking


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 9, 23])
def test_a_day_off_is_not_booked_over(zone: str, hour: int) -> None:
    """Neither by a new booking nor by a move; the booking keeps its time."""
    world = world_of(zone)
    with pytest.raises(SlotTaken):
        booked(world, hour_of(zone, 2, hour))
    booking = booked(world, hour_of(zone, 1, 12))
    with pytest.raises(SlotTaken):
        moved(world, booking, hour_of(zone, 2, hour))
    (kept,) = world.bookings()
    assert Span(kept.start, kept.end) == hour_of(zone, 1, 12)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [1, 3])
@pytest.mark.parametrize("hour", [0, 23])
def test_the_days_before_and_after_are_free(zone: str, day: int, hour: int) -> None:
    """To their first and last hour, though the midnights without a zone lie in them."""
    world = world_of(zone)
    assert booked(world, hour_of(zone, day, hour)).state == "booked"
    later = booked(world, hour_of(zone, 6, 12))
    assert moved(world, later, hour_of(zone, day, 12)).state == "booked"


@pytest.mark.parametrize("zone", ZONES)
def test_no_slot_of_the_day_off_is_offered(zone: str) -> None:
    """And every hour of the days around it is."""
    world = world_of(zone)
    window = Span(hour_of(zone, 1, 0).start, hour_of(zone, 3, 23).end)
    query = SlotQuery(window, HOUR, ZoneInfo(zone), HOUR)
    offered = {slot.span for slot in world.slot_finder.find(SlotSearch((AGENT,), "all", query))}
    assert offered == {hour_of(zone, day, hour) for day in (1, 3) for hour in range(24)}


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_off_that_appears_meanwhile_wins(zone: str) -> None:
    """A person takes the day between the check and the new event, in a calendar of any zone."""
    world = world_of(zone, showAs="free")

    def take_the_day(name: str) -> None:
        if name == "create":
            for event in world.graph_calendars.events[AGENT].values():
                event["showAs"] = "busy"

    world.graph_calendars.before = take_the_day
    with pytest.raises(SlotTaken):
        booked(world, hour_of(zone, 2, 9))
    assert len(world.graph_calendars.events[AGENT]) == 1


@pytest.mark.parametrize("fields", [{"showAs": "free"}, {"showAs": "WorkingElsewhere"}, {"isCancelled": True}])
def test_an_all_day_event_that_is_not_busy_blocks_nothing(fields: dict[str, Any]) -> None:
    """A birthday, a day at home, a cancelled day off."""
    world = world_of("Australia/Sydney", **fields)
    world.graph_calendars.busy_at.clear()
    assert booked(world, hour_of("Australia/Sydney", 2, 9)).state == "booked"


def test_what_only_the_schedule_has_is_busy() -> None:
    """A calendar view that does not have an event yet is not believed against the schedule."""
    world = BookingWorld()
    world.graph_calendars.before = lambda name: world.graph_calendars.unseen.update({"E1"} if name == "view" else ())
    world.graph_calendars.after = lambda _: world.graph_calendars.unseen.clear()
    world.graph_calendars.put(AGENT, world.slot().start, world.slot().end)
    with pytest.raises(SlotTaken):
        booked(world, world.slot())


def all_day(first: int, last: int) -> dict[str, Any]:
    """Return an all-day event of December as a calendar view has it."""
    midnights = (datetime(2026, 12, day, tzinfo=UTC) for day in (first, last))
    return {"isAllDay": True, "showAs": "oof"} | dict(zip(("start", "end"), map(graph_time, midnights), strict=True))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("is_in_schedule", [True, False])
def test_each_of_several_days_is_placed(zone: str, *, is_in_schedule: bool) -> None:
    """By the busy times of the schedule, or by the zone of the working hours if it has none."""
    spans = [Span(hour_of(zone, day, 0).start, hour_of(zone, day, 23).end) for day in (1, 2, 3)]
    hours = WorkingHours(frozenset(range(7)), ALWAYS.start, ALWAYS.end, ZoneInfo(zone))
    availability = Availability(hours, tuple(spans) if is_in_schedule else ())
    events = placed([all_day(day, day + 1) for day in (1, 2, 3)], availability)
    assert [span_of(event) for event in events] == spans


def test_the_schedule_is_believed_against_the_zone_of_the_working_hours() -> None:
    """The calendar of a mailbox may be in another zone than its working hours; a long meeting is no day off."""
    day = Span(hour_of("Australia/Sydney", 1, 0).start, hour_of("Australia/Sydney", 3, 23).end)
    meeting = {"showAs": "busy", "start": graph_time(day.start - HOUR), "end": graph_time(day.end - HOUR)}
    availability = Availability(ALWAYS, (span_of(meeting), day))
    events = placed([meeting, all_day(1, 4)], availability)
    assert [span_of(event) for event in events] == [span_of(meeting), day]
    assert [is_floating(event) for event in events] == [False, True]
