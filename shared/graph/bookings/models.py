"""The objects of Microsoft Bookings, with the properties that the relay needs.

("bookingBusiness", "bookingService", "bookingStaffMember", "bookingCustomer" and "bookingAppointment resource type")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

Hours = tuple[tuple[int, timedelta, timedelta], ...]  # weekday (Monday is 0), start and end as times since midnight


@dataclass(frozen=True, slots=True)
class Opening:
    """When a service can be booked. `kind` is Graph's availabilityType; a custom window has its days."""

    kind: str
    hours: Hours = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A scheduling policy; None where a value is not set ("bookingSchedulingPolicy resource type")."""

    minimum_lead: timedelta | None = None
    maximum_advance: timedelta | None = None
    staff_selection: bool | None = None
    general: Opening | None = None
    custom: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True)
class Business:
    """A booking business. Its id is the address of its mailbox; without a zone, its hours cannot be checked."""

    id: str
    name: str
    hours: Hours | None = None
    zone: tzinfo | None = None
    zone_name: str = ""
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True)
class Service:
    """A bookable service; all staff provides it if `staff_ids` is empty. `raw` is Graph's object."""

    id: str
    name: str
    length: timedelta
    pre_buffer: timedelta
    post_buffer: timedelta
    staff_ids: tuple[str, ...]
    most_customers: int
    policy: Policy
    raw: dict[str, Any] = field(repr=False, compare=False)

    def is_provided_by(self, staff_id: str) -> bool:
        """Return whether a member of staff provides the service."""
        return not self.staff_ids or staff_id in self.staff_ids


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment, in UTC. `customers` has addresses, or names of customers without one, in lower case.

    Lists of Graph may leave `customers` empty; `count` says how many there are. `raw_customers` is what Graph returned
    of them. `seat` is the customer whose seat this is, by Graph's id; empty for the whole appointment.
    `missing_link` says why a caller gets no `join_url` (see public_appointment).
    """

    id: str
    service_id: str
    service_name: str
    start: datetime
    end: datetime
    staff_ids: tuple[str, ...]
    customers: frozenset[str]
    count: int
    location: str
    join_url: str = field(repr=False)
    capacity: int = 1
    pre_buffer: timedelta = timedelta()
    post_buffer: timedelta = timedelta()
    is_online: bool = False
    is_mail_off: bool = False
    raw_customers: tuple[dict[str, Any], ...] = field(default=(), repr=False, compare=False)
    seat: str = ""
    missing_link: str = ""
    created: datetime | None = None
    updated: datetime | None = None

    @property
    def block(self) -> tuple[datetime, datetime]:
        """The time for which it occupies its staff, with its buffers."""
        return self.start - self.pre_buffer, self.end + self.post_buffer

    @property
    def customer_ids(self) -> frozenset[str]:
        """Graph's ids of its customers."""
        return frozenset(str(each["customerId"]) for each in self.raw_customers if each.get("customerId"))

    @property
    def has_all_customers(self) -> bool:
        """Whether Graph returned each of its customers with an id, so that the list can be replaced without a loss."""
        return len(self.raw_customers) >= self.count and all(each.get("customerId") for each in self.raw_customers)

    @property
    def lists_all_customers(self) -> bool:
        """Whether Graph told each of its customers."""
        return self.count > 0 and len(self.customers) == self.count


@dataclass(frozen=True, slots=True)
class Span:
    """The status of a member of staff during a time: available, busy, slotsAvailable, outOfOffice."""

    status: str
    start: datetime
    end: datetime
    service_id: str = ""
