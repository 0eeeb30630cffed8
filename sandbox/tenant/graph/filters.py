"""A subset of $filter: comparisons and startsWith on an item's JSON, joined by `and` or by `or`.

Graph: Use the $filter query parameter. Anything else gets 400 instead of being ignored.
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
TOKEN = re.compile(r"'(?:[^']|'')*'|[^'\s]+|\s+")


def read_filter(text: str, type_name: str) -> Condition:
    """Return the condition of a $filter. Raises GraphError (400) for an unknown property or syntax."""
    tokens = [token.lower() for token in TOKEN.findall(text)]
    if "and" in tokens and "or" in tokens:
        text = "The sandbox reads $filter with either 'and' or 'or', not both."
        raise bad_request(text, "ErrorInvalidUrlQueryFilter")
    joint = "or" if "or" in tokens else "and"
    conditions = [_condition(part, type_name) for part in _split(text, joint)]
    return lambda item: (any if joint == "or" else all)(condition(item) for condition in conditions)


def _split(text: str, joint: str) -> list[str]:
    """Split at a joint outside of quotes."""
    parts = [""]
    for token in TOKEN.findall(text):
        if token.lower() == joint:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def _condition(text: str, type_name: str) -> Condition:
    """Return the condition of one comparison."""
    if match := STARTS.match(text):
        path, start = _checked(match[1], type_name), match[2].replace("''", "'").lower()
        return lambda item: str(value_at(item, path) or "").lower().startswith(start)
    if (match := COMPARISON.match(text)) is None:
        raise bad_request(f"Invalid filter clause: '{text}'.", "ErrorInvalidUrlQueryFilter")
    path, operator, literal = _checked(match[1], type_name), match[2], _literal(match[3])
    return lambda item: _compare(value_at(item, path), operator, literal)


def _checked(path: str, type_name: str) -> str:
    """Return the path if its first part is a property of the type. Raises GraphError (400)."""
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
    """Return the value of a literal."""
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return {"true": True, "false": False, "null": None}.get(text, text)


def _compare(value: Any, operator: str, literal: Any) -> bool:
    """Compare as OData does: null equals only null, times by instant, texts without regard to case."""
    if operator in ("eq", "ne"):
        return (_plain(value) == _plain(literal)) is (operator == "eq")
    if value is None or literal is None:
        return False
    left, right = _plain(value), _plain(literal)
    return bool({"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[operator])


def _plain(value: Any) -> Any:
    """Return a value in comparable form."""
    if not isinstance(value, str):
        return value
    try:
        return instant(value).isoformat()
    except ValueError:
        return value.lower()
