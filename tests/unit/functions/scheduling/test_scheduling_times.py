"""Days off, zones and working hours as Graph tells them in practice: finding, booking and moving agree with Outlook."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.scheduling import create_booking, list_slots, move_booking
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.conftest import call, content_of
from tests.unit.functions.scheduling.conftest import AT, OFFICE, TALK

pytestmark = pytest.mark.server

FAR = ["America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Pacific/Apia"]
SUMMER = {"from": "2027-07-05T00:00:00", "to": "2027-07-06T00:00:00", "duration": "60"}  # a Monday


def on(world: TenantWorld, **switches: Any) -> None:
    """Switch behaviours of Graph on."""
    world.control("POST", "/behaviours", {"on": switches})


def set_hours(world: TenantWorld, **changes: Any) -> None:
    """Set the working hours of the user."""
    world.control("PUT", f"/calendars/{USER}/workingHours", OFFICE | changes)


def starts(**params: str) -> list[str]:
    """Return the local starts of free slots, with the day of the month."""
    page = json_of(list_slots, 200, method="GET", route_params=AT, params=SUMMER | params)
    return [slot["start"][8:16] for slot in page["value"]]


def day_off(world: TenantWorld, zone: str, **fields: Any) -> None:
    """Put a day off, 2 December, into a calendar of a zone, with working hours around the clock."""
    on(world, zoneOfMailbox=zone)
    week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    set_hours(world, daysOfWeek=week, startTime="00:00:00", endTime="23:59:59.9999999", timeZone={"name": zone})
    times = {"start": "2026-12-02T00:00:00", "end": "2026-12-03T00:00:00", "isAllDay": True}
    world.control("POST", f"/calendars/{USER}/events", {"subject": "Canary", "showAs": "oof", **times, **fields})


def book(zone: str, local: str, status: int) -> dict[str, Any]:
    """Book half an hour at a local time of December, and return the response."""
    answer = call(create_booking, body=TALK | {"start": f"2026-12-{local}:00", "timeZone": zone}, route_params=AT)
    assert answer.status_code == status, content_of(answer)
    return dict(content_of(answer))


@pytest.mark.parametrize("zone", FAR)
def test_a_day_off_far_from_utc(world: TenantWorld, zone: str) -> None:
    """Not offered, booked or moved to; the evening before and the morning after are."""
    day_off(world, zone)
    params = {"from": "2026-12-01T00:00:00", "to": "2026-12-04T00:00:00", "timeZone": zone}
    assert {start[:2] for start in starts(**params)} == {"01", "03"}
    assert len(starts(**params)) == 2 * 47
    for local in ("02T00:00", "02T12:00", "02T23:30"):
        book(zone, local, 409)
    evening = book(zone, "01T23:30", 201)
    assert book(zone, "03T00:00", 201)["event"]["start"]
    where = {**AT, "id": evening["id"]}
    moved = {"start": "2026-12-02T09:00:00", "timeZone": zone}
    assert "taken" in problem(move_booking, 409, method="PATCH", body=moved, route_params=where)
    to_morning = {"start": "2026-12-03T01:00:00", "timeZone": zone}
    assert call(move_booking, method="PATCH", body=to_morning, route_params=where).status_code == 200


@pytest.mark.parametrize("spelling", ["Capitalized", "CAPITALS"])
def test_values_in_capitals_block_nothing(world: TenantWorld, spelling: str) -> None:
    """An all-day event that is free, and a meeting that is free, in any letters."""
    day_off(world, "Australia/Sydney", showAs="free")
    on(world, valuesSpelled=spelling)
    assert book("Australia/Sydney", "02T12:00", 201)["event"]["availability"] == "busy"
    world.control("POST", f"/calendars/{USER}/events", {"showAs": "workingElsewhere", "start": "2026-12-02T03:00:00",
                                                       "end": "2026-12-02T04:00:00"})  # fmt: skip
    assert book("Australia/Sydney", "02T14:00", 201)


@pytest.mark.parametrize(
    "switches", [{}, {"zoneByRules": True}, {"zoneNameSpelled": "capitals"}, {"zoneNameSpelled": "iana"}]
)
@pytest.mark.parametrize("zone", ["Pacific Standard Time", "AUS Eastern Standard Time", "Kamchatka Standard Time"])
def test_working_hours_in_summer_and_winter(world: TenantWorld, zone: str, switches: dict[str, Any]) -> None:
    """From eight to four by the clock of the zone, whichever way Graph tells it."""
    set_hours(world, timeZone={"name": zone})
    on(world, **switches)
    expected = [f"05T{hour:02}:{minute}" for hour in range(8, 16) for minute in ("00", "30")][:-1]
    assert starts(timeZone=zone) == expected
    winter = {"from": "2027-01-05T00:00:00", "to": "2027-01-06T00:00:00"}
    assert starts(timeZone=zone, **winter) == expected


@pytest.mark.parametrize("end", ["23:59:59.9999999", "24:00:00.0000000", "00:00:00.0000000"])
def test_hours_to_midnight_lose_no_slot(world: TenantWorld, end: str) -> None:
    """Neither the last one nor one over midnight."""
    set_hours(world, startTime="00:00:00")
    on(world, hoursToMidnight=end)
    found = starts(to="2027-07-07T00:00:00", timeZone="Europe/Berlin")
    assert {"05T23:00", "05T23:30", "06T00:00", "06T23:00"} <= set(found)


def test_the_text_names_an_unknown_zone(world: TenantWorld) -> None:
    """It is not the caller's fault, nor a matter of the address or the licence."""
    set_hours(world, timeZone={"name": "Mars Standard Time", "bias": "none"})
    text = problem(list_slots, 422, method="GET", route_params=AT, params=SUMMER | {"timeZone": "UTC"})
    assert 'time zone "Mars Standard Time"' in text
    assert "licence" not in text


@pytest.mark.parametrize("zone", ["America/Scoresbysund", "Antarctica/Casey", "Antarctica/Vostok", "Antarctica/Troll",
                                  "kamchatka standard time", "GMT", "europe/oslo"])  # fmt: skip
def test_a_booking_is_at_the_time_of_the_callers_zone(world: TenantWorld, zone: str) -> None:
    """Also in a zone whose Windows zone has another clock, and by a name in other letters."""
    set_hours(world, startTime="00:00:00", endTime="00:00:00")
    booked = book(zone, "02T12:00", 201)["event"]["start"]
    name = {"kamchatka standard time": "Asia/Kamchatka", "europe/oslo": "Europe/Oslo"}.get(zone, zone)
    expected = datetime(2026, 12, 2, 12, tzinfo=ZoneInfo(name)).astimezone(UTC)
    assert datetime.fromisoformat(booked) == expected
