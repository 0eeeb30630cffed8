"""Read which booking a webhook of Dataverse is about. Pure.

Pages: "Use webhooks to create external handlers for server events" (the body is the execution context as JSON; parts of
one over 256 KB are left out, its PrimaryEntityId is not), "Understand the execution context". Nothing else of it is
kept: what a booking holds is read from Dataverse.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared import bodies

LARGEST_BODY = 256 * 1024  # bytes
BOOKINGS = "bookableresourcebooking"


class BadHook(ValueError):
    """The body is no execution context, or does not say which row of which organization it is about."""


@dataclass(frozen=True, slots=True)
class Hook:
    """What a webhook says: the OrganizationId, the table's name, and the row's id ("" for another table)."""

    organization: str
    table: str
    booking_id: str


def read(body: bytes) -> Hook:
    """Return what a webhook says; ids in lower case with hyphens.

    Raises BadHook, and bodies.NotJson or bodies.TooManyItems.
    """
    content = bodies.parsed(body)
    if not isinstance(content, dict):
        raise BadHook("the body is no JSON object")
    context = _by_name(content)
    organization, table = _id(context.get("organizationid")), context.get("primaryentityname")
    if not organization or not isinstance(table, str):
        raise BadHook("the body has no OrganizationId or no PrimaryEntityName")
    if table.lower() != BOOKINGS:
        return Hook(organization, table.lower(), "")
    booking_id = _id(context.get("primaryentityid")) or _target_id(context)
    if not booking_id:
        raise BadHook("the body has no PrimaryEntityId")
    return Hook(organization, BOOKINGS, booking_id)


def _target_id(context: Mapping[str, Any]) -> str:
    """Return the id of the Target: of an Entity, or of the EntityReference of a deletion; "" without one."""
    for key, value in _pairs(context.get("inputparameters")):
        if key == "target" and isinstance(value, dict):
            return _id(_by_name(value).get("id"))
    return ""


def _pairs(keyed: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys, in lower case, and values of a list of {key, value}. ("key" or "Key", by the serializer)"""
    for each in keyed if isinstance(keyed, list) else ():
        pair = _by_name(each) if isinstance(each, dict) else {}
        if isinstance(pair.get("key"), str):
            yield pair["key"].lower(), pair.get("value")


def _by_name(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in content.items()}


def _id(value: Any) -> str:
    """Return an id with hyphens, in lower case; "" for anything else, and for the id of zeros, which names no row."""
    try:
        found = uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return ""
    return str(found) if found and found.int else ""
