"""The query options of a read: which are allowed, and their values.

Dataverse: Query data using the Web API ($skip, $search and $apply are refused here); Use optional parameters (tag).
"""

import re
from dataclasses import dataclass, field

from sandbox.dataverse.api.call import Call
from sandbox.dataverse.api.filters import Condition, read_filter
from sandbox.dataverse.columns import Column, Table
from sandbox.dataverse.errors import invalid, no_property
from sandbox.dataverse.organization import Organization

OPTIONS = ("$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken")
OTHERS = ("tag",)
EXPANDED = re.compile(r"^([\w]+)(?:\(\$select=([\w,\s]+)\))?$")
TRACK = "odata.track-changes"
REFUSED_WITH_TRACKING = ("$filter", "$orderby", "$expand", "$top")


@dataclass
class Query:
    """The options of a read; `given` are all of them as they were sent."""

    select: list[str] | None = None
    condition: Condition | None = None
    orderby: list[tuple[str, bool]] = field(default_factory=list)
    top: int | None = None
    expand: list[tuple[Column, list[str] | None]] = field(default_factory=list)
    count: bool = False
    given: dict[str, str] = field(default_factory=dict)


def query_of(call: Call, table: Table) -> Query:
    """Return a call's options. Raises ApiError (400) for an unknown option, property or value."""
    given = call.query
    for name in given:
        if name not in (*OPTIONS, *OTHERS):
            raise invalid(f"The query parameter {name} is not supported.", "0x80060888")
    return Query(
        _select(given.get("$select"), table),
        read_filter(given["$filter"], table) if "$filter" in given else None,
        _orderby(given.get("$orderby"), table),
        _top(given.get("$top")),
        [_expanded(call.organization, part, table) for part in _parts(given.get("$expand"))],
        _count(given.get("$count", "false")),
        given,
    )


def check_tracking(call: Call) -> None:
    """Raise ApiError (400), naming the option, for what change tracking does not support."""
    for name in REFUSED_WITH_TRACKING:
        if name in call.query:
            text = f"The '{name}' query option is not supported when tracking changes."
            raise invalid(text, "0x80060888")


def page_size(call: Call) -> int:
    """Return how many rows a page has. Raises ApiError (400)."""
    wanted = call.preferences.get("odata.maxpagesize")
    if wanted is None:
        return call.organization.settings.page_size
    if not wanted.isdecimal() or int(wanted) < 1:
        raise invalid(f"Invalid value '{wanted}' for odata.maxpagesize.", "0x80060888")
    return min(int(wanted), call.organization.settings.page_size)


def _select(value: str | None, table: Table) -> list[str] | None:
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    for name in names:
        column = table.by_property(name)
        if column is None or not column.readable:
            raise no_property(name, table.name)
    return names


def _orderby(value: str | None, table: Table) -> list[tuple[str, bool]]:
    ordered = []
    for part in _parts(value):
        name, _, direction = part.partition(" ")
        column = table.by_property(name)
        if column is None:
            raise no_property(name, table.name)
        if direction.strip() not in ("", "asc", "desc"):
            raise invalid(f"Syntax error in $orderby '{part}'.", "0x80060888")
        ordered.append((column.name, direction.strip() == "desc"))
    return ordered


def _top(value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isdecimal():
        raise invalid(f"Invalid value '{value}' for $top query option found.", "0x80060888")
    return min(int(value), 5000)


def _count(value: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"Invalid value '{value}' for $count query option found.", "0x80060888")
    return value == "true"


def _expanded(organization: Organization, part: str, table: Table) -> tuple[Column, list[str] | None]:
    match = EXPANDED.match(part)
    column = table.by_navigation(match[1]) if match else None
    if match is None or column is None:
        raise no_property(part.partition("(")[0], table.name)
    target = organization.tables[column.targets[0]]
    return column, _select(match[2], target)


def _parts(value: str | None) -> list[str]:
    """Return the parts between commas outside of parentheses."""
    return [part.strip() for part in re.findall(r"[^,(]+(?:\([^)]*\))?", value or "")]
