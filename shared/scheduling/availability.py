"""Convert Graph's schedules and events to the spans that slots are computed from. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from shared.errors import GraphRejected
from shared.graph.events import graph_value
from shared.graph.time_zones import UnknownZone, zone_named
from shared.partner.payload import UnreadableEvent, moment_of
from shared.scheduling.slot_rules import ALWAYS, DAY, Span, WorkingHours
from shared.scheduling.zone_rules import DAYS, UnreadableRules, time_of_day, zone_of_rules

NO_ANSWER = "NoAnswer"  # in the place of Graph's code
NOT_BUSY = frozenset({"free", "workingElsewhere"})  # 0 in availabilityView ("calendar: getSchedule")
_LAST_MINUTE = timedelta(hours=23, minutes=59)  # as an end: the end of the day
_SET_HOURS = "Its owner has to set them again in Outlook."


class NoSchedule(ValueError):
    """Graph returned no usable schedule for a mailbox; `code` is Graph's error code, or the relay's own.

    `advice` says what to do about a code of the relay's own.
    """

    def __init__(self, code: str, advice: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Availability:
    """The working hours of a mailbox, its busy times by Graph's schedule, and those that Graph may not show yet."""

    hours: WorkingHours
    busy: tuple[Span, ...]
    fresh: tuple[Span, ...] = ()


def availability_of(information: dict[str, Any]) -> Availability:
    """Return the availability in a scheduleInformation in UTC. Raises NoSchedule."""
    items = information.get("scheduleItems")
    error = information.get("error")
    if error or not isinstance(items, list):
        code = error.get("responseCode") if isinstance(error, dict) else None
        raise NoSchedule(str(code)[:80] if code else NO_ANSWER)
    try:
        return Availability(working_hours_of(information.get("workingHours")), tuple(_busy(items)))
    except GraphRejected as error:
        raise NoSchedule(error.code) from None


def busy_spans(events: Iterable[dict[str, Any]]) -> list[Span]:
    """Return the times that the events of a calendar occupy. Raises GraphRejected."""
    return [span_of(event) for event in events if is_busy(event)]


def is_busy(event: dict[str, Any]) -> bool:
    """Return whether an event of a calendar takes its time."""
    return event.get("isCancelled") is not True and graph_value(event.get("showAs"), NOT_BUSY) is None


def span_of(event: dict[str, Any]) -> Span:
    """Return the time of an event in UTC. Raises GraphRejected for an unreadable event, which may be a conflict."""
    try:
        return Span(moment_of(event, "start"), moment_of(event, "end"))
    except UnreadableEvent:
        raise GraphRejected(200, "UnreadableEvent") from None


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


def _busy(items: Iterable[Any]) -> Iterable[Span]:
    """Yield the times of the items of a schedule that are busy. Raises GraphRejected for what is no item."""
    for item in items:
        if not isinstance(item, dict):
            raise GraphRejected(200, "UnreadableEvent")
        if graph_value(item.get("status"), NOT_BUSY) is None:
            yield span_of(item)


def _zone(hours: dict[str, Any]) -> tzinfo:
    """Return the zone of working hours: by its name, or else by its rules ("customTimeZone resource type"). Raises
    NoSchedule.
    """
    zone = hours.get("timeZone")
    zone = zone if isinstance(zone, dict) else {}
    try:
        return zone_named(str(zone.get("name"))).info
    except UnknownZone:
        pass
    try:
        return zone_of_rules(zone)
    except UnreadableRules:
        name = "".join(filter(str.isprintable, str(zone.get("name"))))[:80]
        advice = f'The relay does not know the time zone "{name}" of its working hours. {_SET_HOURS}'
        raise NoSchedule("UnknownTimeZone", advice) from None


def _clock(since_midnight: timedelta) -> time:
    return (datetime(1, 1, 1, tzinfo=UTC) + since_midnight).time()


def _lower(day: object) -> str:
    return str(day).lower()
