"""Compute free slots from working hours and busy times. Pure: all times are in UTC, time zones are passed in.

A slot is free if it lies entirely within working hours, if no busy time overlaps it or its buffers, and if its start is
a multiple of the step, counted from midnight in the caller's zone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from shared.busy_times.spans import DAY, Span

__all__ = [
    "ALWAYS", "DAY", "GRID", "SlotQuery", "Span", "WorkingHours", "free_starts", "starts_of", "working_spans",
]  # fmt: skip

GRID = timedelta(minutes=5)  # every start and every duration is a multiple of it, and so is every zone's offset


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Working hours: days of the week (Monday is 0), with start and end in the local time of `zone`.

    An end that is not after the start is on the next day: a night shift, or the whole day. ("workingHours")
    """

    days: frozenset[int]
    start: time
    end: time
    zone: tzinfo


ALWAYS = WorkingHours(frozenset(range(7)), time(0), time(0), UTC)


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """Which slots to find: `step` is the grid of their starts in `zone`, `buffer` the distance from busy times."""

    window: Span
    duration: timedelta
    zone: tzinfo = UTC
    step: timedelta = timedelta(minutes=30)
    buffer: timedelta = timedelta()


def working_spans(hours: WorkingHours, window: Span) -> list[Span]:
    """Return the working hours within a window, as disjoint spans in order.

    Where clocks change, a local time that occurs twice means the first, and a local time that is skipped is read with
    the offset from before the change.
    """
    local = hours.zone
    day, last = window.start.astimezone(local).date() - DAY, window.end.astimezone(local).date()
    spans = []
    while day <= last:
        if day.weekday() in hours.days:
            spans.append(_working_day(hours, day))
        day += DAY
    return [Span(max(span.start, window.start), min(span.end, window.end))
            for span in merge(spans) if span.overlaps(window)]  # fmt: skip


def _working_day(hours: WorkingHours, day: date) -> Span:
    until = day if hours.end > hours.start else day + DAY
    clocks = ((day, hours.start), (until, hours.end))
    start, end = (datetime.combine(*clock, tzinfo=hours.zone).astimezone(UTC) for clock in clocks)
    return Span(start, end)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the same times as disjoint spans in order, without empty ones."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(spans: list[Span], busy: Iterable[Span]) -> Iterator[Span]:
    """Yield what remains of disjoint spans in order after the busy times are removed."""
    taken = merge(busy)
    for span in spans:
        start = span.start
        for other in taken[bisect_left(taken, span.start, key=lambda other: other.end) :]:
            if other.start >= span.end:
                break
            if start < other.start:
                yield Span(start, other.start)
            start = max(start, other.end)
        if start < span.end:
            yield Span(start, span.end)


def starts_of(query: SlotQuery) -> list[datetime]:
    """Return every time in the window at which a slot could begin: the multiples of the step in the caller's zone."""
    minutes = int(query.step.total_seconds()) // 60
    moment, starts = _rounded_up(query.window.start), []
    while moment + query.duration <= query.window.end:
        shown = moment.astimezone(query.zone)
        if (shown.hour * 60 + shown.minute) % minutes == 0:
            starts.append(moment)
        moment += GRID
    return starts


def free_starts(
    query: SlotQuery, starts: list[datetime], hours: WorkingHours, busy: Iterable[Span]
) -> Iterator[datetime]:
    """Yield the elements of `starts` (from `starts_of`) at which a slot is free."""
    blocked = [Span(span.start - query.buffer, span.end + query.buffer) for span in busy if span.start < span.end]
    for span in subtract(working_spans(hours, query.window), blocked):
        index = bisect_left(starts, span.start)
        while index < len(starts) and starts[index] + query.duration <= span.end:
            yield starts[index]
            index += 1


def _rounded_up(moment: datetime) -> datetime:
    past = (moment - datetime(1970, 1, 1, tzinfo=UTC)) % GRID
    return moment + (GRID - past) if past else moment
