"""The public JSON of Microsoft Bookings' objects, for callers. Pure.

An allow-list by construction, as for events: a field that is not named here cannot leave the relay. An appointment is
returned without its customers, its notes and prices, and the texts of its service.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.graph.bookings.ids import route_id
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.graph.bookings.models import Appointment, Business, Customer, Policy, Service, Span, Staff

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def public_business(business: Business) -> dict[str, Any]:
    """Return a business as it appears in a list."""
    return {"id": business.id, "name": business.name}


def public_opening(business: Business) -> dict[str, Any]:
    """Return a business with its rules, and its hours in the local time of its zone."""
    slots = business.hours or ()
    hours = [{"day": _DAYS[day], "from": _clock(opens), "to": _clock(closes)} for day, opens, closes in slots]
    rules = {"timeZone": business.zone_name or None, "hours": hours, "staffSelection": business.policy.staff_selection}
    return public_business(business) | rules | _lead_times(business.policy)


def public_service(service: Service) -> dict[str, Any]:
    """Return a service; a rule is None where the business's rule applies."""
    return {
        "id": service.id,
        "name": service.name,
        "minutes": _minutes(service.length),
        "preBufferMinutes": _minutes(service.pre_buffer),
        "postBufferMinutes": _minutes(service.post_buffer),
        "staffIds": list(service.staff_ids),
        "maximumCustomers": service.most_customers,
        **_lead_times(service.policy),
    }


def public_staff(staff: Staff) -> dict[str, Any]:
    """Return a member of staff."""
    return {"id": staff.id, "name": staff.name}


def public_customer(customer: Customer) -> dict[str, Any]:
    """Return a customer, as the result of a search."""
    return {"id": customer.id, "name": customer.name, "email": customer.address or None}


def public_appointment(appointment: Appointment, details: frozenset[str]) -> dict[str, Any]:
    """Return an appointment with the details that EVENT_DETAIL allows; its title is the name of its service.

    Customers are counted, not named; an appointment has no organizer of its own.
    """
    allowed = {"location": appointment.location or None, "attendees": appointment.count}
    return {name: value for name, value in allowed.items() if name in details} | {
        "id": route_id(appointment.id, appointment.seat),
        "title": appointment.service_name,
        "start": format_utc(appointment.start),
        "end": format_utc(appointment.end),
        "serviceId": appointment.service_id or None,
        "staffIds": list(appointment.staff_ids),
    }


def booked_appointment(appointment: Appointment, details: frozenset[str]) -> dict[str, Any]:
    """Return an appointment to the caller that created or moved it.

    Only the call that made the meeting online gets its link. `joinUrlMissing` says why there is none: not_online,
    not_told, or not_yet while Bookings has not made it.
    """
    link = {"joinUrl": appointment.join_url or None, "joinUrlMissing": appointment.missing_link or None}
    return public_appointment(appointment, details) | link


def public_availability(staff: Staff, spans: list[Span]) -> dict[str, Any]:
    """Return the availability of a member of staff, without the reasons."""
    periods = [{"status": span.status, "start": format_utc(span.start), "end": format_utc(span.end)} for span in spans]
    return public_staff(staff) | {"spans": periods}


def _lead_times(policy: Policy) -> dict[str, Any]:
    minimum, maximum = policy.minimum_lead, policy.maximum_advance
    return {
        "minimumLeadMinutes": None if minimum is None else _minutes(minimum),
        "maximumAdvanceMinutes": None if maximum is None else _minutes(maximum),
    }


def _clock(time: timedelta) -> str:
    minutes = _minutes(time)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)
