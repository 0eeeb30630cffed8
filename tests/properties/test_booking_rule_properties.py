"""The rules of Bookings agree with a check of every minute on the local clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from shared.bookings.business_rules import broken_rule, is_free, spans_without
from shared.bookings.staff_times import merged
from shared.graph.bookings.durations import format_duration, parse_duration
from shared.graph.bookings.models import Business, Opening, Policy, Service, Span

STEP = 15
ZONES = [ZoneInfo(name) for name in ("Europe/Oslo", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")]
# Around the days of clock changes.
DAYS = [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALWAYS = tuple((day, timedelta(), timedelta(days=1)) for day in range(7))
STEPS = [timedelta(minutes=STEP) * number for number in range(13)]

quarters = st.integers(0, 96).map(lambda number: timedelta(minutes=number * STEP))
slot = st.tuples(st.integers(0, 6), quarters, quarters).filter(lambda times: times[1] < times[2])
hours = st.lists(slot, max_size=12).map(lambda slots: tuple(sorted(slots)))
starts = st.builds(
    lambda day, number: day + timedelta(minutes=number * STEP), st.sampled_from(DAYS), st.integers(0, 3 * 96)
)
statuses = st.tuples(st.sampled_from(["available", "busy", "outOfOffice"]), st.integers(0, 40), st.integers(1, 20))
lengths = st.integers(1, 12).map(lambda number: timedelta(minutes=number * STEP))


def service(length: timedelta, policy: Policy = Policy(), buffer: timedelta = timedelta()) -> Service:  # noqa: B008
    """Return a service."""
    return Service("s", "S", length, buffer, buffer, (), 1, policy, {})


def is_open_locally(slots: tuple[tuple[int, timedelta, timedelta], ...], at: datetime, zone: ZoneInfo) -> bool:
    """Return whether the local time is within one of the slots."""
    local = at.astimezone(zone)
    of_day = timedelta(hours=local.hour, minutes=local.minute)
    return any(day == local.weekday() and opens <= of_day < closes for day, opens, closes in slots)


# In autumn a local hour occurs twice, and slots in it open twice; in spring a local hour is missing.
@example(((6, timedelta(hours=1), timedelta(hours=2.5)),), ALWAYS, ZONES[0], DAYS[1] + timedelta(hours=25), STEPS[2])
@example(((6, timedelta(hours=1), timedelta(hours=2.5)),), ALWAYS, ZONES[0], DAYS[1] + timedelta(hours=24), STEPS[6])
@example(((6, timedelta(hours=2.5), timedelta(hours=4)),), ALWAYS, ZONES[0], DAYS[0] + timedelta(hours=25), STEPS[4])
@given(hours, hours, st.sampled_from(ZONES), starts, lengths)
def test_hours_are_compared_in_local_time(
    business_hours: tuple[tuple[int, timedelta, timedelta], ...],
    own_hours: tuple[tuple[int, timedelta, timedelta], ...],
    zone: ZoneInfo,
    start: datetime,
    length: timedelta,
) -> None:
    """Every quarter of an hour of the appointment is within both, across midnight and clock changes."""
    policy = Policy(general=Opening("customWeeklyHours", own_hours))
    business = Business("b", "B", business_hours, zone)
    steps = [start + timedelta(minutes=STEP) * number for number in range(int(length / timedelta(minutes=STEP)))]
    fits = all(is_open_locally(business_hours, at, zone) and is_open_locally(own_hours, at, zone) for at in steps)
    assert (broken_rule(business, service(length, policy), start, NOW) is None) == fits


@given(st.lists(statuses, max_size=8), st.integers(0, 40), st.integers(1, 8), st.integers(0, 3))
def test_staff_is_free_when_every_minute_is_free(
    given_spans: list[tuple[str, int, int]], first: int, length: int, buffer: int
) -> None:
    """Available for the whole length, and nothing else during it or its buffers."""
    step = timedelta(minutes=5)
    spans = [Span(status, NOW + step * at, NOW + step * (at + long)) for status, at, long in given_spans]

    def status_at(number: int) -> set[str]:
        moment = NOW + step * number
        return {span.status for span in spans if span.start <= moment < span.end}

    wanted = range(first, first + length)
    whole = range(first - buffer, first + length + buffer)
    alone = all(status_at(number) <= {"available"} for number in whole)
    free = alone and all("available" in status_at(number) for number in wanted)
    assert is_free(spans, service(step * length, buffer=step * buffer), NOW + step * first) == free


@given(st.lists(statuses, max_size=6), st.integers(0, 40), st.integers(1, 10))
def test_freeing_an_appointment_changes_nothing_elsewhere(
    given_spans: list[tuple[str, int, int]], first: int, length: int
) -> None:
    """Only the minutes within it become available; all others keep their status."""
    step = timedelta(minutes=5)
    spans = [Span(status, NOW + step * at, NOW + step * (at + long)) for status, at, long in given_spans]
    after = spans_without(spans, NOW + step * first, NOW + step * (first + length))
    for number in range(-1, 62):
        moment = NOW + step * number
        then = {one.status for one in after if one.start <= moment < one.end}
        before = {span.status for span in spans if span.start <= moment < span.end}
        assert then == ({"available"} if first <= number < first + length else before)


@given(st.lists(statuses, max_size=12))
def test_merged_spans_show_the_strongest_status_of_each_minute(given_spans: list[tuple[str, int, int]]) -> None:
    """They do not overlap, are sorted, and none is next to one that says the same."""
    step = timedelta(minutes=5)
    spans = [Span(status, NOW + step * at, NOW + step * (at + long)) for status, at, long in given_spans]
    after = merged(spans)
    assert all(before.end <= later.start for before, later in pairwise(after))
    assert all(before.end < later.start or before.status != later.status for before, later in pairwise(after))
    for number in range(-1, 62):
        moment = NOW + step * number
        shown = [span.status for span in after if span.start <= moment < span.end]
        actual = {span.status for span in spans if span.start <= moment < span.end}
        strongest = next((status for status in ("busy", "outOfOffice", "available") if status in actual), None)
        assert shown == ([strongest] if strongest else [])


@given(st.integers(1, 10_000_000))
def test_durations_come_back_as_they_were_written(seconds: int) -> None:
    """A duration survives Graph's format."""
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    """Any other text is None."""
    found = parse_duration(text)
    assert found is None or found >= timedelta()
