"""$filter of the Web API: comparisons, and, or, not, parentheses, contains, startswith and endswith.

Dataverse: Filter rows. What is not read here gets 400 instead of being ignored.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.dataverse.columns import Table
from sandbox.dataverse.errors import ApiError, invalid, no_property
from sandbox.dataverse.rows import Row

Condition = Callable[[Row], bool]
TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<value>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>[(),]))"
)
OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": lambda value, part: value.startswith(part),
    "endswith": lambda value, part: value.endswith(part),
}


def read_filter(text: str, table: Table) -> Condition:
    """Return the condition. Raises ApiError (400) for an unknown property or syntax."""
    return _Parser(text, table).whole()


class _Parser:
    """Reads one $filter; each method reads what its name says and moves on."""

    def __init__(self, text: str, table: Table) -> None:
        self._text, self._table, self._at = text, table, 0
        self._tokens = _tokens(text)

    def whole(self) -> Condition:
        condition = self._either()
        if self._at < len(self._tokens):
            raise self._unread()
        return condition

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def _both(self) -> Condition:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return lambda row: all(part(row) for part in parts)

    def _single(self) -> Condition:
        if self._take("not"):
            inner = self._single()
            return lambda row: not inner(row)
        if self._take("("):
            inner = self._either()
            self._need(")")
            return inner
        if (name := self._next()) in FUNCTIONS:
            return self._called(name)
        return self._compared(name)

    def _called(self, name: str) -> Condition:
        self._need("(")
        column = self._column(self._next())
        self._need(",")
        part = str(_value(self._next())).lower()
        self._need(")")
        return lambda row: FUNCTIONS[name](str(row.get(column) or "").lower(), part)

    def _compared(self, name: str) -> Condition:
        column, operator, literal = self._column(name), self._next(), _value(self._next())
        if operator not in OPERATORS:
            raise self._unread()
        return lambda row: _compare(row.get(column), operator, literal)

    def _column(self, name: str) -> str:
        column = self._table.by_property(name)
        if column is None:
            raise no_property(name, self._table.name)
        return column.name

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._unread()
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, token: str) -> bool:
        there = self._at < len(self._tokens) and self._tokens[self._at] == token
        self._at += there
        return there

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise self._unread()

    def _unread(self) -> ApiError:
        return invalid(f"Syntax error in the $filter expression '{self._text}'.", "0x80060888")


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise invalid(f"Syntax error at position {at} in '{text}'.", "0x80060888")
        found.append(match[0].strip())
        at = match.end()
    return found


def _value(token: str) -> Any:
    """Return a literal's value: a text, number, time, id, true, false or null."""
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if token in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[token]
    if re.fullmatch(r"-?\d+", token):
        return int(token)
    if re.match(r"\d{4}-\d\d-\d\d", token) and not re.match(r"^[0-9a-fA-F]{8}-", token):
        moment = datetime.fromisoformat(token)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return token.lower()


def _compare(value: Any, operator: str, literal: Any) -> bool:
    """Compare: null equals only null, texts without regard to case."""
    left, right = (each.lower() if isinstance(each, str) else each for each in (value, literal))
    if operator in ("eq", "ne"):
        return (left == right) is (operator == "eq")
    if left is None or right is None:
        return False
    try:
        return bool({"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[operator])
    except TypeError as error:
        raise invalid("A binary operator with incompatible types was detected.", "0x80060888") from error
