"""Series from real iCalendar data, compared with the library recurring-ical-events.

sandbox/calendars/recurrences.ics has recurrences that Exchange supports (UIDs that begin with held) and those of
RFC 5545's examples that it does not support (refused).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from sandbox.ics import control_body, read_calendar
from sandbox.ics_zones import instant
from sandbox.tenant.graph import booking
from sandbox.tenant.graph.calendar import Calendar as Store
from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.series import read_rule
from sandbox.tenant.graph.service import Graph, graph_of
from sandbox.tenant.seed import Seed, tenant_from
from tests.support.examples import examples
from tests.support.recurrences import occurrences_of

FILE = Path(__file__).parents[4] / "sandbox/calendars/recurrences.ics"
ICS = Calendar.from_ical(FILE.read_bytes())
EVENTS = read_calendar(FILE.read_bytes()).events
RULES = {str(event["UID"]): event for event in ICS.walk("VEVENT") if "RRULE" in event}
HELD = sorted(uid for uid in RULES if uid.startswith("held"))
REFUSED = sorted(uid for uid in RULES if uid.startswith("refused"))
WINDOWS = [(datetime(year, month, 1, tzinfo=UTC), datetime(year, month, 1, tzinfo=UTC) + timedelta(days=days))
           for year, month, days in ((1997, 8, 211), (1998, 3, 90), (1999, 5, 20), (2003, 10, 60))]  # fmt: skip
Times = list[tuple[datetime, datetime]]


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Return a Graph with one room."""
    seed = {"tenantId": "0b1d7a52-5a3c-4d0e-9c61-4c3a1f6f2e10", "identityHeader": "header", "clients": [],
            "mailboxes": [{"address": "room1@contoso.com", "kind": "room"}]}  # fmt: skip
    return graph_of(tenant_from(Seed.model_validate(seed), tmp_path_factory.mktemp("recurrences")))


def filed(graph: Graph, event: dict[str, Any]) -> Store:
    """Write a series with its exceptions into a new calendar, as control does."""
    store = Store()
    room = graph.tenant.mailboxes["room1@contoso.com"]
    master = booking.new_event(graph, room, control_body(event) | {"direct": True})
    store.add(master)
    for override in event["overrides"]:
        moment = instant(override["recurrenceId"])
        around = store.instances(master, moment - timedelta(days=2), moment + timedelta(days=2))
        [occurrence] = [each for each in around if each.original_start and each.original_start.utc == moment]
        body = {name: override[name] for name in ("start", "end", "subject")}
        booking.change(occurrence, body)
        store.keep_exception(occurrence)
    return store


def alone(uid: str) -> Calendar:
    """Return a calendar with one series and its exceptions."""
    calendar = Calendar()
    for component in ICS.walk("VEVENT"):
        if str(component["UID"]) == uid:
            calendar.add_component(component)
    return calendar


def shown(events: list[Event]) -> Times:
    """Return the times of a calendar view."""
    return sorted((event.start.utc, event.end.utc) for event in events)


def expected(calendar: Calendar, start: datetime, end: datetime) -> Times:
    """Return the library's times of a calendar in a window."""
    times = ((_utc(begins), _utc(ends)) for _, begins, ends in occurrences_of(calendar, start, end))
    return sorted(time for time in times if time[0] < end and time[1] > start)


def _utc(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.astimezone(UTC)


def test_the_file_has_its_groups() -> None:
    """No series can change its group unnoticed."""
    assert (len(HELD), len(REFUSED)) == (37, 26)
    assert sum(str(event["SUMMARY"]).startswith("RFC") for event in RULES.values()) == 42


@pytest.mark.parametrize("uid", HELD)
def test_a_series_has_the_occurrences_that_the_library_finds(graph: Graph, uid: str) -> None:
    """In every window: summer and winter, before and after its end, with its exceptions."""
    [event] = [each for each in EVENTS if each["subject"] == str(RULES[uid]["SUMMARY"]) and each["rrule"]]
    store, calendar, number = filed(graph, event), alone(uid), 0
    for start, end in WINDOWS:
        wanted = expected(calendar, start, end)
        assert shown(store.view(start, end)) == wanted
        number += len(wanted)
    assert number > 0


@pytest.mark.parametrize("uid", REFUSED)
def test_an_unsupported_series_is_refused_with_a_reason(graph: Graph, uid: str) -> None:
    """Outlook cannot create it either."""
    [event] = [each for each in EVENTS if each["subject"] == str(RULES[uid]["SUMMARY"])]
    with pytest.raises(ValueError, match="Exchange has no"):
        filed(graph, event)


DAYS = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
WEEK = st.lists(DAYS, min_size=1, max_size=5, unique=True).map(",".join)
NTH = st.sampled_from(["1", "2", "3", "4", "-1"])
MONTH = st.integers(1, 12)
PATTERNS = st.one_of(
    st.just("FREQ=DAILY"),
    WEEK.map("FREQ=WEEKLY;BYDAY={}".format),
    st.integers(1, 28).map("FREQ=MONTHLY;BYMONTHDAY={}".format),
    st.tuples(NTH, DAYS).map(lambda parts: f"FREQ=MONTHLY;BYDAY={parts[0]}{parts[1]}"),
    st.tuples(MONTH, st.integers(1, 28)).map(lambda parts: f"FREQ=YEARLY;BYMONTH={parts[0]};BYMONTHDAY={parts[1]}"),
    st.tuples(MONTH, NTH, DAYS).map(lambda parts: f"FREQ=YEARLY;BYMONTH={parts[0]};BYDAY={parts[1]}{parts[2]}"),
)
ENDS = st.one_of(st.just(""), st.integers(1, 30).map(";COUNT={}".format), st.just(";UNTIL=20271231T120000Z"))
ZONES = st.sampled_from(["Europe/Oslo", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Pacific/Auckland"])


@settings(max_examples=examples(60), deadline=None)
@given(PATTERNS, st.integers(1, 4), ENDS, ZONES, st.integers(4, 20), st.lists(st.integers(0, 12), max_size=3))
def test_any_series_is_expanded_like_the_library_does(
    graph: Graph, pattern: str, interval: int, ends: str, zone: str, hour: int, off: list[int]
) -> None:
    """All six patterns of Graph, any end, any zone, with excluded days."""
    rule = f"{pattern};INTERVAL={interval}{ends}"
    monday = datetime(2026, 1, 5, hour, tzinfo=UTC).replace(tzinfo=None)
    first = next(read_rule(rule, monday, zone).starts(monday, zone))
    starts = read_rule(rule, first, zone).starts(first, zone)
    early = [start for start, _ in zip(starts, range(13), strict=False)]
    exdates = sorted({early[number] for number in off if 0 < number < len(early)})
    text = _ics(rule, first, zone, exdates)
    [event] = read_calendar(text.encode()).events
    window = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 6, 1, tzinfo=UTC)
    assert shown(filed(graph, event).view(*window)) == expected(Calendar.from_ical(text), *window)


def _ics(rule: str, first: datetime, zone: str, exdates: list[datetime]) -> str:
    off = [f"EXDATE;TZID={zone}:{moment:%Y%m%dT%H%M%S}" for moment in exdates]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "BEGIN:VEVENT", "UID:one", "SUMMARY:Any",
             f"DTSTART;TZID={zone}:{first:%Y%m%dT%H%M%S}", "DURATION:PT1H",
             f"RRULE:{rule}", *off, "END:VEVENT", "END:VCALENDAR", ""]  # fmt: skip
    return "\r\n".join(lines)
