"""Properties of busy times: merging, whole minutes and a window never change which minutes are busy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.busy_times.spans import Span, merged, whole_minutes, within

START = datetime(2026, 12, 1, tzinfo=UTC)
SECONDS = st.integers(0, 1200)


def span_of(first: int, second: int) -> Span:
    """Return the span between two numbers of seconds."""
    return Span(START + timedelta(seconds=min(first, second)), START + timedelta(seconds=max(first, second)))


SPANS = st.lists(st.builds(span_of, SECONDS, SECONDS), max_size=12)


def seconds_in(spans: list[Span]) -> set[datetime]:
    """Return every second in some spans."""
    return {
        span.start + timedelta(seconds=number)
        for span in spans
        for number in range(int((span.end - span.start).total_seconds()))
    }


@given(SPANS)
def test_merged_spans_are_the_same_time_in_order(spans: list[Span]) -> None:
    """They neither overlap nor touch, and merging them again changes nothing."""
    result = merged(spans)
    assert seconds_in(result) == seconds_in(spans)
    assert all(before.end < after.start for before, after in pairwise(result))
    assert all(span.start < span.end for span in result)
    assert merged(result) == result


@given(SPANS, st.builds(span_of, SECONDS, SECONDS))
def test_within_a_window_is_what_both_have(spans: list[Span], window: Span) -> None:
    """Second by second."""
    assert seconds_in(within(spans, window)) == seconds_in(spans) & seconds_in([window])


@given(st.builds(span_of, SECONDS, SECONDS))
def test_whole_minutes_are_never_shorter(span: Span) -> None:
    """And longer by less than a minute at each end."""
    rounded = whole_minutes(span)
    assert rounded.contains(span)
    assert (rounded.start.second, rounded.end.second) == (0, 0)
    assert span.start - rounded.start < timedelta(minutes=1)
    assert rounded.end - span.end < timedelta(minutes=1)
