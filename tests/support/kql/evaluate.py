"""Run a parsed query over rows."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.support.kql.functions import AGGREGATES, Row, aggregate, has, percentile, scalars
from tests.support.kql.parser import Parser
from tests.support.kql.syntax import Among, Between, Call, Column, Expression, Infix, Name, Query, Step, Value
from tests.support.kql.tokens import KqlError

Tables = Mapping[str, Sequence[Row]]
_ORDERED = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=~": lambda text, other: text.lower() == other.lower(),
    "!~": lambda text, other: text.lower() != other.lower(),
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "contains": lambda text, part: part.lower() in text.lower(),
    "has": has,
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
}
_NUMBERS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def run(text: str, tables: Tables, now: datetime) -> list[Row]:
    """Return the result of a query at a time. Raises KqlError for what is not in the subset or has wrong types."""
    return _Run(text, tables, now).rows()


class _Run:
    """One run of a query."""

    def __init__(self, text: str, tables: Tables, now: datetime) -> None:
        self._script = Parser(text).script()
        self._tables = tables
        self._scalars = scalars(now)
        self._named: Row = {}

    def rows(self) -> list[Row]:
        """Return the result."""
        for name, expression in self._script.names:
            self._named[name] = self._value(expression, {})
        return self._query(self._script.query)

    def _query(self, query: Query) -> list[Row]:
        parts = [self._query(each) if isinstance(each, Query) else self._table(each) for each in query.sources]
        columns = dict.fromkeys(name for part in parts for row in part for name in row)
        rows = [{**dict.fromkeys(columns), **row} for part in parts for row in part]
        for step in query.steps:
            rows = self._step(step, rows)
        return rows

    def _table(self, name: str) -> list[Row]:
        if name not in self._tables:
            raise KqlError(f"there is no table {name}")
        return list(self._tables[name])

    def _step(self, step: Step, rows: list[Row]) -> list[Row]:
        if step.kind == "where":
            return [row for row in rows if self._value(step.columns[0].expression, row) is True]
        if step.kind == "extend":
            return [{**row, **self._computed(step.columns, row)} for row in rows]
        if step.kind == "project":
            return [self._computed(step.columns, row) for row in rows]
        if step.kind == "summarize":
            return self._summarize(step, rows)
        if step.kind in ("top", "order"):
            rows = self._ordered(step, rows)
        return rows if step.kind == "order" else rows[: step.number]

    def _computed(self, columns: Iterable[Column], row: Row) -> Row:
        return {_name(column): self._value(column.expression, row) for column in columns}

    def _ordered(self, step: Step, rows: list[Row]) -> list[Row]:
        """Order by the last key first; null is last in descending order, which is the default."""
        for key, is_ascending in reversed(list(zip(step.keys, step.ascending, strict=True))):
            pairs = [(self._value(key.expression, row), row) for row in rows]
            some = sorted((p for p in pairs if p[0] is not None), key=lambda p: p[0], reverse=not is_ascending)
            none = [pair for pair in pairs if pair[0] is None]
            rows = [row for _, row in (none + some if is_ascending else some + none)]
        return rows

    def _summarize(self, step: Step, rows: list[Row]) -> list[Row]:
        """Without keys, there is one row, also of no rows."""
        groups: dict[tuple[Any, ...], list[Row]] = {} if step.keys else {(): rows}
        for row in rows if step.keys else ():
            groups.setdefault(tuple(self._value(key.expression, row) for key in step.keys), []).append(row)
        names = [_name(key) for key in step.keys]
        return [
            {**dict(zip(names, values, strict=True)), **self._aggregates(step.columns, group)}
            for values, group in groups.items()
        ]

    def _aggregates(self, columns: Iterable[Column], rows: list[Row]) -> Row:
        results: Row = {}
        for column in columns:
            call = column.expression
            if isinstance(call, Call) and call.name == "arg_max":
                results.update(self._arg_max(call, rows))
            elif isinstance(call, Call) and call.name == "percentiles":
                values = [value for row in rows if (value := self._value(call.arguments[0], row)) is not None]
                for share in call.arguments[1:]:
                    number = self._value(share, {})
                    results[f"percentile_{_name(Column(None, call.arguments[0]))}_{number}"] = percentile(
                        values, number
                    )
            else:
                results[_name(column)] = self._of_group(call, rows)
        return results

    def _arg_max(self, call: Call, rows: list[Row]) -> Row:
        """Return the columns of the row with the highest value of the first argument."""
        highest = max(rows, key=lambda row: self._value(call.arguments[0], row))
        return {_name(Column(None, each)): self._value(each, highest) for each in call.arguments}

    def _of_group(self, expression: Expression, rows: list[Row]) -> Any:
        if isinstance(expression, Infix):
            return _infix(expression.sign, *(self._of_group(e, rows) for e in (expression.left, expression.right)))
        if isinstance(expression, Value):
            return expression.value
        if isinstance(expression, Call) and expression.name in AGGREGATES:
            arguments = [[self._value(each, row) for each in expression.arguments] for row in rows]
            return aggregate(expression.name, arguments)
        raise KqlError(f"{expression} is not an aggregate")

    def _value(self, expression: Expression, row: Row) -> Any:
        match expression:
            case Value(value):
                return value
            case Name(name):
                return self._named_value(name, row)
            case Call():
                return self._called(expression, row)
            case Infix(sign, left, right):
                return _infix(sign, self._value(left, row), self._value(right, row))
            case Among(value, choices):
                return any(_infix("==", self._value(value, row), self._value(each, row)) for each in choices)
            case Between(value, low, high):
                middle = self._value(value, row)
                is_above = _infix(">=", middle, self._value(low, row))
                return bool(is_above and _infix("<=", middle, self._value(high, row)))

    def _called(self, call: Call, row: Row) -> Any:
        if call.subquery is not None:
            return next((next(iter(each.values())) for each in self._query(call.subquery)), None)
        if call.name not in self._scalars:
            raise KqlError(f"the function {call.name} is not supported")
        return self._scalars[call.name](*(self._value(each, row) for each in call.arguments))

    def _named_value(self, name: str, row: Row) -> Any:
        if name not in row and name not in self._named:
            raise KqlError(f"there is no column {name}")
        return row[name] if name in row else self._named[name]


def _infix(sign: str, left: Any, right: Any) -> Any:
    """Return the value of an operator. With null, it is null; and null counts as false."""
    if sign in ("and", "or"):
        return (left is True and right is True) if sign == "and" else (left is True or right is True)
    if left is None or right is None:
        return None
    if sign in _TEXTS:
        if not (isinstance(left, str) and isinstance(right, str)):
            raise KqlError(f"{sign} compares texts, not {left!r} and {right!r}")
        return _TEXTS[sign](left, right)
    if sign in _NUMBERS:
        return _NUMBERS[sign](left, right)
    if _kind(left) is not _kind(right):
        raise KqlError(f"{left!r} and {right!r} cannot be compared")
    if sign in _ORDERED:
        return _ORDERED[sign](left, right)
    return (left == right) if sign == "==" else (left != right)


def _kind(value: object) -> type:
    return float if type(value) is int else type(value)


def _name(column: Column) -> str:
    """Return the name of a column, by the rules for columns without a given name."""
    if column.name is not None:
        return column.name
    match column.expression:
        case Name(name):
            return name
        case Call("bin", arguments):
            return _name(Column(None, arguments[0]))
        case Call(name, ()):
            return f"{name}_"
        case Call(name, arguments):
            return f"{name}_{_name(Column(None, arguments[0]))}"
    return ""
