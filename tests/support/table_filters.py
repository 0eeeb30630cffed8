"""The filters of table queries, as functions. ("Querying tables and entities")"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

_TERM = re.compile(r"(\w+) (eq|ne|gt|ge|lt|le) (@\w+|'[^']*')")
_SIGNS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@cache
def selection_of(query_filter: str) -> Callable[[Collection[Any], dict[str, Any]], list[Any]]:
    """Return a filter of the relay as a function of rows and the filter's parameters.

    A row without the named column does not match, as in storage ("Querying tables and entities").
    """

    def term(match: re.Match[str]) -> str:
        name, sign, value = match.groups()
        operand = f"values[{value[1:]!r}]" if value.startswith("@") else repr(value[1:-1])
        return f"({name!r} in row and row[{name!r}] {_SIGNS[sign]} {operand})"

    source = f"lambda rows, values: [row for row in rows if {_TERM.sub(term, query_filter)}]"
    selection: Callable[[Collection[Any], dict[str, Any]], list[Any]] = eval(source)  # noqa: S307  (a filter of the relay)
    return selection
