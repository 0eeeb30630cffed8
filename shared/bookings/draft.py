"""An appointment to create, with its business, service and staff. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import problems
from shared.bookings.lookup import staff_named
from shared.bookings.rejections import ServiceNotProvided
from shared.bookings.requests import AppointmentRequest
from shared.errors import RequestRejected
from shared.graph.bookings.models import Appointment, Business, Service, Staff
from shared.storage.leases import lease_id_of


@dataclass(frozen=True, slots=True)
class CustomerTime:
    """A service and a start at which each of some customers (addresses in lower case) may have one appointment."""

    business: str
    service: str
    start: datetime
    customers: frozenset[str]

    @property
    def lease_names(self) -> list[str]:
        """The name of each customer's lease: whoever holds it may give the customer an appointment here."""
        return ["\n".join(_identity(self.business, self.service, self.start, each)) for each in sorted(self.customers)]

    @property
    def hashes(self) -> set[str]:
        """A hash of each customer's identity."""
        return {lease_id_of(name) for name in self.lease_names}

    def is_at(self, service: str, start: datetime | None) -> bool:
        """Return whether a service and start are these."""
        return (service, start) == (self.service, self.start)

    def has_customer(self, appointment: Appointment) -> bool:
        """Return whether an appointment has one of the customers."""
        return bool(self.customers & appointment.customers)


@dataclass(frozen=True, slots=True)
class AppointmentDraft:
    """An appointment to create; `staff` is the named staff, or everyone who provides the service."""

    business: Business
    service: Service
    staff: tuple[Staff, ...]
    start: datetime
    request: AppointmentRequest
    longest_buffer: timedelta  # of any service of the business

    @property
    def end(self) -> datetime:
        """Its end: start and the length of the service."""
        return self.start + self.service.length

    @property
    def customer(self) -> str:
        """The customer's address in lower case."""
        return self.request.customer.email.lower()

    @property
    def identity(self) -> tuple[str, ...]:
        """What identifies it: business, service, start and customer."""
        return _identity(self.business.id, self.service.id, self.start, self.customer)

    @property
    def customer_time(self) -> CustomerTime:
        """Its service and start for its customer."""
        return CustomerTime(self.business.id, self.service.id, self.start, frozenset({self.customer}))

    @property
    def lease_name(self) -> str:
        """Its identity as a text."""
        return self.customer_time.lease_names[0]

    @property
    def hash(self) -> str:
        """A hash of its identity."""
        return lease_id_of(self.lease_name)

    @property
    def is_shared(self) -> bool:
        """Whether the service is for several customers at a time."""
        return self.service.most_customers > 1

    @property
    def block(self) -> tuple[datetime, datetime]:
        """The time for which it occupies its staff, with its buffers."""
        return self.start - self.service.pre_buffer, self.end + self.service.post_buffer

    def is_same(self, appointment: Appointment) -> bool:
        """Return whether an appointment has the same service, start and customer."""
        same_time = (appointment.service_id, appointment.start) == (self.service.id, self.start)
        return same_time and self.customer in appointment.customers

    def may_be(self, appointment: Appointment) -> bool:
        """Return whether an appointment that this request made before is still the same one.

        Bookings may not tell its customers at all (microsoft-graph-docs issue 21898).
        """
        same_time = (appointment.service_id, appointment.start) == (self.service.id, self.start)
        return self.is_same(appointment) or (same_time and not appointment.customers and not self.is_shared)


def _identity(business: str, service: str, start: datetime, customer: str) -> tuple[str, ...]:
    return business.lower(), service, start.isoformat(), customer


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
