"""Find businesses, services and staff by id or by display name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from shared import problems
from shared.api.fields import checked_business
from shared.bookings.graph_errors import READING, translate_graph_errors
from shared.errors import RequestRejected
from shared.graph.bookings.models import Business, Service, Staff

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


_SLASH = re.compile("%2f", re.IGNORECASE)
Item = TypeVar("Item", bound=Named)


@dataclass(frozen=True)
class BusinessLookup:
    """Finds allowed businesses. Methods raise RequestRejected."""

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
        if "@" not in name or " " in name.strip():  # as in "Salon @ Work": no address has a space
            return self._named(name)
        address = checked_business(name)
        self.permission.require(address, verb)
        return address

    def _named(self, name: str) -> str:
        """Return the address for a name. The Functions host leaves an escaped slash of a route escaped."""
        spellings = dict.fromkeys((_SLASH.sub("/", name), name))
        for spelling in spellings:
            try:
                return _only(self.businesses_like(spelling), spelling, "business").id
            except RequestRejected as rejection:
                if rejection.problem is not problems.BUSINESS_NOT_FOUND:
                    raise
        raise RequestRejected(problems.BUSINESS_NOT_FOUND, _no_such("business"))

    def _is_allowed(self, address: str) -> bool:
        return self.permission.may(None, address, "", "partner", "list").is_allowed()


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
        raise RequestRejected(_NOT_FOUND[kind], _no_such(kind))
    raise RequestRejected(problems.NAME_AMBIGUOUS, f"{kind}: give the id instead of the name.")


def _no_such(kind: str) -> str:
    return f"{kind}: not found by this id or name; names must match in full."
