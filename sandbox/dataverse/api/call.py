"""A call of the Web API and its response, apart from HTTP.

Dataverse: Compose HTTP requests and handle errors.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from multidict import CIMultiDict

from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import invalid, no_set
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import is_id
from sandbox.dataverse.writer import Actor

ADDRESSED = re.compile(r"^([A-Za-z_][\w.]*)(?:\((.*)\))?$")
PREFERENCE = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*"?([^",;]*)"?)?\s*(?:[,;]|$)')


@dataclass
class Call:
    """One call; `path` holds the decoded segments after /api/data/v9.2/."""

    organization: Organization
    method: str
    path: list[str]
    query: dict[str, str]
    headers: CIMultiDict[str]
    body: Any = None
    user_id: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def actor(self) -> Actor:
        """Who writes, with the tag that the client sent along."""
        return Actor(self.user_id, self.query.get("tag"))

    @property
    def preferences(self) -> dict[str, str]:
        """The Prefer headers by lower-case name."""
        found = (PREFERENCE.findall(each) for each in self.headers.getall("Prefer", []))
        return {name.lower(): value.strip() for pairs in found for name, value in pairs if name}

    def json_object(self) -> dict[str, Any]:
        """Return the body. Raises ApiError (400) when it is no JSON object."""
        if not isinstance(self.body, dict):
            raise invalid("A non-empty JSON object is expected in the request body.", "0x80048d19")
        return self.body


@dataclass
class Answer:
    """A response: its JSON body, or text; None: no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def addressed(segment: str) -> tuple[str, str | None]:
    """Return a segment's name and what is in its parentheses, None without them. Raises ApiError (404)."""
    match = ADDRESSED.match(segment)
    if match is None:
        raise no_set(segment)
    return match[1], match[2]


def row_id_of(given: str) -> str:
    """Return the id in an address. Raises ApiError (400) for anything but a GUID."""
    if not is_id(given.strip()):
        raise invalid(f"Bad Request - Error in query syntax: '{given}' is not an Edm.Guid.", "0x80060888")
    return given.strip().lower()


def set_of(organization: Organization, name: str) -> Table:
    """Return the table of a set. Raises ApiError (404); names are case-sensitive."""
    table = organization.table_of_set(name)
    if table is None:
        raise no_set(name)
    return table


def reference(organization: Organization, given: Any) -> tuple[Table, str]:
    """Return the table and id in the address of a row: relative, or with the Web API's own address.

    Raises ApiError (400, 404).
    """
    text = given.removeprefix(f"{organization.base}/").lstrip("/") if isinstance(given, str) else ""
    name, inside = addressed(text) if text else ("", None)
    if inside is None:
        raise invalid(f"Invalid entity reference: {given!r}.", "0x80048d19")
    return set_of(organization, name), row_id_of(inside)
