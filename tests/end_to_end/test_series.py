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
from sandbox.tenant.graph.series import read_rule
from tests.support.relay import Relay
from tests.support.waiting import eventually

DAYS = 60
SENDER = {"hintSpreadSeconds": 0.1, "hintsPerChange": [1, 2], "batchSeconds": 0.05, "latencySeconds": 0.001, "seed": 7}
Times = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack with a window of two months, which a year of series would make slow."""
    settings = {"SETTLE_SECONDS": "0.5", "WINDOW_FUTURE_DAYS": str(DAYS)}
    with Relay.running(tmp_path_factory.mktemp("series"), settings, {"settings": SENDER}) as relay:
        yield relay


def restarted(source: Calendar, today: datetime) -> Calendar:
    """Return the held series without exceptions, each begun at its first occurrence from tomorrow on."""
    calendar, tomorrow = Calendar(), today + timedelta(days=1)
    calendar.add_component(_event("one", "Alone", tomorrow.replace(hour=8), None))  # decides that nothing is shifted
    for event in source.walk("VEVENT"):
        timed = isinstance(event["DTSTART"].dt, datetime)
        if not timed or not str(event["UID"]).startswith("held") or "RECURRENCE-ID" in event or "EXDATE" in event:
            continue
        start = event["DTSTART"].dt
        zone = str(event["DTSTART"].params.get("TZID", "UTC"))
        rule = str(event["RRULE"].to_ical().decode())
        parts = [f"UNTIL={today + timedelta(days=40):%Y%m%dT000000Z}" if part.startswith("UNTIL") else part
                 for part in rule.split(";")]  # fmt: skip
        base = datetime.combine(tomorrow.date(), start.time())
        first = next(read_rule(";".join(parts), base, zone).starts(base, zone))
        calendar.add_component(_event(str(event["UID"]), str(event["SUMMARY"]), first, ";".join(parts), zone))
    return calendar


def _event(uid: str, title: str, start: datetime, rule: str | None, zone: str = "UTC") -> Event:
    zone_parameter = "" if zone == "UTC" else f";TZID={zone}"
    mark = "Z" if zone == "UTC" else ""
    lines = ["BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", f"DTSTART{zone_parameter}:{start:%Y%m%dT%H%M%S}{mark}",
             "DURATION:PT45M", *([f"RRULE:{rule}"] if rule else []), "END:VEVENT", ""]  # fmt: skip
    return Event.from_ical("\r\n".join(lines))


def wanted(calendar: Calendar, start: datetime, end: datetime) -> Times:
    """Return what the library says: title, start and end in UTC."""
    occurrences = recurring_ical_events.of(calendar).between(start, end)
    times = ((str(item["SUMMARY"]), _utc(item["DTSTART"].dt), _utc(item.end)) for item in occurrences)
    return sorted(item for item in times if f"{start:%Y-%m-%dT%H:%M:%SZ}" <= item[1] < f"{end:%Y-%m-%dT%H:%M:%SZ}")


def received_times(relay: Relay, room: str, start: datetime, end: datetime) -> Times:
    """Return what the partner knows."""
    times = ((item["title"], item["start"], item["end"]) for item in relay.received(room).values())
    return sorted(item for item in times if f"{start:%Y-%m-%dT%H:%M:%SZ}" <= item[1] < f"{end:%Y-%m-%dT%H:%M:%SZ}")


def _utc(moment: date) -> str:
    if not isinstance(moment, datetime):
        raise TypeError("all of them have times")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_the_partner_knows_the_occurrences_that_the_library_finds(relay: Relay, tmp_path: Path) -> None:
    """Thirty shapes and more, filed one after the other; then series are moved, shortened, ended and deleted."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    window = today + timedelta(days=1), today + timedelta(days=DAYS - 1)
    source = Calendar.from_ical((ROOT / "sandbox/calendars/recurrences.ics").read_bytes())
    calendar = restarted(source, today.replace(tzinfo=None))
    assert len(calendar.walk("VEVENT")) > 30
    file = tmp_path / "anew.ics"
    file.write_bytes(calendar.to_ical())
    room = relay.watched("room")
    for acts in Filing(file, relay.tenant, room).rounds():
        assert all(act() is not None for act in acts)
    truth = wanted(calendar, *window)
    assert len(truth) > 150
    eventually(lambda: received_times(relay, room, *window) == truth, seconds=90, every=0.5)


Edit = Callable[[Relay, str, dict[str, Any], list[dict[str, Any]]], object]
EDITS: dict[str, Edit] = {
    "an occurrence is moved": lambda relay, room, _, some: relay.tenant.change(
        room, some[1]["id"], start=_later(some[1]["start"], hours=2)
    ),
    "an occurrence gets another title": lambda relay, room, _, some: relay.tenant.change(
        room, some[1]["id"], subject="Another title"
    ),
    "an occurrence is cancelled": lambda relay, room, _, some: relay.tenant.cancel(room, some[2]["id"]),
    "an occurrence is deleted": lambda relay, room, _, some: relay.tenant.remove(room, some[2]["id"]),
    "an exception is taken back": lambda relay, room, _, some: (
        relay.tenant.change(room, some[1]["id"], subject="For a moment"),
        relay.tenant.remove(room, some[1]["id"]),
    ),
    "the series is moved": lambda relay, room, series, _: relay.tenant.change(
        room, series["id"], start=_later(series["start"], hours=1)
    ),
    "the series is moved after an exception": lambda relay, room, series, some: (
        relay.tenant.change(room, some[1]["id"], subject="An exception"),
        relay.tenant.change(room, series["id"], start=_later(series["start"], hours=1)),
    ),
    "the series is shortened": lambda relay, room, series, _: relay.tenant.change(
        room, series["id"], rrule="FREQ=WEEKLY;COUNT=2"
    ),
    "the series has another pattern": lambda relay, room, series, _: relay.tenant.change(
        room, series["id"], rrule="FREQ=DAILY;INTERVAL=3;COUNT=5"
    ),
    "the series becomes one meeting": lambda relay, room, series, _: relay.tenant.change(
        room, series["id"], rrule=None
    ),
    "the series is cancelled": lambda relay, room, series, _: relay.tenant.cancel(room, series["id"]),
    "the series is deleted": lambda relay, room, series, _: relay.tenant.remove(room, series["id"]),
}


def _later(moment: dict[str, str], hours: int) -> str:
    return f"{datetime.fromisoformat(moment['dateTime'][:19]) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}Z"


def test_the_picture_follows_every_change_of_a_series(relay: Relay) -> None:
    """Each kind of change in a room of its own, all at once: the final picture equals the calendar view."""
    rooms = {what: relay.watched("user") for what in EDITS}
    series = {what: relay.book(room, rrule="FREQ=WEEKLY;COUNT=6", subject="Series") for what, room in rooms.items()}
    relay.in_step(*rooms.values(), seconds=60)
    before = {what: relay.received(room) for what, room in rooms.items()}
    for what, room in rooms.items():
        now = datetime.now(UTC)
        first, last = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now, now + timedelta(days=50)))
        some = relay.tenant.calendar(room, first, last)
        EDITS[what](relay, room, series[what], some)
    relay.in_step(*rooms.values(), seconds=60)
    assert all(len(before[what]) == 6 for what in EDITS)
    assert [what for what, room in rooms.items() if relay.received(room) == before[what]] == []
    single = relay.received(rooms["the series becomes one meeting"])
    assert [event["seriesId"] for event in single.values()] == [None]
    exception = relay.received(rooms["an occurrence is moved"])
    assert exception.keys() == before["an occurrence is moved"].keys()  # an exception keeps its occurrence's id
