"""A small part of $filter: comparisons and startsWith, joined by `and` or by `or`, over an item's JSON.

Graph: Use the $filter query parameter. What is not read here gets 400, never a silent everything.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.errors import bad_request
from sandbox.tenant.graph.zones import instant

Condition = Callable[[dict[str, Any]], bool]
LITERAL = r"'(?:[^']|'')*'|true|false|null|[\d.:TZ+-]+"
COMPARISON = re.compile(rf"^([A-Za-z]+(?:/[A-Za-z]+)*) (eq|ne|gt|ge|lt|le) ({LITERAL})$")
STARTS = re.compile(r"^startswith\(\s*([A-Za-z]+(?:/[A-Za-z]+)*)\s*,\s*'((?:[^']|'')*)'\s*\)$", re.IGNORECASE)
QUOTED_OR_WORD = re.compile(r"'(?:[^']|'')*'|[^'\s]+|\s+")


def read_filter(text: str, type_name: str) -> Condition:
    """Return the condition of a $filter; raises GraphError (400) for an unknown property or syntax."""
    words = [word.lower() for word in QUOTED_OR_WORD.findall(text)]
    if "and" in words and "or" in words:
        text = "The sandbox reads $filter with either 'and' or 'or', not both."
        raise bad_request(text, "ErrorInvalidUrlQueryFilter")
    joint = "or" if "or" in words else "and"
    conditions = [_condition(part, type_name) for part in _split(text, joint)]
    return lambda item: (any if joint == "or" else all)(condition(item) for condition in conditions)


def _split(text: str, joint: str) -> list[str]:
    """Split at a joint that stands outside of quotes."""
    parts = [""]
    for word in QUOTED_OR_WORD.findall(text):
        if word.lower() == joint:
            parts.append("")
        else:
            parts[-1] += word
    return [part.strip() for part in parts]


def _condition(text: str, type_name: str) -> Condition:
    """Return one comparison."""
    if found := STARTS.match(text):
        path, start = _known(found[1], type_name), found[2].replace("''", "'").lower()
        return lambda item: str(value_at(item, path) or "").lower().startswith(start)
    if (found := COMPARISON.match(text)) is None:
        raise bad_request(f"Invalid filter clause: '{text}'.", "ErrorInvalidUrlQueryFilter")
    path, operator, literal = _known(found[1], type_name), found[2], _literal(found[3])
    return lambda item: _compare(value_at(item, path), operator, literal)


def _known(path: str, type_name: str) -> str:
    """Return the path if it begins with a property of the type."""
    if path.partition("/")[0] not in types.properties(type_name):
        raise bad_request(
            f"Could not find a property named '{path}' on type 'microsoft.graph.{type_name}'.",
            "RequestBroker--ParseUri",
        )
    return path


def value_at(item: dict[str, Any], path: str) -> Any:
    """Return the value at a path such as start/dateTime, or None."""
    value: Any = item
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _literal(text: str) -> Any:
    """Return what a literal of the filter stands for."""
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return {"true": True, "false": False, "null": None}.get(text, text)


def _compare(value: Any, operator: str, literal: Any) -> bool:
    """Compare as OData does: null only equals null; times by their instant; text without regard to case."""
    if operator in ("eq", "ne"):
        return (_plain(value) == _plain(literal)) is (operator == "eq")
    if value is None or literal is None:
        return False
    left, right = _plain(value), _plain(literal)
    return bool({"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[operator])


def _plain(value: Any) -> Any:
    """Return a value in the form in which it is compared."""
    if not isinstance(value, str):
        return value
    try:
        return instant(value).isoformat()
    except ValueError:
        return value.lower()
