"""Create an appointment in Microsoft Bookings, once.

Bookings may answer 500 although it created the appointment, and has no idempotency key. Therefore the relay searches
for the same appointment (business, service, start, customer) before it creates one, and again after a missing answer.
A lease prevents parallel calls from creating it twice. After an unknown outcome the lease is kept, so that a repeated
call comes late enough to find the appointment.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from shared import problems, telemetry
from shared.api.fields import invalid
from shared.api.times import read_zone
from shared.bookings.business_lock import LEASE_TIME, RETRY_AFTER
from shared.bookings.business_rules import broken_rule
from shared.bookings.draft import AppointmentDraft, eligible_staff
from shared.bookings.graph_errors import READING, is_outage, translate_graph_errors
from shared.bookings.lookup import BusinessLookup, service_named
from shared.bookings.rejections import BookingsFailing, OutcomeUnknown, RuleBroken
from shared.bookings.requests import AppointmentRequest, check_customer, parse_start, parse_time
from shared.bookings.staff_times import longest_buffer
from shared.errors import ConfigurationError, RequestRejected, ServiceUnavailable
from shared.graph.bookings.ids import Seat
from shared.storage.leases import Held, Leases

if TYPE_CHECKING:
    from shared.bookings.deliveries.own_changes import OwnChanges
    from shared.bookings.existing import ExistingAppointments
    from shared.bookings.records import AppointmentRecord, AppointmentRecords
    from shared.bookings.sending import AppointmentSender
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment

IN_PROGRESS = "Another call is creating the same appointment, or did so just now. Repeat the request after Retry-After."


@dataclass(frozen=True)
class AppointmentCreator:
    """Creates appointments. Methods raise RequestRejected, ConfigurationError or ServiceUnavailable."""

    bookings: BookingsClient
    businesses: BusinessLookup
    existing: ExistingAppointments
    sender: AppointmentSender
    records: AppointmentRecords
    leases: Leases
    own: OwnChanges
    now: Callable[[], datetime]

    def create(self, business: str, request: AppointmentRequest, caller: str = "") -> tuple[Appointment, bool]:
        """Return the appointment of a request, and whether this call created it. It belongs to its `caller`.

        If the outcome is unknown, the lease is kept until Bookings would show the appointment.
        """
        draft = self._draft(business, request)
        key = self.records.key_of_request(caller, *draft.identity)
        lease = self._acquire(draft)
        try:
            record = self.records.of_request(caller, *draft.identity)
            appointment, is_new = self._appointment(draft, lease, key, record)
        except OutcomeUnknown as unknown:
            if not is_outage(unknown.error):
                self.records.count_failure(key, draft.end)
            raise
        except RequestRejected:
            lease.release()
            raise
        except (ServiceUnavailable, ConfigurationError):
            self._release_unsent(lease, key)
            raise
        lease.release()
        self.own.reported(draft.business.id, appointment, caller)
        telemetry.count("bookings", end="made" if is_new else "stood")
        return appointment, is_new

    def _draft(self, business: str, request: AppointmentRequest) -> AppointmentDraft:
        """Resolve the names in a request, and validate all that needs no look at a calendar."""
        zone = read_zone(request.time_zone)
        start = parse_start(request.start, zone)
        check_customer(request.customer)
        address = self.businesses.business_id(business, "write")
        with translate_graph_errors(READING):
            details, services = self.bookings.business(address), self.bookings.services(address)
            service = service_named(services, request.service)
            staff = self.bookings.staff(address)
        if request.end is not None and parse_time(request.end, "end", zone) != start + service.length:
            minutes = int(service.length.total_seconds() // 60)
            raise invalid(f"end: this service takes {minutes} minutes; omit end, or make it match")
        eligible = eligible_staff(request.staff, staff, service)
        return AppointmentDraft(details, service, eligible, start, request, longest_buffer(services))

    def _acquire(self, draft: AppointmentDraft) -> Held:
        lease = self.leases.acquire(draft.lease_name, self.now(), LEASE_TIME)
        if not isinstance(lease, Held):
            raise RequestRejected(problems.APPOINTMENT_IN_PROGRESS, IN_PROGRESS, max(lease.wait, RETRY_AFTER))
        return lease

    def _release_unsent(self, lease: Held, key: str) -> None:
        """Release the lease after a failure of the relay's own, unless something may have been sent."""
        with suppress(ServiceUnavailable, ConfigurationError):
            record = self.records.find(key)
            if record is None or record.state != "sent":
                lease.release()

    def _appointment(
        self, draft: AppointmentDraft, lease: Held, key: str, record: AppointmentRecord | None
    ) -> tuple[Appointment, bool]:
        """Return the appointment, and whether this call created it or its seat."""
        existing = self.existing.of_request(draft, record)
        if existing is not None:
            return self._with_link(self._with_seat(draft, existing), record), False
        if self.records.is_failing(record):
            raise BookingsFailing("Nothing was booked")
        if broken := broken_rule(draft.business, draft.service, draft.start, self.now()):
            raise RuleBroken(broken)
        appointment = self.sender.send(draft, lease, key)
        self.records.write(self.records.key_of(draft.business.id, _seat_of(appointment)), draft.end, state="made")
        return self._with_link(appointment, self.records.find(key)), True

    def _with_seat(self, draft: AppointmentDraft, appointment: Appointment) -> Appointment:
        """Return an appointment with the seat of the request's customer, where there are several."""
        if not draft.is_shared:
            return appointment
        ours = [each for each in appointment.raw_customers if _address(each) == draft.customer]
        return replace(appointment, seat=str(ours[0].get("customerId") or "") if ours else "")

    def _with_link(self, appointment: Appointment, record: AppointmentRecord | None) -> Appointment:
        """Return an appointment with its link only if this caller's request made the meeting online."""
        if not appointment.is_online:
            return replace(appointment, join_url="", missing_link="not_online")
        if record is None or not record.online:
            return replace(appointment, join_url="", missing_link="not_told")
        return appointment if appointment.join_url else replace(appointment, missing_link="not_yet")


def _seat_of(appointment: Appointment) -> Seat:
    return Seat(appointment.id, appointment.seat)


def _address(customer: dict[str, object]) -> str:
    return str(customer.get("emailAddress") or "").strip().lower()
