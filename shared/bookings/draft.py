"""An appointment to create, with its business, service and staff. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared import problems
from shared.bookings.lookup import staff_named
from shared.bookings.rejections import ServiceNotProvided
from shared.bookings.requests import AppointmentRequest
from shared.errors import RequestRejected
from shared.graph.bookings.models import Appointment, Business, Service, Staff


@dataclass(frozen=True, slots=True)
class AppointmentDraft:
    """An appointment to create; `staff` is the named staff, or everyone who provides the service."""

    business: Business
    service: Service
    staff: tuple[Staff, ...]
    start: datetime
    request: AppointmentRequest

    @property
    def end(self) -> datetime:
        """Its end: start and the length of the service."""
        return self.start + self.service.length

    @property
    def customer(self) -> str:
        """The customer's address in lower case."""
        return self.request.customer.email.lower()

    @property
    def lease_name(self) -> str:
        """Its identity: business, service, start and customer."""
        return "\n".join((self.business.id.lower(), self.service.id, self.start.isoformat(), self.customer))

    def is_same(self, appointment: Appointment) -> bool:
        """Return whether an appointment has the same service, start and customer."""
        same_time = (appointment.service_id, appointment.start) == (self.service.id, self.start)
        return same_time and self.customer in appointment.customers


def eligible_staff(names: Iterable[str], staff: Iterable[Staff], service: Service) -> tuple[Staff, ...]:
    """Return the named staff; without names, everyone who provides the service. Raises RequestRejected."""
    members = tuple(staff)
    chosen = []
    for name in names:
        member = staff_named(members, name)
        if not service.is_provided_by(member.id):
            raise ServiceNotProvided
        chosen.append(member)
    eligible = dict.fromkeys(chosen or (member for member in members if service.is_provided_by(member.id)))
    if not eligible:
        raise RequestRejected(problems.SERVICE_HAS_NO_STAFF, "service: no staff of the business provides it.")
    return tuple(eligible)
