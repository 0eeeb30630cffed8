"""Any request about calendars becomes an event of Graph or is rejected, and local times are right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.tenant.graph import types
from sandbox.tenant.graph.patterned import rule_of
from sandbox.tenant.graph.zones import moment
from shared.calendars.recurrence import DAYS
from shared.calendars.requests import graph_event, page_token, read_change, read_event_query, read_new_event
from shared.errors import RequestRejected
from shared.graph.time_zones import instants_of, zone_named
from shared.partner.payload import UnreadableEvent, detailed_event
from tests.properties.test_payload_properties import CANARY, EVENTS, FIELDS

ZONES = ["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "W. Europe Standard Time", "UTC",
         "Pacific Standard Time", "Africa/Casablanca", "Middle Earth", "", None]  # fmt: skip


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """Return a wall-clock time, which has no zone."""
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001


ANYTHING = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)
CLOCK = st.datetimes(local(2000, 1, 1), local(2060, 1, 1)).map(lambda time: time.replace(microsecond=0))
TIMES = CLOCK.map(datetime.isoformat) | CLOCK.map(lambda time: time.isoformat() + "+05:30") | st.text(max_size=25)
DATES = CLOCK.map(lambda time: time.date().isoformat())
RECURRENCES = st.fixed_dictionaries(
    {"every": st.sampled_from(["day", "week", "month", "year", "hour"])},
    optional={
        "interval": st.integers(0, 100), "days": st.lists(st.sampled_from([*DAYS, "someday"]), max_size=3),
        "week": st.sampled_from(["first", "second", "third", "fourth", "last", None]), "month": st.integers(0, 13),
        "dayOfMonth": st.integers(0, 32), "until": DATES | st.none(), "count": st.integers(0, 1000) | st.none(),
    },
)  # fmt: skip
ATTENDEES = st.fixed_dictionaries({"address": st.sampled_from(["a@b.example", "nobody"])})
BODIES = st.fixed_dictionaries(
    {"title": st.text(max_size=20), "start": TIMES | DATES, "end": TIMES | DATES},
    optional={
        "timeZone": st.sampled_from(ZONES), "allDay": st.booleans(), "location": st.text(max_size=20),
        "attendees": st.lists(ATTENDEES, max_size=2),
        "showAs": st.sampled_from(["free", "busy", "away"]), "reminderMinutes": st.none() | st.integers(-1, 50_000),
        "recurrence": st.none() | RECURRENCES, "teamsMeeting": st.booleans(), "body": ANYTHING,
    },
)  # fmt: skip
SOUND = {"title": "x", "start": "2026-12-01T09:00:00", "end": "2026-12-01T10:00:00", "timeZone": "Europe/Oslo"}


@given(st.dictionaries(st.text(max_size=8), ANYTHING, max_size=3) | BODIES | BODIES.map(lambda body: SOUND | body))
@example(SOUND | {"start": "2026-03-29T02:30:00"})
@example(SOUND | {"title": "\ud800"})
def test_any_body_is_an_event_that_fits_graphs_type_or_is_refused(content: dict[str, Any]) -> None:
    """As a new event and as a change; an accepted one begins before it ends, at existing local times."""
    for read in (read_new_event, read_change):
        try:
            event = graph_event(read(content))
        except RequestRejected as refusal:
            assert refusal.status == 422
            continue
        assert types.faults("event", event) == []
        if "start" in event:
            start, end = moment(event["start"]), moment(event["end"])
            assert start.utc < end.utc
            assert start.in_zone(start.zone).local == start.local


@given(CLOCK, st.sampled_from(ZONES[:8]), RECURRENCES)
def test_any_recurrence_is_valid_for_graph_or_refused(start: datetime, zone: str, recurrence: Any) -> None:
    """By the rules of the sandbox, which knows the fields of each pattern; 30 February is excluded."""
    times = {"start": start.isoformat(), "end": (start + timedelta(hours=3)).isoformat(), "timeZone": zone}
    try:
        event = graph_event(read_new_event(SOUND | times | {"recurrence": recurrence}))
    except RequestRejected:
        return
    try:
        rule = rule_of(event["recurrence"], moment(event["start"]))
    except ValueError as error:
        assert "never occurs" in str(error)
        return
    assert next(rule.starts(start, event["start"]["timeZone"])) >= start


@given(CLOCK, st.sampled_from(ZONES[:8]))
@example(local(2026, 3, 29, 2, 30), "Europe/Oslo")
@example(local(2026, 10, 25, 2, 30), "Europe/Oslo")
@example(local(2026, 4, 5, 1, 45), "Australia/Lord_Howe")
def test_a_local_time_has_the_instants_that_a_search_finds(shown: datetime, name: str) -> None:
    """The search tries two days in steps of a quarter of an hour, starting at the time's own minute."""
    zone = zone_named(name)
    middle, step = shown.replace(tzinfo=UTC), timedelta(minutes=15)
    near = (middle + step * count for count in range(-96, 97))
    expected = [moment for moment in near if moment.astimezone(zone.info).replace(tzinfo=None) == shown]
    assert instants_of(shown, zone) == expected


@given(st.dictionaries(st.sampled_from(["start", "end", "timeZone", "after", "pageSize"]), TIMES | st.sampled_from(
    ["skip=1", "skiptoken=x", "$select=body", "select=body", "Europe/Oslo", "UTC"])))  # fmt: skip
def test_any_query_is_a_window_or_refused(params: dict[str, str]) -> None:
    """A page token can only be a page token."""
    try:
        query = read_event_query(params, 10)
    except RequestRejected as refusal:
        assert refusal.status == 422
        return
    assert timedelta(0) < query.between[1] - query.between[0] <= timedelta(days=1825)
    assert query.page.keys() <= {"$skip", "$skiptoken"}
    assert read_event_query(params | {"after": page_token(query.page)}, 10) == query


@given(EVENTS, st.frozensets(st.sampled_from(["location", "organizer", "attendees"])))
def test_only_allowed_details_leave(event: dict[str, Any], details: frozenset[str]) -> None:
    """Whatever Graph adds to an event; attendees are a number."""
    try:
        told = detailed_event(event, details)
    except UnreadableEvent:
        return
    assert told.keys() == FIELDS | details
    for name in set(told) - {"location", "organizer", "title", "id", "seriesId"}:
        assert CANARY not in str(told[name])
