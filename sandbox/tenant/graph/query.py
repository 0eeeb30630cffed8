"""OData query options: which a call takes, $select, $top, $skip and $skiptoken.

Graph: Use query parameters to customize responses. Stricter than Graph in one thing: an option that is no OData
option and no parameter of the call gets 400 too, where Graph would ignore it, so that a misspelt one is noticed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.tenant.graph import types
from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.filters import Condition, read_filter

LARGEST_TOP = 1000
"""Graph: List events; $top goes from 1 to 1000."""
ONE = ("$select",)
MANY = ("$select", "$top", "$skip", "$skiptoken", "$filter", "$orderby", "$count")


@dataclass
class Options:
    """What a call asked for; `start` is the index of the page's first item, `given` all options by lower-case name."""

    select: frozenset[str] | None = None
    top: int | None = None
    start: int = 0
    condition: Condition | None = None
    orderby: list[tuple[str, bool]] = field(default_factory=list)
    """Paths such as start/dateTime, with whether they descend."""
    count: bool = False
    given: dict[str, str] = field(default_factory=dict)


def options(call: Call, type_name: str, allowed: Sequence[str], parameters: Sequence[str] = ()) -> Options:
    """Read a call's query; raises GraphError (400) for what the call does not take and for unknown properties.

    `parameters` are the call's own, such as startDateTime; Graph reads all names without regard to case.
    """
    given: dict[str, str] = {}
    known = {name.lower() for name in (*allowed, *parameters)}
    for name, value in call.query:
        if name.lower() not in known:
            raise bad_request(f"The query specified in the URI is not valid. Query option '{name}' is not supported.")
        if name.lower() in given:
            raise bad_request(f"Query option '{name}' was specified more than once.")
        given[name.lower()] = value
    return Options(
        _select(given.get("$select"), type_name),
        _number(given, "$top", 1, LARGEST_TOP),
        _start(given),
        read_filter(given["$filter"], type_name) if "$filter" in given else None,
        _orderby(given.get("$orderby"), type_name),
        _count(given.get("$count", "false")),
        given,
    )


def check_property(path: str, type_name: str) -> None:
    """Raise GraphError (400) when a property, or the first part of a path (start/dateTime), is not of the type."""
    first = path.partition("/")[0]
    if first not in types.properties(type_name):
        text = f"Could not find a property named '{first}' on type 'microsoft.graph.{type_name}'."
        raise bad_request(text, "RequestBroker--ParseUri")


def _select(value: str | None, type_name: str) -> frozenset[str] | None:
    """Return the selected names; Graph takes them case-sensitively here."""
    if value is None:
        return None
    names = [name.strip() for name in value.split(",")]
    for name in names:
        check_property(name, type_name)
    return frozenset(names)


def _number(given: dict[str, str], name: str, least: int, most: int) -> int | None:
    """Return a numeric option within its bounds."""
    value = given.get(name)
    if value is None:
        return None
    if not value.isdecimal() or not least <= int(value) <= most:
        raise bad_request(f"Invalid value '{value}' for {name} query option found.")
    return int(value)


def _start(given: dict[str, str]) -> int:
    """Return where the page begins, by $skiptoken (ours alone) or $skip."""
    token = _number(given, "$skiptoken", 0, 10**9)
    return token if token is not None else _number(given, "$skip", 0, 10**9) or 0


def _orderby(value: str | None, type_name: str) -> list[tuple[str, bool]]:
    """Return the paths to order by, with whether they descend."""
    ordered = []
    for part in (value or "").split(",") if value else []:
        path, _, direction = part.strip().partition(" ")
        check_property(path, type_name)
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_request(f"Syntax error at position {len(path)} in '{part}'.")
        ordered.append((path, direction.strip() == "desc"))
    return ordered


def _count(value: str) -> bool:
    """Return whether the number of all items is asked for."""
    if value.lower() not in ("true", "false"):
        raise bad_request(f"Invalid value '{value}' for $count query option found.")
    return value.lower() == "true"
