"""Convert Graph's schedules and events to the spans that slots are computed from. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from shared.busy_times.schedule_items import NO_ANSWER, NOT_BUSY, NoSchedule, busy_times, span_of, zone_of
from shared.busy_times.zone_rules import DAYS, UnreadableRules, time_of_day
from shared.graph.events import graph_value
from shared.scheduling.slot_rules import ALWAYS, DAY, Span, WorkingHours

__all__ = [
    "NOT_BUSY",
    "NO_ANSWER",
    "Availability",
    "NoSchedule",
    "availability_of",
    "busy_spans",
    "is_busy",
    "readable",
    "span_of",
    "working_hours_of",
]
_LAST_MINUTE = timedelta(hours=23, minutes=59)  # as an end: the end of the day
_SET_HOURS = "Its owner has to set them again in Outlook."


@dataclass(frozen=True, slots=True)
class Availability:
    """The working hours of a mailbox, its busy times by Graph's schedule, and those that Graph may not show yet."""

    hours: WorkingHours
    busy: tuple[Span, ...]
    fresh: tuple[Span, ...] = ()


def availability_of(information: dict[str, Any]) -> Availability:
    """Return the availability in a scheduleInformation in UTC. Raises NoSchedule."""
    busy = tuple(busy_times(information))
    return Availability(working_hours_of(information.get("workingHours")), busy)


def busy_spans(events: Iterable[dict[str, Any]]) -> list[Span]:
    """Return the times that the events of a calendar occupy. Raises GraphRejected."""
    return [span_of(event) for event in events if is_busy(event)]


def is_busy(event: dict[str, Any]) -> bool:
    """Return whether an event of a calendar takes its time."""
    return event.get("isCancelled") is not True and graph_value(event.get("showAs"), NOT_BUSY) is None


def readable(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event unchanged. Raises GraphRejected if its time cannot be read."""
    span_of(event)
    return event


def working_hours_of(hours: object) -> WorkingHours:
    """Return working hours ("workingHours resource type"); ALWAYS if Graph gives none. Raises NoSchedule if they cannot
    be read.
    """
    if not isinstance(hours, dict) or not isinstance(hours.get("daysOfWeek"), list):
        return ALWAYS
    if hours.get("startTime") is None or hours.get("endTime") is None:
        return ALWAYS
    start, end = time_of_day(hours["startTime"]), time_of_day(hours["endTime"])
    if start is None or end is None or start == DAY:
        raise NoSchedule("UnreadableWorkingHours", f"Its working hours are not times of a day. {_SET_HOURS}")
    days = frozenset(DAYS.index(day) for day in map(_lower, hours["daysOfWeek"]) if day in DAYS)
    return WorkingHours(days, _clock(start), _clock(timedelta() if end >= _LAST_MINUTE else end), _zone(hours))


def _zone(hours: dict[str, Any]) -> tzinfo:
    """Return the zone of working hours. Raises NoSchedule."""
    zone = hours.get("timeZone")
    try:
        return zone_of(zone)
    except UnreadableRules:
        name = zone.get("name") if isinstance(zone, dict) else None
        shown = "".join(filter(str.isprintable, str(name)))[:80]
        advice = f'The relay does not know the time zone "{shown}" of its working hours. {_SET_HOURS}'
        raise NoSchedule("UnknownTimeZone", advice) from None


def _clock(since_midnight: timedelta) -> time:
    return (datetime(1, 1, 1, tzinfo=UTC) + since_midnight).time()


def _lower(day: object) -> str:
    return str(day).lower()
