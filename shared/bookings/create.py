"""Make an appointment in Microsoft Bookings, once.

Bookings may answer 500 although it made the appointment, and has no key by which a repeated call is known. So the same
appointment (business, service, start, customer) is looked for before it is made and after an answer that is none, a
row in storage keeps two calls from making it side by side, and what was perhaps made is not made again before another
look, a while later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import telemetry
from shared.api.fields import refused
from shared.api.times import read_zone
from shared.bookings.business_lock import SOON, turn
from shared.bookings.business_rules import broken_rule, is_free
from shared.bookings.graph_body import customer_body, new_appointment
from shared.bookings.graph_errors import READING, WRITING, refusal_of, told_apart
from shared.bookings.lookup import business_id, service_named, staff_named
from shared.bookings.requests import AppointmentAsked, check_customer, moment_of, start_of
from shared.errors import GraphError, GraphUnavailable, RequestRejected
from shared.graph.bookings.models import Appointment, Business, Service, Staff
from shared.parts import Parts
from shared.storage.leases import Lease

ATTEMPT = timedelta(minutes=2)  # longer than the calls of one attempt, and than Bookings takes to show what it made
LATEST = timedelta(minutes=1)  # after which an attempt sends nothing: the next one must see what it made
LOOKS = (0.0, 1.0, 2.0)  # seconds before each look for what was perhaps made


@dataclass(frozen=True, slots=True)
class Plan:
    """An appointment to make, with everything that was looked up for it."""

    business: Business
    service: Service
    staff: tuple[Staff, ...]
    start: datetime
    asked: AppointmentAsked

    @property
    def end(self) -> datetime:
        """When it ends: a service has its own length."""
        return self.start + self.service.length

    @property
    def customer(self) -> str:
        """The customer's address in lower case."""
        return self.asked.customer.email.lower()


def book(parts: Parts, business: str, asked: AppointmentAsked) -> tuple[Appointment, bool]:
    """Return the appointment that was asked for, and whether this call made it. Raises RequestRejected."""
    plan = _planned(parts, business, asked)
    attempt = _begun(parts, plan)
    try:
        standing = _standing(parts, plan)
        made = standing or _made(parts, plan, attempt)
    except RequestRejected as refusal:
        if not isinstance(refusal, PerhapsMade):
            parts.attempts.delete(attempt)
        raise
    parts.attempts.delete(attempt)
    telemetry.count("bookings", end="stood" if standing else "made")
    return made, standing is None


class PerhapsMade(RequestRejected):
    """Bookings did not say whether it made the appointment, and does not show it yet."""

    def __init__(self, error: GraphError) -> None:
        text = (
            "Bookings did not say whether it made the appointment, and does not show it. Send the same again after the "
            f"time in Retry-After: it is looked for first, and never made twice. (Graph: {error.code}, request-id "
            f"{error.request_id or 'unknown'})"
        )
        super().__init__(503, "Perhaps booked", text, ATTEMPT.total_seconds())


def _planned(parts: Parts, business: str, asked: AppointmentAsked) -> Plan:
    """Look up what is named, and check what can be checked without looking at anybody's calendar."""
    zone = read_zone(asked.time_zone)
    start = start_of(asked.start, zone)
    check_customer(asked.customer)
    address = business_id(parts, business)
    with told_apart(READING):
        found = parts.bookings.business(address)
        service = service_named(parts.bookings.services(address), asked.service)
        staff = tuple(parts.bookings.staff(address))
    if asked.end is not None and moment_of(asked.end, "end", zone) != start + service.length:
        minutes = int(service.length.total_seconds() // 60)
        raise refused(f"end: this service takes {minutes} minutes; leave end out, or say the same")
    chosen = tuple(dict.fromkeys(_able(staff_named(staff, name), service) for name in asked.staff))
    return Plan(found, service, chosen or _all_able(staff, service), start, asked)


def _able(member: Staff, service: Service) -> Staff:
    if service.staff_ids and member.id not in service.staff_ids:
        raise RequestRejected(422, "Not their service", "staff: one of them does not provide this service.")
    return member


def _all_able(staff: tuple[Staff, ...], service: Service) -> tuple[Staff, ...]:
    able = tuple(one for one in staff if not service.staff_ids or one.id in service.staff_ids)
    if not able:
        raise RequestRejected(422, "Nobody provides it", "service: the business has no staff for it.")
    return able


def _begun(parts: Parts, plan: Plan) -> Lease:
    told = (plan.business.id.lower(), plan.service.id, plan.start.isoformat(), plan.customer)
    attempt_id = hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()[:32]
    now = parts.now()
    attempt = parts.attempts.begin(attempt_id, now, now + ATTEMPT)
    if attempt is None:
        text = "Another call is making the same appointment, or did a moment ago. Send the same again after a while."
        raise RequestRejected(503, "Being booked", text, ATTEMPT.total_seconds())
    return attempt


def _standing(parts: Parts, plan: Plan) -> Appointment | None:
    """Return the same appointment if it stands already: then asking again is as good."""
    with told_apart(READING):
        found = parts.bookings.between(plan.business.id, plan.start, plan.end)
    for one in found:
        if (one.service_id, one.start) == (plan.service.id, plan.start) and plan.customer in one.customers:
            if plan.asked.staff and {member.id for member in plan.staff} != set(one.staff_ids):
                raise RequestRejected(
                    409, "Booked with others", "The customer has it with other staff: change that one."
                )
            return one
    return None


def _made(parts: Parts, plan: Plan, attempt: Lease) -> Appointment:
    if broken := broken_rule(plan.business, plan.service, plan.start, parts.now()):
        raise RequestRejected(422, "Against the rules of the business", broken)
    customer = _customer(parts, plan)
    with turn(parts, plan.business.id):
        staff = _free(parts, plan)
        body = new_appointment(plan.service, [one.id for one in staff], plan.start, plan.asked, customer)
        if attempt.until is not None and parts.now() > attempt.until - ATTEMPT + LATEST:
            raise RequestRejected(503, "Microsoft Bookings is slow", "Nothing was booked. Send the same again.", SOON)
        return _sent(parts, plan, body)


def _sent(parts: Parts, plan: Plan, body: dict[str, Any]) -> Appointment:
    try:
        return parts.bookings.create(plan.business.id, body)
    except GraphUnavailable as error:
        if error.status == 429:  # which was surely not carried out
            raise refusal_of(error, WRITING) from None
        return _read_back(parts, plan, error)
    except GraphError as error:
        raise refusal_of(error, WRITING) from None


def _free(parts: Parts, plan: Plan) -> tuple[Staff, ...]:
    """Return the staff that was named, all of it free, or the first that is free. Raises RequestRejected 409."""
    with told_apart(READING):
        margin = timedelta(hours=1)  # beyond the buffers, for answers that are cut at the window's edges
        first, last = plan.start - plan.service.pre_buffer - margin, plan.end + plan.service.post_buffer + margin
        ids = [one.id for one in plan.staff]
        spans = parts.bookings.availability(plan.business, ids, first, last)
    free = tuple(one for one in plan.staff if is_free(spans.get(one.id, ()), plan.service, plan.start))
    if plan.asked.staff and len(free) == len(plan.staff):
        return free
    if plan.asked.staff or not free:
        text = "start: the staff is not free for the appointment with its buffers. Ask for its availability."
        raise RequestRejected(409, "Not free", text)
    return free[:1]


def _customer(parts: Parts, plan: Plan) -> str:
    """Return the customer's id where Bookings asks for one, for a service for several ("Create bookingAppointment")."""
    if plan.service.most_customers <= 1:
        return ""
    with told_apart(READING):
        known = parts.bookings.customers(plan.business.id)
    for one in known:
        if one.address.lower() == plan.customer:
            return one.id
    with told_apart(WRITING):
        return parts.bookings.create_customer(plan.business.id, customer_body(plan.asked.customer)).id


def _read_back(parts: Parts, plan: Plan, error: GraphUnavailable) -> Appointment:
    """Return the appointment if it was made all the same. It is never sent twice by one call."""
    for seconds in LOOKS:
        parts.sleep(seconds)
        try:
            found = _standing(parts, plan)
        except RequestRejected:
            continue
        if found is not None:
            telemetry.count("bookings", end="read-back")
            return found
    telemetry.count("bookings", end="perhaps")
    raise PerhapsMade(error)
