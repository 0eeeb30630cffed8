"""Find businesses, services, staff and appointments by id or by display name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from shared import problems
from shared.api.fields import checked_business
from shared.bookings.graph_errors import READING, rejection_of, translate_graph_errors
from shared.bookings.rejections import NoSuchAppointment
from shared.errors import GraphError, GraphNotFound, RequestRejected
from shared.graph.bookings.models import Appointment, Business, Service, Staff
from shared.http.path_segments import STRAY_PATH

if TYPE_CHECKING:
    from shared.graph.bookings.client import BookingsClient
    from shared.policy.permission import Permission, Verb


class Named(Protocol):
    """An object with an id and a name."""

    @property
    def id(self) -> str:
        """Graph's id."""

    @property
    def name(self) -> str:
        """The display name."""


Item = TypeVar("Item", bound=Named)


@dataclass(frozen=True)
class BusinessLookup:
    """Finds allowed businesses and their appointments. Methods raise RequestRejected."""

    bookings: BookingsClient
    permission: Permission

    def businesses_like(self, name: str) -> list[Business]:
        """Return the allowed businesses whose name contains a text; others are not disclosed."""
        self.permission.require_running()  # before any business is known
        with translate_graph_errors(READING):
            matches = self.bookings.search(name)
            return [business for business in matches if self._is_allowed(business.id)]

    def business_id(self, name: str, verb: Verb = "read") -> str:
        """Return the address of a business by its address or name. Raises RequestRejected 403, 404, 409 or 422."""
        if not name.isprintable():  # a lone surrogate cannot be encoded in a URL
            raise RequestRejected(problems.BUSINESS_NOT_FOUND, "business: no business has this address or name.")
        if "@" not in name:
            return _only(self.businesses_like(name), name, "business").id
        address = checked_business(name)
        self.permission.require(address, verb)
        return address

    def _is_allowed(self, address: str) -> bool:
        return self.permission.may(None, address, "", "partner", "list").is_allowed()

    def appointment(self, address: str, appointment_id: str) -> Appointment:
        """Return an appointment of an allowed business."""
        try:
            return self.bookings.appointment(address, appointment_id)
        except GraphNotFound:
            raise NoSuchAppointment from None
        except GraphError as error:
            if error.code == STRAY_PATH:  # it is no id, and Graph was not asked
                raise NoSuchAppointment from None
            raise rejection_of(error, READING) from None


def service_named(services: Iterable[Service], name: str) -> Service:
    """Return the service with an id or a name. Raises RequestRejected 404 or 409."""
    return _only(services, name, "service")


def staff_named(staff: Iterable[Staff], name: str) -> Staff:
    """Return the member of staff with an id, an address or a name. Raises RequestRejected 404 or 409."""
    members = list(staff)
    by_address = [member for member in members if member.address and member.address.lower() == name.strip().lower()]
    return by_address[0] if len(by_address) == 1 else _only(members, name, "staff")


_NOT_FOUND = {
    "business": problems.BUSINESS_NOT_FOUND,
    "service": problems.SERVICE_NOT_FOUND,
    "staff": problems.STAFF_NOT_FOUND,
}


def _only(items: Iterable[Item], name: str, kind: str) -> Item:
    candidates = list(items)
    by_id = [item for item in candidates if item.id == name]
    matches = by_id or [item for item in candidates if item.name.strip().casefold() == name.strip().casefold()]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        text = f"{kind}: not found by this id or name; names must match in full."
        raise RequestRejected(_NOT_FOUND[kind], text)
    raise RequestRejected(problems.NAME_AMBIGUOUS, f"{kind}: give the id instead of the name.")
