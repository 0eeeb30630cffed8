"""The rules of a Bookings business for appointments, checked before Graph is called. Pure.

Apps with application permissions have to enforce these rules themselves. ("Business rules for Bookings appointments")
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from math import ceil

from shared.graph.bookings.models import Business, Hours, Opening, Policy, Service, Span

CLOSED = "notBookable"
OWN_HOURS = "customWeeklyHours"
MINUTE = timedelta(minutes=1)
Interval = tuple[datetime, datetime]


def effective_policy(service: Policy, business: Policy) -> Policy:
    """Return the effective policy: the service's values, or the business's where the service has none."""
    return Policy(
        business.minimum_lead if service.minimum_lead is None else service.minimum_lead,
        business.maximum_advance if service.maximum_advance is None else service.maximum_advance,
        business.staff_selection if service.staff_selection is None else service.staff_selection,
        service.general or business.general,
        service.custom or business.custom,
    )


def broken_rule(business: Business, service: Service, start: datetime, now: datetime) -> str | None:
    """Return the text of the rule that an appointment at `start` would break, or None."""
    policy, end = effective_policy(service.policy, business.policy), start + service.length
    if policy.staff_selection is False:
        return (
            "staff: an app must name the staff of an appointment, but this business does not allow a choice. The "
            'customer\'s IT has to turn on "Staff control" (allowStaffSelection) in the scheduling policy'
        )
    if too_late := lead_time_violation(policy, start, now):
        return too_late
    if policy.maximum_advance is not None and start > now + policy.maximum_advance:
        return f"start: this service can be booked at most {format_length(policy.maximum_advance)} ahead"
    return _closed(business, policy, start, end)


def lead_time_violation(policy: Policy, start: datetime, now: datetime) -> str | None:
    """Return why it is too late to create, move or cancel an appointment at `start`, or None."""
    if start <= now:
        return "start: is in the past"
    if policy.minimum_lead is not None and start < now + policy.minimum_lead:
        return f"start: bookings and cancellations must be made at least {format_length(policy.minimum_lead)} ahead"
    return None


def is_free(spans: Iterable[Span], service: Service, start: datetime) -> bool:
    """Return whether a member of staff is free: available for the whole appointment, and not busy in its buffers.

    Buffers may lie outside working hours, where staff is not "available".
    """
    all_spans = list(spans)
    end = start + service.length
    before, after = start - service.pre_buffer, end + service.post_buffer
    if any(span.status != "available" and span.start < after and span.end > before for span in all_spans):
        return False
    return covers(((span.start, span.end) for span in all_spans if span.status == "available"), start, end)


def spans_without(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return the spans as they would be without the appointment from `start` to `end`, which is to move."""
    kept = [Span("available", start, end)]
    for span in spans:
        if span.status == "available":
            kept.append(span)
            continue
        if span.start < start:
            kept.append(Span(span.status, span.start, min(span.end, start), span.service_id))
        if span.end > end:
            kept.append(Span(span.status, max(span.start, end), span.end, span.service_id))
    return kept


def covers(intervals: Iterable[Interval], start: datetime, end: datetime) -> bool:
    """Return whether the intervals together cover the time from `start` to `end`."""
    for first, last in sorted(intervals):
        if first <= start < last:
            start = last
    return start >= end


def is_open(hours: Hours, zone: tzinfo, start: datetime, end: datetime) -> bool:
    """Return whether the time from `start` to `end` lies entirely within opening hours.

    Opening hours are in local time, so each minute is checked separately, which is also correct when clocks change.
    """
    minutes = ceil((end - start) / MINUTE)
    moments = (*(start + MINUTE * number for number in range(minutes)), end - timedelta(microseconds=1))
    return all(_is_open_at(hours, moment.astimezone(zone)) for moment in moments)


def format_length(length: timedelta) -> str:
    """Return a length as text: in whole days or hours if possible, otherwise in minutes."""
    for unit, seconds in (("days", 86_400), ("hours", 3_600)):
        if length.total_seconds() >= seconds and length.total_seconds() % seconds == 0:
            return f"{int(length.total_seconds() // seconds)} {unit}"
    return f"{int(length.total_seconds() // 60)} minutes"


def _closed(business: Business, policy: Policy, start: datetime, end: datetime) -> str | None:
    if business.zone is None:  # the hours have no known zone: leave the check to Graph
        return None
    opening = _opening_on(policy, start.astimezone(business.zone).date())
    if opening is not None and opening.kind == CLOSED:
        return "start: this service cannot be booked on that day"
    own = opening.hours if opening is not None and opening.kind == OWN_HOURS else None
    for whose, hours in (("business", business.hours), ("service", own)):
        if hours is not None and not is_open(hours, business.zone, start, end):
            return f"start: the appointment is outside the hours of the {whose}"
    return None


def _opening_on(policy: Policy, day: date) -> Opening | None:
    """Return the opening that applies on a day: a custom window takes precedence over the general availability."""
    for opening in policy.custom:
        if (opening.first is None or opening.first <= day) and (opening.last is None or day <= opening.last):
            return opening
    return policy.general


def _is_open_at(hours: Hours, local: datetime) -> bool:
    time_of_day = local.replace(tzinfo=None) - datetime.combine(local, time())
    return any(day == local.weekday() and opens <= time_of_day < closes for day, opens, closes in hours)
