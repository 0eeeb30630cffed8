"""OData query options: which of them a call accepts, and their values.

Graph: Use query parameters to customize responses. Stricter than Graph: an option that is neither an OData option nor a
parameter of the call gets 400, where Graph would ignore it, so that misspellings are noticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.tenant.graph import types
from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.extended import expanded_ids, filtered_pair
from sandbox.tenant.graph.filters import Condition, read_filter

LARGEST_TOP = 1000
"""Graph: List events; $top is from 1 to 1000."""
SINGLE = ("$select",)
PROPERTY_FILTER = "a $filter by an extended property"
"""Stands among the options of a call that accepts such a $filter."""
COLLECTION = ("$select", "$top", "$skip", "$skiptoken", "$filter", "$orderby", "$count")


@dataclass
class Options:
    """The query options of a call; `start` is the index of the first item, `given` all options by lower-case name."""

    select: frozenset[str] | None = None
    top: int | None = None
    start: int = 0
    condition: Condition | None = None
    orderby: list[tuple[str, bool]] = field(default_factory=list)
    """Paths such as start/dateTime, and whether each is descending."""
    count: bool = False
    expand: frozenset[str] = frozenset()
    """Ids of the extended properties that $expand names."""
    pair: tuple[str, str] | None = None
    """Id and value of an extended property for which $filter looks."""
    given: dict[str, str] = field(default_factory=dict)


def options(call: Call, type_name: str, allowed: Sequence[str], parameters: Sequence[str] = ()) -> Options:
    """Parse a call's query. Raises GraphError (400) for unsupported options and unknown properties.

    `parameters` are the call's own, such as startDateTime; names are case-insensitive, as in Graph.
    """
    given: dict[str, str] = {}
    supported = {name.lower() for name in (*allowed, *parameters)}
    for name, value in call.query:
        if name.lower() not in supported:
            raise bad_request(f"The query specified in the URI is not valid. Query option '{name}' is not supported.")
        if name.lower() in given:
            raise bad_request(f"Query option '{name}' was specified more than once.")
        given[name.lower()] = value
    pair = filtered_pair(given.get("$filter", "")) if PROPERTY_FILTER.lower() in supported else None
    return Options(
        _select(given.get("$select"), type_name),
        _number(given, "$top", 1, LARGEST_TOP),
        _start(given),
        read_filter(given["$filter"], type_name) if "$filter" in given and pair is None else None,
        _orderby(given.get("$orderby"), type_name),
        _count(given.get("$count", "false")),
        expanded_ids(given.get("$expand")),
        pair,
        given,
    )


def check_property(path: str, type_name: str) -> None:
    """Raise GraphError (400) if a property, or the first part of a path (start/dateTime), is not in the type."""
    first = path.partition("/")[0]
    if first not in types.properties(type_name):
        text = f"Could not find a property named '{first}' on type 'microsoft.graph.{type_name}'."
        raise bad_request(text, "RequestBroker--ParseUri")


def _select(value: str | None, type_name: str) -> frozenset[str] | None:
    """Return the selected names, which are case-sensitive."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    for name in names:
        check_property(name, type_name)
    return frozenset(names)


def _number(given: dict[str, str], name: str, least: int, most: int) -> int | None:
    """Return a numeric option. Raises GraphError (400) outside its bounds."""
    value = given.get(name)
    if value is None:
        return None
    if not value.isdecimal() or not least <= int(value) <= most:
        raise bad_request(f"Invalid value '{value}' for {name} query option found.")
    return int(value)


def _start(given: dict[str, str]) -> int:
    """Return the index of the first item, from $skiptoken (the sandbox's own) or $skip."""
    token = _number(given, "$skiptoken", 0, 10**9)
    return token if token is not None else _number(given, "$skip", 0, 10**9) or 0


def _orderby(value: str | None, type_name: str) -> list[tuple[str, bool]]:
    """Return the paths to sort by, and whether each is descending."""
    ordered = []
    for part in (value or "").split(",") if value else []:
        path, _, direction = part.strip().partition(" ")
        check_property(path, type_name)
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_request(f"Syntax error at position {len(path)} in '{part}'.")
        ordered.append((path, direction.strip() == "desc"))
    return ordered


def _count(value: str) -> bool:
    """Return whether the number of all items is requested."""
    if value.lower() not in ("true", "false"):
        raise bad_request(f"Invalid value '{value}' for $count query option found.")
    return value.lower() == "true"
