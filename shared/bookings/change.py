"""Change and cancel appointments in Microsoft Bookings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared import telemetry
from shared.api.fields import refused
from shared.api.times import read_zone
from shared.bookings.business_lock import turn
from shared.bookings.business_rules import broken_rule, freed, is_free, merged, within_lead
from shared.bookings.graph_body import times
from shared.bookings.graph_errors import CANCELLING, READING, WRITING, refusal_of, told_apart
from shared.bookings.lookup import business_id, staff_named
from shared.bookings.requests import AppointmentChange, start_of
from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RequestRejected
from shared.graph.bookings.models import Appointment, Business, Service
from shared.parts import Parts


def change_appointment(parts: Parts, business: str, appointment: str, asked: AppointmentChange) -> Appointment:
    """Move an appointment, or give it to others, and return it as it is then. Raises RequestRejected."""
    if asked.start is None and asked.staff is None:
        raise refused("start or staff: give at least one of them")
    start = None if asked.start is None else start_of(asked.start, read_zone(asked.time_zone))
    found, service, standing = _found(parts, business, appointment)
    at = standing.start if start is None else start
    if late := within_lead(merged(service.policy, found.policy), standing.start, parts.now()):
        raise RequestRejected(422, "Too late to change it", late)
    if broken := broken_rule(found, service, at, parts.now()):
        raise RequestRejected(422, "Against the rules of the business", broken)
    staff = standing.staff_ids if asked.staff is None else _staff_ids(parts, found, service, asked.staff)
    with turn(parts, found.id), told_apart(WRITING):
        _check_free(parts, found, service, standing, staff, at)
        parts.bookings.change(found.id, appointment, _changed(standing, service, at, staff))
    telemetry.count("bookings", end="changed")
    with told_apart(READING):
        return parts.bookings.appointment(found.id, appointment)


def cancel_appointment(parts: Parts, business: str, appointment: str, message: str | None) -> None:
    """Cancel an appointment with a message for the customer and the staff, or (None) just delete it.

    One that is gone already is as good. Raises RequestRejected.
    """
    try:
        found, service, standing = _found(parts, business, appointment)
    except NotThere:
        return
    if late := within_lead(merged(service.policy, found.policy), standing.start, parts.now()):
        raise RequestRejected(422, "Too late to cancel it", late)
    try:
        if message is None:
            parts.bookings.delete(found.id, appointment)
        else:
            parts.bookings.cancel(found.id, appointment, message)
    except GraphNotFound:
        return
    except GraphUnavailable as error:
        if _stands(parts, found.id, appointment):
            raise refusal_of(error, WRITING) from None
    except GraphError as error:
        raise refusal_of(error, WRITING if message is None else CANCELLING) from None
    telemetry.count("bookings", end="cancelled")


class NotThere(RequestRejected):
    """There is no such appointment."""

    def __init__(self) -> None:
        super().__init__(404, "No such appointment", "List them with GET /api/bookings/{business}/appointments.")


def read_appointment(parts: Parts, address: str, appointment: str) -> Appointment:
    """Return an appointment of a business that is allowed. Raises RequestRejected."""
    if not appointment.isprintable():
        raise NotThere
    try:
        return parts.bookings.appointment(address, appointment)
    except GraphNotFound:
        raise NotThere from None
    except GraphError as error:
        raise refusal_of(error, READING) from None


def _found(parts: Parts, business: str, appointment: str) -> tuple[Business, Service, Appointment]:
    address = business_id(parts, business)
    standing = read_appointment(parts, address, appointment)
    with told_apart(READING):
        found, services = parts.bookings.business(address), parts.bookings.services(address)
    known = [one for one in services if one.id == standing.service_id]
    if not known:
        text = "The service of this appointment is gone: it can be changed in Bookings only."
        raise RequestRejected(409, "Service gone", text)
    return found, known[0], standing


def _staff_ids(parts: Parts, found: Business, service: Service, named: list[str]) -> tuple[str, ...]:
    with told_apart(READING):
        known = parts.bookings.staff(found.id)
    ids = tuple(dict.fromkeys(staff_named(known, name).id for name in named))
    if service.staff_ids and not set(ids) <= set(service.staff_ids):
        raise RequestRejected(422, "Not their service", "staff: one of them does not provide this service.")
    return ids


def _check_free(
    parts: Parts, found: Business, service: Service, standing: Appointment, staff: tuple[str, ...], at: datetime
) -> None:
    """Raise RequestRejected 409 unless all are free.
    Where the appointment itself stands its own staff counts as free.
    """
    margin = timedelta(hours=1)
    first, last = at - service.pre_buffer - margin, at + service.length + service.post_buffer + margin
    with told_apart(READING):
        spans = parts.bookings.availability(found, list(staff), first, last)
    own = (standing.start - service.pre_buffer, standing.end + service.post_buffer)
    for member in staff:
        known = spans.get(member, [])
        if member in standing.staff_ids:
            known = freed(known, *own)
        if not is_free(known, service, at):
            text = "start: the staff is not free for the appointment with its buffers. Ask for its availability."
            raise RequestRejected(409, "Not free", text)


def _changed(standing: Appointment, service: Service, at: datetime, staff: tuple[str, ...]) -> dict[str, Any]:
    """Return what changes and nothing else ("Update bookingAppointment")."""
    moved = times(at, service.length) if at != standing.start else {}
    given = {"staffMemberIds": list(staff)} if staff != standing.staff_ids else {}
    return {"@odata.type": "#microsoft.graph.bookingAppointment", **moved, **given}


def _stands(parts: Parts, address: str, appointment: str) -> bool:
    """Return whether an appointment still stands after an answer that was none; True while nobody can tell."""
    try:
        parts.bookings.appointment(address, appointment)
    except GraphNotFound:
        return False
    except GraphError:
        return True
    return True
