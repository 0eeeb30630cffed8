"""Free slots, worked out of working hours and busy times. Pure: every moment is in UTC, zones come with who asks.

A slot is free when it lies wholly within working hours, when nothing busy touches it or its buffers, and when the
caller's clock shows a multiple of the step at its start, counted from midnight.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

GRID = timedelta(minutes=5)  # every start and every duration is a multiple of it, and so is every zone's offset
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From a moment to a later one, which no longer belongs to it."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        """Return whether a moment belongs to both."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Return whether the other lies wholly within."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When somebody works: days of the week (Monday is 0), and from when to when by the clock of `zone`.

    An end that is not after the start is the next day's: a night shift, or the whole day. ("workingHours")
    """

    days: frozenset[int]
    start: time
    end: time
    zone: tzinfo


ALWAYS = WorkingHours(frozenset(range(7)), time(0), time(0), UTC)


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """Which slots are wanted: where in time, how long, beginning when by the clock of `zone`, how far from others."""

    window: Span
    duration: timedelta
    zone: tzinfo = UTC
    step: timedelta = timedelta(minutes=30)
    buffer: timedelta = timedelta()


def working_spans(hours: WorkingHours, window: Span) -> list[Span]:
    """Return the working hours within a window: apart from each other, in their order.

    Where the clocks change, a wall-clock time that there is twice is the first, and one that there is not is read as
    before the change.
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
    """Return the same moments as spans that are apart from each other, in their order; empty ones are left out."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(spans: list[Span], busy: Iterable[Span]) -> Iterator[Span]:
    """Yield what is left of some spans that are apart, in their order, when the busy ones are taken out."""
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
    """Return every moment of the window at which a slot could begin by the caller's clock."""
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
    """Yield those of `starts`, which `starts_of` made, at which a slot is free."""
    kept_apart = [Span(span.start - query.buffer, span.end + query.buffer) for span in busy if span.start < span.end]
    for span in subtract(working_spans(hours, query.window), kept_apart):
        index = bisect_left(starts, span.start)
        while index < len(starts) and starts[index] + query.duration <= span.end:
            yield starts[index]
            index += 1


def _rounded_up(moment: datetime) -> datetime:
    past = (moment - datetime(1970, 1, 1, tzinfo=UTC)) % GRID
    return moment + (GRID - past) if past else moment
