"""PowerShell's values: objects, truth, equality, operators; strict where PowerShell would guess."""

from __future__ import annotations

import re
from typing import Any


class Thrown(Exception):
    """The message of `throw`, or a terminating error."""


class NotFound(Exception):
    """A cmdlet's object does not exist: an error, unless the script says -ErrorAction SilentlyContinue."""


class Thing(dict[str, Any]):
    """An object with properties, whose names are case-insensitive."""

    def __init__(self, **properties: Any) -> None:
        super().__init__({name.lower(): value for name, value in properties.items()})


def shown(value: Any) -> str:
    """Return a value as it appears in a string."""
    if isinstance(value, list):
        return " ".join(map(shown, value))
    return "" if value is None else str(value)


def same(left: Any, right: Any) -> bool:
    """Return the result of -eq for two single values."""
    assert not isinstance(left, list), "-eq with a list on its left is a filter: not used here"
    if isinstance(left, str):
        return left.lower() == shown(right).lower()
    return bool(left == right)


def true(value: Any) -> bool:
    """Return whether a value is true."""
    if isinstance(value, list):
        return true(value[0]) if len(value) == 1 else bool(value)
    return isinstance(value, Thing) or bool(value)


def compared(operator: str, left: Any, right: Any) -> Any:
    """Return an operator's result for two values."""
    items = left if isinstance(left, list) else [left]
    if operator in ("-eq", "-ne"):
        return same(left, right) is (operator == "-eq")
    if operator in ("-contains", "-notcontains"):
        return any(same(item, right) for item in items) is (operator == "-contains")
    if operator == "-join":
        return shown(right).join(map(shown, items))
    if operator == "-like":
        return re.fullmatch(re.escape(right).replace(r"\*", ".*"), shown(left), re.IGNORECASE) is not None
    if operator == "-match":
        return re.search(right, shown(left), re.IGNORECASE) is not None
    raise NotImplementedError(operator)
