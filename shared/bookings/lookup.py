"""Businesses, services and staff by their ids or by their names, as people call them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from shared.bookings.graph_errors import READING, told_apart
from shared.errors import RequestRejected
from shared.graph.bookings.models import Business, Service, Staff
from shared.parts import Parts
from shared.policy.allow_list import check_allowed


class Named(Protocol):
    """What has an id and a name."""

    @property
    def id(self) -> str:
        """Graph's id."""

    @property
    def name(self) -> str:
        """The name that people see."""


One = TypeVar("One", bound=Named)


def businesses_like(parts: Parts, name: str) -> list[Business]:
    """Return the businesses whose name holds a text and that the customer allows; nobody hears of the others."""
    with told_apart(READING):
        return [one for one in parts.bookings.search(name) if parts.allow_list.allows(one.id)]


def business_id(parts: Parts, named: str) -> str:
    """Return the address of a business that the customer allows. Raises RequestRejected: 403, 404, 409."""
    if not named.isprintable():  # half a character cannot stand in an address
        raise RequestRejected(404, "No such business", "business: there is none with this address or name.")
    if "@" not in named:
        return _only(businesses_like(parts, named), named, "business").id
    address = named.strip().lower()
    check_allowed(parts.allow_list, address)
    return address


def service_named(services: Iterable[Service], named: str) -> Service:
    """Return the service of an id or a name. Raises RequestRejected: 404, 409."""
    return _only(services, named, "service")


def staff_named(staff: Iterable[Staff], named: str) -> Staff:
    """Return the member of staff of an id, an address or a name. Raises RequestRejected: 404, 409."""
    known = list(staff)
    by_address = [one for one in known if one.address and one.address.lower() == named.strip().lower()]
    return by_address[0] if len(by_address) == 1 else _only(known, named, "staff")


def _only(found: Iterable[One], named: str, what: str) -> One:
    known = list(found)
    by_id = [one for one in known if one.id == named]
    matches = by_id or [one for one in known if one.name.strip().casefold() == named.strip().casefold()]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        text = f"{what}: there is none with this id or name; names count as a whole."
        raise RequestRejected(404, f"No such {what}", text)
    raise RequestRejected(409, f"Several have this name ({what})", f"{what}: give the id instead of the name.")
