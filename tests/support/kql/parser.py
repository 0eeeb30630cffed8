"""Parse the subset of KQL that the project's queries use. Based on "Kusto Query Language overview"."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.support.kql.syntax import Among, Between, Call, Column, Expression, Infix, Name, Query, Script, Step, Value
from tests.support.kql.tokens import KqlError, Token, tokens_of

# From the weakest to the strongest; a chain of one level is read from the left.
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",), ("and",),
    ("==", "!=", "=~", "!~", "<", ">", "<=", ">=", "has", "startswith", "contains", "matches"),
    ("+", "-"), ("*", "/"),
)  # fmt: skip
_COMPARISON = 2
Part = TypeVar("Part")


class Parser:
    """Reads tokens from the left."""

    def __init__(self, query: str) -> None:
        self._tokens = tokens_of(query)
        self._next = 0

    def script(self) -> Script:
        """Read a whole text."""
        names = []
        while self._take("let"):
            name = self._name()
            self._need("=")
            names.append((name, self._expression()))
            self._need(";")
        query = self._query()
        self._take(";")
        if self._token.kind != "end":
            raise KqlError(f"unexpected {self._token.value!r}")
        return Script(tuple(names), query)

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> str | None:
        """Go on if the next token is a name or sign among texts, and return it."""
        token = self._token
        if token.kind in ("name", "sign") and token.value in texts:
            self._next += 1
            return str(token.value)
        return None

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            raise KqlError(f"{text!r} is expected before {self._token.value!r}")

    def _name(self) -> str:
        token = self._token
        if token.kind != "name":
            raise KqlError(f"a name is expected before {token.value!r}")
        self._next += 1
        return str(token.value)

    def _many(self, read: Callable[[], Part]) -> tuple[Part, ...]:
        """Read parts with commas between them."""
        parts = [read()]
        while self._take(","):
            parts.append(read())
        return tuple(parts)

    def _query(self) -> Query:
        sources = self._many(self._source) if self._take("union") else (self._source(),)
        steps = []
        while self._take("|"):
            steps.append(self._step())
        return Query(sources, tuple(steps))

    def _source(self) -> str | Query:
        if self._take("("):
            query = self._query()
            self._need(")")
            return query
        return self._name()

    def _step(self) -> Step:
        kind = self._name()
        if kind == "where":
            return Step(kind, (Column(None, self._expression()),))
        if kind in ("extend", "project"):
            return Step(kind, self._columns())
        if kind in ("take", "top"):
            number = self._integer()
            return Step(kind, number=number) if kind == "take" else self._order("top", number)
        if kind in ("order", "sort"):
            return self._order("order", 0)
        if kind == "summarize":
            columns = () if self._token.value == "by" else self._columns()
            return Step(kind, columns, self._columns() if self._take("by") else ())
        raise KqlError(f"the operator {kind} is not supported")

    def _integer(self) -> int:
        value = self._token.value
        if not isinstance(value, int):
            raise KqlError(f"a number is expected before {value!r}")
        self._next += 1
        return value

    def _order(self, kind: str, number: int) -> Step:
        self._need("by")
        orders = self._many(lambda: (Column(None, self._expression()), self._take("asc", "desc") == "asc"))
        keys, ascending = zip(*orders, strict=True)
        return Step(kind, keys=keys, number=number, ascending=ascending)

    def _columns(self) -> tuple[Column, ...]:
        return self._many(self._column)

    def _column(self) -> Column:
        following = self._tokens[self._next + 1]
        if self._token.kind == "name" and following.kind == "sign" and following.value == "=":
            name = self._name()
            self._need("=")
            return Column(name, self._expression())
        return Column(None, self._expression())

    def _expression(self, level: int = 0) -> Expression:
        if level == len(_LEVELS):
            return self._operand()
        left = self._expression(level + 1)
        while True:
            if level == _COMPARISON and self._take("in"):
                left = Among(left, self._choices())
            elif level == _COMPARISON and self._take("between"):
                left = self._between(left)
            elif sign := self._take(*_LEVELS[level]):
                if sign == "matches":
                    self._need("regex")
                left = Infix(sign, left, self._expression(level + 1))
            else:
                return left

    def _choices(self) -> tuple[Expression, ...]:
        self._need("(")
        choices = self._many(self._expression)
        self._need(")")
        return choices

    def _between(self, value: Expression) -> Between:
        self._need("(")
        low = self._expression(_COMPARISON + 1)
        self._need("..")
        high = self._expression(_COMPARISON + 1)
        self._need(")")
        return Between(value, low, high)

    def _operand(self) -> Expression:
        if self._token.kind == "value":
            self._next += 1
            return Value(self._tokens[self._next - 1].value)
        if self._take("("):
            inner = self._expression()
            self._need(")")
            return inner
        if self._take("-"):
            return Infix("-", Value(0), self._operand())
        return self._named()

    def _named(self) -> Expression:
        """Read a bool, a column, or a call."""
        name = self._name()
        if name in ("true", "false"):
            return Value(name == "true")
        if not self._take("("):
            return Name(name)
        if name == "toscalar":
            query = self._query()
            self._need(")")
            return Call(name, subquery=query)
        if self._take(")"):
            return Call(name)
        arguments = self._many(self._expression)
        self._need(")")
        return Call(name, arguments)
