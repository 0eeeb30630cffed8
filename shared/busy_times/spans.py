"""Spans of time, in UTC. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The time from `start` until `end`, which is exclusive."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        """Return whether the two have any time in common."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Return whether the other lies entirely within this one."""
        return self.start <= other.start and other.end <= self.end


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as spans in order that neither overlap nor touch. Spans without a length are left out."""
    result: list[Span] = []
    for span in sorted(each for each in spans if each.start < each.end):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def within(spans: Iterable[Span], window: Span) -> list[Span]:
    """Return the parts of spans that lie in a window."""
    cut = (Span(max(span.start, window.start), min(span.end, window.end)) for span in spans)
    return [span for span in cut if span.start < span.end]


def whole_minutes(span: Span) -> Span:
    """Return the whole minutes that a span touches: it never gets shorter."""
    start = span.start.replace(second=0, microsecond=0)
    end = span.end.replace(second=0, microsecond=0)
    return Span(start, end if end == span.end else end + MINUTE)
