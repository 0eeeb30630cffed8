"""Read the contents of Microsoft Bookings, for allowed businesses only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from shared import problems
from shared.api.fields import invalid
from shared.bookings.graph_errors import READING, translate_graph_errors
from shared.bookings.lookup import BusinessLookup, staff_named
from shared.bookings.requests import MAX_STAFF, PageMark
from shared.errors import RequestRejected
from shared.graph.client import LIST_PAGES

if TYPE_CHECKING:
    from shared.bookings.appointments import Appointments
    from shared.bookings.staff_times import StaffTimes
    from shared.graph.bookings.client import BookingsClient
    from shared.graph.bookings.models import Appointment, Business, Customer, Service, Span, Staff

MIN_LETTERS = 3  # of a customer search, so that callers cannot export the whole list
MAX_CUSTOMERS = 20  # found by a search
_DOMAIN = re.compile(r"@\S*")
Window = tuple[datetime, datetime]


class AppointmentsPage(NamedTuple):
    """Some appointments, and where the next ones begin; None after the last."""

    appointments: list[Appointment]
    after: PageMark | None


@dataclass(frozen=True)
class BookingsReader:
    """Reads the contents of a business, given its address or name. Methods raise RequestRejected."""

    bookings: BookingsClient
    businesses: BusinessLookup
    by_id: Appointments
    staff_times: StaffTimes

    def business(self, name: str) -> Business:
        """Return a business."""
        address = self.businesses.business_id(name)
        with translate_graph_errors(READING):
            return self.bookings.business(address)

    def services(self, name: str) -> list[Service]:
        """Return its services."""
        address = self.businesses.business_id(name)
        with translate_graph_errors(READING):
            return self.bookings.services(address)

    def staff(self, name: str) -> list[Staff]:
        """Return its staff."""
        address = self.businesses.business_id(name)
        with translate_graph_errors(READING):
            return self.bookings.staff(address)

    def customers(self, name: str, search: str) -> list[Customer]:
        """Return at most MAX_CUSTOMERS + 1 customers: whose name, or whose address before the @, contains a text, or
        whose whole address it is. A part of a domain would name all customers.
        """
        text = search.strip().casefold()
        if len(text) < MIN_LETTERS:
            raise invalid(f"search: give at least {MIN_LETTERS} letters of a customer's name or address")
        address = self.businesses.business_id(name)
        with translate_graph_errors(READING):
            customers = self.bookings.customers(address)
        return [each for each in customers if _matches(each, text)][: MAX_CUSTOMERS + 1]

    def appointments(self, name: str, window: Window, size: int, mark: PageMark) -> AppointmentsPage:
        """Return at most `size` of its appointments in a window, from a page of Graph's, sorted by start."""
        address = self.businesses.business_id(name)
        skipped, page, until = mark.skipped, dict(mark.page), self.bookings.list_end()
        with translate_graph_errors(READING):
            for _ in range(LIST_PAGES):
                found, following = self.bookings.calendar_page(address, *window, page, until)
                if skipped < len(found) or not following:
                    break
                skipped, page = skipped - len(found), following
        ordered = sorted(found, key=lambda appointment: (appointment.start, appointment.id))
        has_more = skipped + size < len(ordered)
        after = PageMark(skipped + size, page) if has_more else PageMark(0, following) if following else None
        return AppointmentsPage(ordered[skipped : skipped + size], after)

    def appointment(self, name: str, appointment_id: str) -> Appointment:
        """Return one appointment."""
        address = self.businesses.business_id(name)
        return self.by_id.read(address, self.by_id.seat(appointment_id))

    def availability(self, name: str, staff: list[str], window: Window) -> list[tuple[Staff, list[Span]]]:
        """Return the availability of the named staff, or of all staff, in a window."""
        business = self.business(name)
        with translate_graph_errors(READING):
            members = self.bookings.staff(business.id)
        chosen = list(dict.fromkeys(staff_named(members, name) for name in staff)) or members
        if len(chosen) > MAX_STAFF:
            raise RequestRejected(problems.TOO_MANY_STAFF, f"staff: name at most {MAX_STAFF} members.")
        if not chosen:
            return []
        spans = self.staff_times.shown(business, [member.id for member in chosen], window)
        return [(member, spans[member.id]) for member in chosen]


def _matches(customer: Customer, text: str) -> bool:
    """Return whether a search finds a customer. A name may be an address itself."""
    names = (_DOMAIN.sub("", customer.name), customer.address.rpartition("@")[0])
    return customer.address.casefold() == text or any(text in name.casefold() for name in names)
