"""How Graph tells times in practice: days that float, zones by rules, ends of days and months, words in capitals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.tenant.graph.series import read_rule
from sandbox.tenant.graph.working_hours import zone_by_rules
from shared.busy_times.zone_rules import zone_of_rules
from tests.support.graph_world import ROOM, USER, World, fits

pytestmark = pytest.mark.server

SCHEDULE = {"Schedules": [USER], "StartTime": {"dateTime": "2026-11-29T00:00:00", "timeZone": "UTC"},
            "EndTime": {"dateTime": "2026-12-05T00:00:00", "timeZone": "UTC"}}  # fmt: skip
VIEW = "startDateTime={}&endDateTime={}"


def schedule_of(world: World) -> dict[str, Any]:
    """Return the schedule of the user, which fits Graph's type."""
    (schedule,) = world.graph("POST", f"/users/{USER}/calendar/getSchedule", SCHEDULE).json()["value"]
    return dict(schedule)


def on(world: World, **switches: Any) -> None:
    """Switch behaviours of the user's mailbox on."""
    world.control("POST", "/behaviours", {"on": switches, "of": [USER]})


def spans(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return starts and ends to the hour."""
    return [(event["start"]["dateTime"][:13], event["end"]["dateTime"][:13]) for event in events]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [("America/Los_Angeles", "2026-12-02T08", "2026-12-03T08"), ("Australia/Sydney", "2026-12-01T13", "2026-12-02T13"),
     ("Pacific/Kiritimati", "2026-12-01T10", "2026-12-02T10"), ("Pacific/Apia", "2026-12-01T11", "2026-12-02T11")],
)  # fmt: skip
def test_an_all_day_event_is_busy_by_the_zone_of_its_mailbox(world: World, zone: str, start: str, end: str) -> None:
    """The schedule has the instants; the view has midnights, and finds the event by the instants."""
    on(world, zoneOfMailbox=zone)
    world.book(USER, start="2026-12-02T00:00:00", end="2026-12-03T00:00:00", isAllDay=True)
    assert spans(schedule_of(world)["scheduleItems"]) == [(start, end)]
    view = f"/users/{USER}/calendarView?"
    first_hour = world.get(view + VIEW.format(f"{start}:00:00Z", f"{start}:59:00Z"))["value"]
    assert spans(first_hour) == [("2026-12-02T00", "2026-12-03T00")]
    assert world.get(view + VIEW.format(f"{end}:00:00Z", f"{end}:59:00Z"))["value"] == []


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Australia/Sydney", "Pacific/Apia", "Asia/Kolkata",
                                  "Europe/Oslo"])  # fmt: skip
def test_the_zone_of_working_hours_is_given_by_rules(world: World, zone: str) -> None:
    """They describe the clock of the zone all year."""
    on(world, zoneOfMailbox=zone, zoneByRules=True)
    rules = schedule_of(world)["workingHours"]["timeZone"]
    assert rules["name"] == "Customized Time Zone"
    read, known = zone_of_rules(rules), ZoneInfo(zone)
    for hours in range(0, 8760, 5):
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        assert moment.astimezone(read).replace(tzinfo=None) == moment.astimezone(known).replace(tzinfo=None)


def test_a_zone_without_lasting_rules_keeps_its_name() -> None:
    """Morocco changes its clocks by the moon: the rules of a year hold in no other."""
    assert zone_by_rules("Africa/Casablanca", 2026) == {"name": "Africa/Casablanca"}


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("capitals", "PACIFIC STANDARD TIME"), ("iana", "America/Los_Angeles"), ("former", "Pacific Standard Time")],
)
def test_the_name_of_a_zone_in_another_spelling(world: World, spelling: str, name: str) -> None:
    """Only Kamchatka and the Mid-Atlantic have former names."""
    on(world, zoneNameSpelled=spelling)
    assert schedule_of(world)["workingHours"]["timeZone"] == {"name": name}


def test_working_hours_may_end_with_the_day(world: World) -> None:
    """In one of the ways in which Exchange writes that."""
    on(world, hoursToMidnight="23:59:59.9999999")
    assert schedule_of(world)["workingHours"]["endTime"] == "23:59:59.9999999"


@pytest.mark.parametrize(("spelling", "value"), [("Capitalized", "WorkingElsewhere"), ("CAPITALS", "WORKINGELSEWHERE")])
def test_values_come_in_other_letters(world: World, spelling: str, value: str) -> None:
    """In events and in schedules; what control returns stays as it is stored."""
    on(world, valuesSpelled=spelling)
    times = {"start": "2026-12-02T09:00:00", "end": "2026-12-02T10:00:00"}
    event = world.book(USER, showAs="workingElsewhere", attendees=["ola@contoso.com"], **times)
    read = world.get(f"/users/{USER}/events/{event['id']}")
    assert (read["showAs"], event["showAs"]) == (value, "workingElsewhere")
    assert read["type"].lower() == "singleinstance" != read["type"]
    assert read["attendees"][0]["type"] in ("Required", "REQUIRED")
    assert schedule_of(world)["scheduleItems"][0]["status"] == value


@pytest.mark.parametrize(
    ("rule", "first", "days"),
    [("FREQ=MONTHLY;COUNT=4", "2026-01-31", ["01-31", "02-28", "03-31", "04-30"]),
     ("FREQ=MONTHLY;BYMONTHDAY=30;COUNT=3", "2026-01-30", ["01-30", "02-28", "03-30"]),
     ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31;COUNT=3", "2026-01-31", ["01-31", "04-30", "07-31"]),
     ("FREQ=YEARLY;COUNT=3", "2028-02-29", ["02-29", "02-28", "02-28"]),
     ("FREQ=MONTHLY;BYMONTHDAY=28;COUNT=3", "2026-01-28", ["01-28", "02-28", "03-28"]),
     ("FREQ=MONTHLY;BYDAY=-1SA;COUNT=2", "2026-01-31", ["01-31", "02-28"])],
)  # fmt: skip
def test_a_day_that_a_month_does_not_have_is_its_last(rule: str, first: str, days: list[str]) -> None:
    """Exchange skips no month."""
    start = datetime.fromisoformat(first)
    assert [f"{day:%m-%d}" for day in read_rule(rule, start, "UTC").starts(start, "UTC")] == days


def test_a_series_that_ends_in_another_zone_keeps_its_length(world: World) -> None:
    """From nine in Oslo to noon in London is four hours, as long as both change their clocks together."""
    event = world.book(
        ROOM,
        start={"dateTime": "2026-10-12T09:00:00", "timeZone": "Europe/Oslo"},
        end={"dateTime": "2026-10-12T12:00:00", "timeZone": "Europe/London"},
        rrule="FREQ=WEEKLY;COUNT=4",
    )
    window = VIEW.format("2026-10-01T00:00:00Z", "2026-11-30T00:00:00Z")
    instances = world.get(f"/users/{ROOM}/events/{event['id']}/instances?{window}")["value"]
    assert spans(instances) == [
        ("2026-10-12T07", "2026-10-12T11"), ("2026-10-19T07", "2026-10-19T11"),
        ("2026-10-26T08", "2026-10-26T12"), ("2026-11-02T08", "2026-11-02T12"),
    ]  # fmt: skip
    assert all(fits("event", each) and each["originalEndTimeZone"] == "Europe/London" for each in instances)
