"""What Microsoft Bookings holds, for callers to choose from: only of businesses that the customer allows."""

from __future__ import annotations

from datetime import datetime

from shared.api.fields import refused
from shared.bookings.change import read_appointment
from shared.bookings.graph_errors import READING, told_apart
from shared.bookings.lookup import business_id, staff_named
from shared.errors import RequestRejected
from shared.graph.bookings.models import Appointment, Business, Customer, Service, Span, Staff
from shared.parts import Parts

LEAST_LETTERS = 3  # of a search for customers: the list of all of them is not for taking away
MOST_STAFF = 50  # of one question about availability


def business(parts: Parts, named: str) -> Business:
    """Return a business. Raises RequestRejected."""
    address = business_id(parts, named)
    with told_apart(READING):
        return parts.bookings.business(address)


def services(parts: Parts, named: str) -> list[Service]:
    """Return its services. Raises RequestRejected."""
    address = business_id(parts, named)
    with told_apart(READING):
        return parts.bookings.services(address)


def staff(parts: Parts, named: str) -> list[Staff]:
    """Return its staff. Raises RequestRejected."""
    address = business_id(parts, named)
    with told_apart(READING):
        return parts.bookings.staff(address)


def customers(parts: Parts, named: str, search: str) -> list[Customer]:
    """Return the customers whose name or address holds a text. Raises RequestRejected."""
    wanted = search.strip().casefold()
    if len(wanted) < LEAST_LETTERS:
        raise refused(f"search: give {LEAST_LETTERS} letters or more of a customer's name or address")
    address = business_id(parts, named)
    with told_apart(READING):
        known = parts.bookings.customers(address)
    return [one for one in known if wanted in one.name.casefold() or wanted in one.address.casefold()]


def appointments(parts: Parts, named: str, window: tuple[datetime, datetime] | None) -> list[Appointment]:
    """Return its appointments in a window, or all of them, by their start. Raises RequestRejected."""
    address = business_id(parts, named)
    with told_apart(READING):
        found = parts.bookings.between(address, *window) if window else parts.bookings.appointments(address)
    return sorted(found, key=lambda one: (one.start, one.id))


def appointment(parts: Parts, named: str, appointment_id: str) -> Appointment:
    """Return one appointment. Raises RequestRejected."""
    return read_appointment(parts, business_id(parts, named), appointment_id)


def availability(
    parts: Parts, named: str, wanted: list[str], window: tuple[datetime, datetime]
) -> list[tuple[Staff, list[Span]]]:
    """Return what the staff (all of it, unless some is named) is in a window. Raises RequestRejected."""
    found = business(parts, named)
    with told_apart(READING):
        known = parts.bookings.staff(found.id)
    chosen = list(dict.fromkeys(staff_named(known, name) for name in wanted)) or known
    if len(chosen) > MOST_STAFF:
        raise RequestRejected(422, "Too many at once", f"staff: name {MOST_STAFF} of them at most.")
    if not chosen:
        return []
    with told_apart(READING):
        spans = parts.bookings.availability(found, [one.id for one in chosen], *window)
    return [(one, sorted(spans.get(one.id, []), key=lambda span: span.start)) for one in chosen]
