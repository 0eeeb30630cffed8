"""Claims about recurring series from real iCalendar data, compared with the library recurring-ical-events.

The series of sandbox/calendars/recurrences.ics are moved to the coming days, into the relay's window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar, Event, vDDDTypes

from sandbox.demo.playback import Playback
from sandbox.process import ROOT
from sandbox.tenant.graph.series import read_rule
from tests.support.recurrences import occurrences_of
from tests.support.relay import Relay
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

DAYS = 60
SENDER = {"hintSpreadSeconds": 0.1, "hintsPerChange": [1, 2], "batchSeconds": 0.05, "latencySeconds": 0.001, "seed": 7}
Times = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack with a window of two months, because a year of these series would be slow."""
    settings = {"SETTLE_SECONDS": "0.5", "WINDOW_FUTURE_DAYS": str(DAYS)}
    with Relay.running(tmp_path_factory.mktemp("series"), settings, {"settings": SENDER}) as relay:
        yield relay


def restarted(source: Calendar, today: datetime) -> Calendar:
    """Return the series named `held…` that have no exceptions, each with its first occurrence from tomorrow on."""
    calendar, tomorrow = Calendar(), today + timedelta(days=1)
    # The first event is tomorrow, so that Playback does not shift the times.
    calendar.add_component(_event("one", "Alone", tomorrow.replace(hour=8), None))
    for event in source.walk("VEVENT"):
        first_start, is_held = event["DTSTART"], str(event["UID"]).startswith("held")
        assert isinstance(first_start, vDDDTypes)
        start = first_start.dt
        if not isinstance(start, datetime) or not is_held or "RECURRENCE-ID" in event or "EXDATE" in event:
            continue
        zone = str(first_start.params.get("TZID", "UTC"))
        recurrence: Any = event["RRULE"]
        rule = str(recurrence.to_ical().decode())
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
    event = Event.from_ical("\r\n".join(lines))
    assert isinstance(event, Event)
    return event


def expected_times(calendar: Calendar, start: datetime, end: datetime) -> Times:
    """Return the library's occurrences: title, start and end in UTC."""
    occurrences = occurrences_of(calendar, start, end)
    times = ((title, _utc(first), _utc(last)) for title, first, last in occurrences)
    return sorted(item for item in times if f"{start:%Y-%m-%dT%H:%M:%SZ}" <= item[1] < f"{end:%Y-%m-%dT%H:%M:%SZ}")


def received_times(relay: Relay, room: str, start: datetime, end: datetime) -> Times:
    """Return the occurrences that the partner has: title, start and end in UTC."""
    times = ((item["title"], item["start"], item["end"]) for item in relay.received(room).values())
    return sorted(item for item in times if f"{start:%Y-%m-%dT%H:%M:%SZ}" <= item[1] < f"{end:%Y-%m-%dT%H:%M:%SZ}")


def _utc(moment: date) -> str:
    if not isinstance(moment, datetime):
        raise TypeError("an all-day occurrence")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_the_partner_knows_the_occurrences_that_the_library_finds(relay: Relay, tmp_path: Path) -> None:
    """For more than thirty recurrence rules, the partner has exactly the library's occurrences."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    window = today + timedelta(days=1), today + timedelta(days=DAYS - 1)
    source = Calendar.from_ical((ROOT / "sandbox/calendars/recurrences.ics").read_bytes())
    calendar = restarted(source, today.replace(tzinfo=None))
    assert len(calendar.walk("VEVENT")) > 30
    file = tmp_path / "restarted.ics"
    file.write_bytes(calendar.to_ical())
    room = relay.watched("room")
    for acts in Playback(file, relay.tenant, room).rounds():
        assert all(act() is not None for act in acts)
    expected = expected_times(calendar, *window)
    assert len(expected) > 150
    eventually(lambda: received_times(relay, room, *window) == expected, every=0.5)


Edit = Callable[[Relay, str, dict[str, Any], list[dict[str, Any]]], object]


def _delete_exception(relay: Relay, mailbox: str, event_id: str) -> None:
    """Change an occurrence, which makes it an exception, and delete it."""
    relay.tenant.change(mailbox, event_id, subject="For a moment")
    relay.tenant.remove(mailbox, event_id)


EDITS: dict[str, Edit] = {
    "an occurrence is moved": lambda relay, mailbox, _, occurrences: relay.tenant.change(
        mailbox, occurrences[1]["id"], start=_later(occurrences[1]["start"], hours=2)
    ),
    "an occurrence gets another title": lambda relay, mailbox, _, occurrences: relay.tenant.change(
        mailbox, occurrences[1]["id"], subject="Another title"
    ),
    "an occurrence is cancelled": lambda relay, mailbox, _, occurrences: relay.tenant.cancel(
        mailbox, occurrences[2]["id"]
    ),
    "an occurrence is deleted": lambda relay, mailbox, _, occurrences: relay.tenant.remove(
        mailbox, occurrences[2]["id"]
    ),
    "an exception is deleted": lambda relay, mailbox, _, occurrences: _delete_exception(
        relay, mailbox, occurrences[1]["id"]
    ),
    "the series is moved": lambda relay, mailbox, series, _: relay.tenant.change(
        mailbox, series["id"], start=_later(series["start"], hours=1)
    ),
    "the series is moved after an exception": lambda relay, mailbox, series, occurrences: (
        relay.tenant.change(mailbox, occurrences[1]["id"], subject="An exception"),
        relay.tenant.change(mailbox, series["id"], start=_later(series["start"], hours=1)),
    ),
    "the series is shortened": lambda relay, mailbox, series, _: relay.tenant.change(
        mailbox, series["id"], rrule="FREQ=WEEKLY;COUNT=2"
    ),
    "the series has another pattern": lambda relay, mailbox, series, _: relay.tenant.change(
        mailbox, series["id"], rrule="FREQ=DAILY;INTERVAL=3;COUNT=5"
    ),
    "the series becomes one meeting": lambda relay, mailbox, series, _: relay.tenant.change(
        mailbox, series["id"], rrule=None
    ),
    "the series is cancelled": lambda relay, mailbox, series, _: relay.tenant.cancel(mailbox, series["id"]),
    "the series is deleted": lambda relay, mailbox, series, _: relay.tenant.remove(mailbox, series["id"]),
}


def _later(moment: dict[str, str], hours: int) -> str:
    return f"{datetime.fromisoformat(moment['dateTime'][:19]) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}Z"


def test_the_partner_follows_every_change_of_a_series(relay: Relay) -> None:
    """After each kind of change, in separate mailboxes, the partner has the occurrences of the calendar view."""
    mailboxes = {edit: relay.watched("user") for edit in EDITS}
    series = {
        edit: relay.book(mailbox, rrule="FREQ=WEEKLY;COUNT=6", subject="Series") for edit, mailbox in mailboxes.items()
    }
    relay.in_step(*mailboxes.values())
    before = {edit: relay.received(mailbox) for edit, mailbox in mailboxes.items()}
    for edit, mailbox in mailboxes.items():
        now = datetime.now(UTC)
        first, last = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (now, now + timedelta(days=50)))
        occurrences = relay.tenant.calendar(mailbox, first, last)
        EDITS[edit](relay, mailbox, series[edit], occurrences)
    relay.in_step(*mailboxes.values())
    assert all(len(before[edit]) == 6 for edit in EDITS)
    assert [edit for edit, mailbox in mailboxes.items() if relay.received(mailbox) == before[edit]] == []
    single = relay.received(mailboxes["the series becomes one meeting"])
    assert [event["seriesId"] for event in single.values()] == [None]
    exception = relay.received(mailboxes["an occurrence is moved"])
    assert exception.keys() == before["an occurrence is moved"].keys()  # an exception keeps its occurrence's id
