"""Place all-day events, which Graph tells as days without a zone, at the instants of the mailbox. Pure.

In a calendar view such an event lasts from midnight to midnight of whatever zone is asked for ("event resource type":
isAllDay). Its mailbox is busy from midnight to midnight of its own zone, as "calendar: getSchedule" tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from shared.scheduling.availability import Availability, is_busy, span_of
from shared.scheduling.slot_rules import Span

_EARLIEST, _LATEST = timedelta(hours=-14), timedelta(hours=12)  # where midnight of any zone is, from that of UTC
_CHANGE = timedelta(hours=2)  # the most by which clocks change


def is_floating(event: dict[str, Any]) -> bool:
    """Return whether an event is a busy all-day event."""
    return event.get("isAllDay") is True and is_busy(event)


def placed(events: Iterable[dict[str, Any]], availability: Availability) -> list[dict[str, Any]]:
    """Return the events, with the instants of busy all-day events. Raises GraphRejected if one cannot be read."""
    events = list(events)
    timed = {span_of(event) for event in events if is_busy(event) and not is_floating(event)}
    busy = [span for span in availability.busy if span not in timed]
    return [_placed(event, busy, availability.hours.zone) if is_floating(event) else event for event in events]


def _placed(event: dict[str, Any], busy: list[Span], zone: tzinfo) -> dict[str, Any]:
    """Return an all-day event at the busy time that can only be its own, or else at the days of the zone."""
    days = span_of(event)
    local = Span(_in_zone(days.start, zone), _in_zone(days.end, zone))
    candidates = [span for span in busy if _can_be(span, days)]
    span = min(candidates, key=lambda span: abs(span.start - local.start), default=local)
    return event | {"start": _graph_time(span.start), "end": _graph_time(span.end)}


def _can_be(span: Span, days: Span) -> bool:
    """Return whether a busy time can be that of some days: from midnight to midnight of one zone."""
    late, longer = span.start - days.start, (span.end - span.start) - (days.end - days.start)
    return _EARLIEST <= late <= _LATEST and abs(longer) <= _CHANGE


def _in_zone(midnight: datetime, zone: tzinfo) -> datetime:
    return midnight.replace(tzinfo=zone).astimezone(UTC)


def _graph_time(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
