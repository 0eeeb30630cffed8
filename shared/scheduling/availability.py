"""Convert Graph's schedules and events to the spans that slots are computed from. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, time, timedelta, timezone, tzinfo
from typing import Any

from shared.errors import GraphRejected
from shared.graph.time_zones import UnknownZone, zone_named
from shared.partner.payload import UnreadableEvent, moment_of
from shared.scheduling.slot_rules import ALWAYS, Span, WorkingHours

NOT_BUSY = frozenset({"free", "workingElsewhere"})  # 0 in availabilityView ("calendar: getSchedule")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"(\d\d):(\d\d)")


class NoSchedule(ValueError):
    """Graph returned no usable schedule for a mailbox; `code` is Graph's error code, or the relay's own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Availability:
    """The working hours and busy times of a mailbox."""

    hours: WorkingHours
    busy: tuple[Span, ...]


def availability_of(information: dict[str, Any]) -> Availability:
    """Return the availability in a scheduleInformation in UTC. Raises NoSchedule."""
    items = information.get("scheduleItems")
    error = information.get("error")
    if error or not isinstance(items, list):
        code = error.get("responseCode") if isinstance(error, dict) else None
        raise NoSchedule(str(code)[:80] if code else "NoAnswer")
    try:
        return Availability(working_hours_of(information.get("workingHours")), tuple(_busy(items, "status")))
    except GraphRejected as error:
        raise NoSchedule(error.code) from None


def busy_spans(events: Iterable[dict[str, Any]]) -> list[Span]:
    """Return the times that the events of a calendar occupy. Raises GraphRejected."""
    return list(_busy((event for event in events if event.get("isCancelled") is not True), "showAs"))


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
    """Return working hours ("workingHours resource type"); ALWAYS if Graph gives none, or none that can be read."""
    if not isinstance(hours, dict) or not isinstance(hours.get("daysOfWeek"), list):
        return ALWAYS
    start, end = (_TIME.match(str(hours.get(name))) for name in ("startTime", "endTime"))
    if start is None or end is None:
        return ALWAYS
    days = frozenset(_DAYS.index(day) for day in map(_lower, hours["daysOfWeek"]) if day in _DAYS)
    return WorkingHours(days, time(int(start[1]), int(start[2])), time(int(end[1]), int(end[2])), _zone(hours))


def _busy(items: Iterable[dict[str, Any]], field: str) -> Iterable[Span]:
    """Yield the times of the items that are busy."""
    for item in items:
        if item.get(field) not in NOT_BUSY:
            yield span_of(item)


def _zone(hours: dict[str, Any]) -> tzinfo:
    """Return the zone of working hours: by its name, or for a custom zone by its bias ("customTimeZone")."""
    zone = hours.get("timeZone")
    if not isinstance(zone, dict):
        return UTC
    try:
        return zone_named(str(zone.get("name"))).info
    except UnknownZone:
        if isinstance(bias := zone.get("bias"), int) and abs(bias) < 1440:
            return timezone(timedelta(minutes=-bias))
        raise NoSchedule("UnknownTimeZone") from None


def _lower(day: object) -> str:
    return str(day).lower()
