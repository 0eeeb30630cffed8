"""NCRONTAB schedules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.host.ncrontab import Schedule, parse_schedule

MOMENT = datetime(2026, 11, 20, 10, 0, 4, 500, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 */5 * * * *", "2026-11-20T10:05:00"),
        ("*/5 * * * *", "2026-11-20T10:05:00"),
        ("0 0 * * * *", "2026-11-20T11:00:00"),
        ("0 0 */2 * * *", "2026-11-20T12:00:00"),
        ("0 0 9-17 * * *", "2026-11-20T11:00:00"),
        ("0 30 9 * * *", "2026-11-21T09:30:00"),
        ("0 30 9 * * 1-5", "2026-11-23T09:30:00"),
        ("0 30 9 * * Mon-Fri", "2026-11-23T09:30:00"),
        ("0 30 9 * Jan Mon", "2027-01-04T09:30:00"),
        ("3/10 * * * * *", "2026-11-20T10:00:13"),
        ("3 * * * * *", "2026-11-20T10:01:03"),
        ("0,4,30 0 10 * * *", "2026-11-20T10:00:30"),
        ("0 0 0 13 * friday", "2027-08-13T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59"),
    ],
)
def test_the_next_occurrence(text: str, expected: str) -> None:
    """Microsoft's own examples, and edge cases: day and weekday together, leap days, the end of the year."""
    assert parse_schedule(text).next_after(MOMENT).isoformat() == expected + "+00:00"


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * * *"),
        *("60 * * * * *", "* * 24 * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7"),
        *("*/0 * * * * *", "*/ * * * * *", "5-1 * * * * *", "a * * * * *", "1, * * * * *", "- * * * * *"),
        *("* * * * J *", "* * * * * *day", "² * * * * *"),
    ],
)
def test_an_invalid_schedule_is_rejected(text: str) -> None:
    """Every field has its bounds, every step is at least 1, and no range runs backwards."""
    with pytest.raises(ValueError, match=r".+"):
        parse_schedule(text)


def test_a_day_that_never_comes_is_an_error() -> None:
    """30 February does not cause an endless search."""
    with pytest.raises(ValueError, match="never"):
        parse_schedule("0 0 0 30 2 *").next_after(MOMENT)


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    """Generate any form of a field."""
    value = st.integers(low, high)
    spans = st.tuples(value, value).map(lambda pair: f"{min(pair)}-{max(pair)}")
    item = st.one_of(
        st.just("*"),
        value.map(str),
        spans,
        st.tuples(st.one_of(st.just("*"), value.map(str), spans), st.integers(1, high + 1)).map(
            lambda pair: f"{pair[0]}/{pair[1]}"
        ),
    )
    return st.lists(item, min_size=1, max_size=3).map(",".join)


# Days up to 28 and any weekday, so that every schedule occurs.
SCHEDULES = st.tuples(_field(0, 59), _field(0, 59), _field(0, 23), _field(1, 28), _field(1, 12), st.just("*")).map(
    " ".join
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _allows(schedule: Schedule, moment: datetime) -> bool:
    """Return whether a schedule has an occurrence at exactly this second."""
    return (
        moment.second in schedule.seconds
        and moment.minute in schedule.minutes
        and moment.hour in schedule.hours
        and moment.day in schedule.days
        and moment.month in schedule.months
        and moment.isoweekday() % 7 in schedule.weekdays
    )


@given(SCHEDULES, MOMENTS)
def test_an_occurrence_is_later_and_allowed(text: str, moment: datetime) -> None:
    """It is after the moment, every field matches, and it has no fraction of a second."""
    schedule = parse_schedule(text)
    occurrence = schedule.next_after(moment)
    assert occurrence > moment
    assert occurrence.microsecond == 0
    assert _allows(schedule, occurrence)


@given(SCHEDULES, MOMENTS)
def test_no_occurrence_is_skipped(text: str, moment: datetime) -> None:
    """No second of the half hour before an occurrence, and after the moment, is allowed."""
    schedule = parse_schedule(text)
    occurrence = schedule.next_after(moment)
    for back in range(1, 1800):
        between = occurrence - timedelta(seconds=back)
        if between <= moment:
            break
        assert not _allows(schedule, between)


@given(SCHEDULES, MOMENTS, st.integers(0, 10**7))
def test_a_later_moment_has_no_earlier_occurrence(text: str, moment: datetime, seconds: int) -> None:
    """The next occurrence never moves back as time passes."""
    schedule = parse_schedule(text)
    assert schedule.next_after(moment + timedelta(seconds=seconds)) >= schedule.next_after(moment)
