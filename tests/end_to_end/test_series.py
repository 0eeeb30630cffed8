"""Claims about recurring series from real iCalendar data, judged by the library recurring-ical-events.

The shapes of sandbox/calendars/recurrences.ics are begun anew in the coming days, because the relay's window is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import recurring_ical_events
from icalendar import Calendar, Event

from sandbox.demo.filing import Filing
from sandbox.process import ROOT
from sandbox.stack import Stack
from sandbox.tenant.graph.series import read_rule
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World

DAYS = 60
SENDER = {"hintSpreadSeconds": 0.1, "hintsPerChange": [1, 2], "batchSeconds": 0.05, "latencySeconds": 0.001, "seed": 7}
Times = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack with a window of two months, which a year of series would make slow."""
    settings = {"SETTLE_SECONDS": "0.5", "WINDOW_FUTURE_DAYS": str(DAYS)}
    with Stack(tmp_path_factory.mktemp("series"), settings, {"settings": SENDER}) as stack:
        yield World(stack)


def anew(source: Calendar, today: datetime) -> Calendar:
    """Return the held series without exceptions, each begun at its first occurrence from tomorrow on."""
    made, tomorrow = Calendar(), today + timedelta(days=1)
    made.add_component(_event("one", "Alone", tomorrow.replace(hour=8), None))  # decides that nothing is shifted
    for one in source.walk("VEVENT"):
        timed = isinstance(one["DTSTART"].dt, datetime)
        if not timed or not str(one["UID"]).startswith("held") or "RECURRENCE-ID" in one or "EXDATE" in one:
            continue
        start = one["DTSTART"].dt
        zone = str(one["DTSTART"].params.get("TZID", "UTC"))
        rule = str(one["RRULE"].to_ical().decode())
        parts = [f"UNTIL={today + timedelta(days=40):%Y%m%dT000000Z}" if part.startswith("UNTIL") else part
                 for part in rule.split(";")]  # fmt: skip
        base = datetime.combine(tomorrow.date(), start.time())
        first = next(read_rule(";".join(parts), base, zone).starts(base, zone))
        made.add_component(_event(str(one["UID"]), str(one["SUMMARY"]), first, ";".join(parts), zone))
    return made


def _event(uid: str, title: str, start: datetime, rule: str | None, zone: str = "UTC") -> Event:
    known = "" if zone == "UTC" else f";TZID={zone}"
    mark = "Z" if zone == "UTC" else ""
    lines = ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", f"DTSTART{known}:{start:%Y%m%dT%H%M%S}{mark}",
             "DURATION:PT45M", *([f"RRULE:{rule}"] if rule else []), "END:VEVENT", ""]  # fmt: skip
    return Event.from_ical("\r\n".join(lines))


def wanted(calendar: Calendar, start: datetime, end: datetime) -> Times:
    """Return what the library says: title, start and end in UTC."""
    found = recurring_ical_events.of(calendar).between(start, end)
    times = ((str(one["SUMMARY"]), _utc(one["DTSTART"].dt), _utc(one.end)) for one in found)
    return sorted(one for one in times if f"{start:%Y-%m-%dT%H:%M:%SZ}" <= one[1] < f"{end:%Y-%m-%dT%H:%M:%SZ}")


def known(world: World, room: str, start: datetime, end: datetime) -> Times:
    """Return what the partner knows."""
    times = ((one["title"], one["start"], one["end"]) for one in world.picture(room).values())
    return sorted(one for one in times if f"{start:%Y-%m-%dT%H:%M:%SZ}" <= one[1] < f"{end:%Y-%m-%dT%H:%M:%SZ}")


def _utc(moment: date) -> str:
    if not isinstance(moment, datetime):
        raise TypeError("all of them have times")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_the_partner_knows_the_occurrences_that_the_library_finds(world: World, tmp_path: Path) -> None:
    """Thirty shapes and more, filed one after the other; then series are moved, shortened, ended and deleted."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    window = today + timedelta(days=1), today + timedelta(days=DAYS - 1)
    source = Calendar.from_ical((ROOT / "sandbox/calendars/recurrences.ics").read_bytes())
    calendar = anew(source, today.replace(tzinfo=None))
    assert len(calendar.walk("VEVENT")) > 30
    file = tmp_path / "anew.ics"
    file.write_bytes(calendar.to_ical())
    room = world.watched("room")
    for acts in Filing(file, world.tenant, room).rounds():
        assert all(act() is not None for act in acts)
    truth = wanted(calendar, *window)
    assert len(truth) > 150
    eventually(lambda: known(world, room, *window) == truth, seconds=90, every=0.5)


Edit = Callable[[World, str, dict[str, Any], list[dict[str, Any]]], object]
EDITS: dict[str, Edit] = {
    "an occurrence is moved": lambda world, room, _, some: world.tenant.change(
        room, some[1]["id"], start=_later(some[1]["start"], hours=2)
    ),
    "an occurrence gets another title": lambda world, room, _, some: world.tenant.change(
        room, some[1]["id"], subject="Another title"
    ),
    "an occurrence is cancelled": lambda world, room, _, some: world.tenant.cancel(room, some[2]["id"]),
    "an occurrence is deleted": lambda world, room, _, some: world.tenant.remove(room, some[2]["id"]),
    "an exception is taken back": lambda world, room, _, some: (
        world.tenant.change(room, some[1]["id"], subject="For a moment"),
        world.tenant.remove(room, some[1]["id"]),
    ),
    "the series is moved": lambda world, room, series, _: world.tenant.change(
        room, series["id"], start=_later(series["start"], hours=1)
    ),
    "the series is moved after an exception": lambda world, room, series, some: (
        world.tenant.change(room, some[1]["id"], subject="An exception"),
        world.tenant.change(room, series["id"], start=_later(series["start"], hours=1)),
    ),
    "the series is shortened": lambda world, room, series, _: world.tenant.change(
        room, series["id"], rrule="FREQ=WEEKLY;COUNT=2"
    ),
    "the series has another pattern": lambda world, room, series, _: world.tenant.change(
        room, series["id"], rrule="FREQ=DAILY;INTERVAL=3;COUNT=5"
    ),
    "the series becomes one meeting": lambda world, room, series, _: world.tenant.change(
        room, series["id"], rrule=None
    ),
    "the series is cancelled": lambda world, room, series, _: world.tenant.cancel(room, series["id"]),
    "the series is deleted": lambda world, room, series, _: world.tenant.remove(room, series["id"]),
}


def _later(moment: dict[str, str], hours: int) -> str:
    return f"{datetime.fromisoformat(moment['dateTime'][:19]) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}Z"


def test_the_picture_follows_every_change_of_a_series(world: World) -> None:
    """Each kind of change in a room of its own, all at once: the final picture equals the calendar view."""
    rooms = {what: world.watched("user") for what in EDITS}
    made = {what: world.book(room, rrule="FREQ=WEEKLY;COUNT=6", subject="Series") for what, room in rooms.items()}
    world.in_step(*rooms.values(), seconds=60)
    before = {what: world.picture(room) for what, room in rooms.items()}
    for what, room in rooms.items():
        now = datetime.now(UTC)
        first, last = (f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (now, now + timedelta(days=50)))
        some = world.tenant.calendar(room, first, last)
        EDITS[what](world, room, made[what], some)
    world.in_step(*rooms.values(), seconds=60)
    assert all(len(before[what]) == 6 for what in EDITS)
    assert [what for what, room in rooms.items() if world.picture(room) == before[what]] == []
    single = world.picture(rooms["the series becomes one meeting"])
    assert [one["seriesId"] for one in single.values()] == [None]
    exception = world.picture(rooms["an occurrence is moved"])
    assert exception.keys() == before["an occurrence is moved"].keys()  # an exception keeps its occurrence's id
