"""What Microsoft Bookings tells, with the few properties that the relay needs.

("bookingBusiness", "bookingService", "bookingStaffMember", "bookingCustomer" and "bookingAppointment resource type")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

Hours = tuple[tuple[int, timedelta, timedelta], ...]  # weekday (Monday is 0), and from when until when of that day


@dataclass(frozen=True, slots=True)
class Opening:
    """When a service can be booked: `kind` is Graph's availabilityType; the days are those of a custom window."""

    kind: str
    hours: Hours = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A scheduling policy; None where it says nothing ("bookingSchedulingPolicy resource type")."""

    minimum_lead: timedelta | None = None
    maximum_advance: timedelta | None = None
    staff_selection: bool | None = None
    general: Opening | None = None
    custom: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True)
class Business:
    """A booking business. Its id is the address of its mailbox; without a zone nobody can say when its hours are."""

    id: str
    name: str
    hours: Hours | None = None
    zone: tzinfo | None = None
    zone_name: str = ""
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True)
class Service:
    """What can be booked; an empty `staff_ids` leaves it to everybody. `raw` is Graph's own, for what is passed on."""

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
        """Return whether a member of staff provides it."""
        return not self.staff_ids or staff_id in self.staff_ids


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody who provides services."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who books."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment, in UTC; `customers` are the addresses, or the names of who has none, in lower case."""

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


@dataclass(frozen=True, slots=True)
class Span:
    """What a member of staff is from when until when: available, busy, slotsAvailable, outOfOffice."""

    status: str
    start: datetime
    end: datetime
    service_id: str = ""
