"""What Bookings asks of an appointment, checked before Graph is asked. Pure.

("Business rules for Bookings appointments": apps with application permissions have to keep them by themselves)
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
    """Return the policy that holds: the service's, and the business's where that says nothing."""
    return Policy(
        business.minimum_lead if service.minimum_lead is None else service.minimum_lead,
        business.maximum_advance if service.maximum_advance is None else service.maximum_advance,
        business.staff_selection if service.staff_selection is None else service.staff_selection,
        service.general or business.general,
        service.custom or business.custom,
    )


def broken_rule(business: Business, service: Service, start: datetime, now: datetime) -> str | None:
    """Return which rule an appointment at `start` would break, in words, or None."""
    policy, end = effective_policy(service.policy, business.policy), start + service.length
    if policy.staff_selection is False:
        return (
            "staff: an app has to name the staff of an appointment, and this business does not let it choose. The "
            'customer\'s IT has to switch on "Staff control" (allowStaffSelection) in the scheduling policy'
        )
    if too_late := within_lead(policy, start, now):
        return too_late
    if policy.maximum_advance is not None and start > now + policy.maximum_advance:
        return f"start: this service can be booked {format_length(policy.maximum_advance)} ahead at most"
    return _closed(business, policy, start, end)


def within_lead(policy: Policy, start: datetime, now: datetime) -> str | None:
    """Return why it is too late to make, move or cancel an appointment at `start`, or None."""
    if start <= now:
        return "start: is past"
    if policy.minimum_lead is not None and start < now + policy.minimum_lead:
        return f"start: bookings and cancellations have to be made {format_length(policy.minimum_lead)} ahead at least"
    return None


def is_free(spans: Iterable[Span], service: Service, start: datetime) -> bool:
    """Return whether somebody can take an appointment: available for its length, and not busy in its buffers.

    Buffers may lie outside of the hours of work, where nobody is "available".
    """
    all_spans = list(spans)
    end = start + service.length
    before, after = start - service.pre_buffer, end + service.post_buffer
    if any(span.status != "available" and span.start < after and span.end > before for span in all_spans):
        return False
    return covers(((span.start, span.end) for span in all_spans if span.status == "available"), start, end)


def spans_without(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return spans as they would be without the appointment between two moments, which is about to be moved."""
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
    """Return whether intervals cover all that is between two moments, together if need be."""
    for first, last in sorted(intervals):
        if first <= start < last:
            start = last
    return start >= end


def is_open(hours: Hours, zone: tzinfo, start: datetime, end: datetime) -> bool:
    """Return whether all that is between two moments lies within hours of work.

    They are told by the clock on the wall of their zone: so every minute is looked at, whatever that clock does.
    """
    minutes = ceil((end - start) / MINUTE)
    moments = (*(start + MINUTE * number for number in range(minutes)), end - timedelta(microseconds=1))
    return all(_is_open_at(hours, moment.astimezone(zone)) for moment in moments)


def format_length(length: timedelta) -> str:
    """Return a length for people: in days, hours or minutes, whichever is whole."""
    for unit, seconds in (("days", 86_400), ("hours", 3_600)):
        if length.total_seconds() >= seconds and length.total_seconds() % seconds == 0:
            return f"{int(length.total_seconds() // seconds)} {unit}"
    return f"{int(length.total_seconds() // 60)} minutes"


def _closed(business: Business, policy: Policy, start: datetime, end: datetime) -> str | None:
    if business.zone is None:  # Graph has to judge by itself
        return None
    opening = _opening_on(policy, start.astimezone(business.zone).date())
    if opening is not None and opening.kind == CLOSED:
        return "start: this service cannot be booked on that day"
    own = opening.hours if opening is not None and opening.kind == OWN_HOURS else None
    for whose, hours in (("business", business.hours), ("service", own)):
        if hours is not None and not is_open(hours, business.zone, start, end):
            return f"start: the appointment is not within the hours of the {whose}"
    return None


def _opening_on(policy: Policy, day: date) -> Opening | None:
    """Return when the service can be booked on a day: a window for some days goes before what holds in general."""
    for opening in policy.custom:
        if (opening.first is None or opening.first <= day) and (opening.last is None or day <= opening.last):
            return opening
    return policy.general


def _is_open_at(hours: Hours, local: datetime) -> bool:
    of_day = local.replace(tzinfo=None) - datetime.combine(local, time())
    return any(day == local.weekday() and opens <= of_day < closes for day, opens, closes in hours)
