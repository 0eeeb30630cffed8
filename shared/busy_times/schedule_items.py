"""When a mailbox is busy, from a schedule of Graph. ("calendar: getSchedule", "scheduleItem resource type") Pure.

Whatever is not free or working elsewhere is busy: also tentative, and values that a later version of Graph may add. An
all-day event is busy from midnight to midnight of its mailbox's own zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from shared.busy_times.spans import Span
from shared.busy_times.zone_rules import zone_of_rules
from shared.errors import GraphRejected
from shared.graph.events import graph_value
from shared.graph.time_zones import UnknownZone, zone_named
from shared.partner.payload import UnreadableEvent, moment_of

NO_ANSWER = "NoAnswer"  # in the place of Graph's code
NOT_BUSY = frozenset({"free", "workingElsewhere"})  # 0 in availabilityView ("calendar: getSchedule")
UNREADABLE = "UnreadableEvent"
WITHOUT_ITEMS = "BusyWithoutItems"
_NO_TIMES = "Graph says that it is busy, and not when. Contact the customer's IT."
_BUSY_DIGITS = frozenset("123")  # of availabilityView: tentative, busy, out of office


class NoSchedule(ValueError):
    """Graph returned no usable schedule for a mailbox; `code` is Graph's error code, or the relay's own.

    `advice` says what to do about a code of the relay's own.
    """

    def __init__(self, code: str, advice: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.advice = advice


def busy_times(information: dict[str, Any]) -> list[Span]:
    """Return the busy times of a scheduleInformation, in Graph's order. Raises NoSchedule.

    Working hours play no part: they may be unreadable.
    """
    items = information.get("scheduleItems")
    error = information.get("error")
    if error or not isinstance(items, list):
        code = error.get("responseCode") if isinstance(error, dict) else None
        raise NoSchedule(str(code)[:80] if code else NO_ANSWER)
    if not items and _BUSY_DIGITS & {*str(information.get("availabilityView"))}:
        raise NoSchedule(WITHOUT_ITEMS, _NO_TIMES)  # it is not free, and nothing says when
    return list(_busy(items, information))


def span_of(event: dict[str, Any]) -> Span:
    """Return the time of an event in UTC. Raises GraphRejected for an unreadable event, which may be a conflict."""
    try:
        return Span(moment_of(event, "start"), moment_of(event, "end"))
    except UnreadableEvent:
        raise GraphRejected(200, UNREADABLE) from None


def zone_of(zone: object) -> tzinfo:
    """Return the zone of working hours: by its name, or else by its rules ("customTimeZone resource type").

    Raises UnreadableRules.
    """
    zone = zone if isinstance(zone, dict) else {}
    try:
        return zone_named(str(zone.get("name"))).info
    except UnknownZone:
        return zone_of_rules(zone)


def _busy(items: Iterable[Any], information: dict[str, Any]) -> Iterable[Span]:
    for item in items:
        if not isinstance(item, dict):
            raise NoSchedule(UNREADABLE)
        if graph_value(item.get("status"), NOT_BUSY) is None:
            yield _span_of_item(item, information)


def _span_of_item(item: dict[str, Any], information: dict[str, Any]) -> Span:
    """Return the time of an item. Graph was asked for UTC, and may answer in the mailbox's own zone all the same."""
    try:
        span = span_of(item)
    except GraphRejected:
        span = Span(_instant(item.get("start"), information), _instant(item.get("end"), information))
    if span.end < span.start:
        raise NoSchedule(UNREADABLE)
    return span


def _instant(value: object, information: dict[str, Any]) -> datetime:
    """Return a local time in the zone of the working hours in UTC. Raises NoSchedule for any other."""
    hours = information.get("workingHours")
    zone = hours.get("timeZone") if isinstance(hours, dict) else None
    if not isinstance(value, dict) or not isinstance(zone, dict) or value.get("timeZone") != zone.get("name"):
        raise NoSchedule(UNREADABLE)
    try:
        local = datetime.fromisoformat(str(value.get("dateTime")))
        instant = local.replace(microsecond=0, tzinfo=zone_of(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoSchedule(UNREADABLE) from None
    if local.tzinfo is not None:
        raise NoSchedule(UNREADABLE)
    return instant
