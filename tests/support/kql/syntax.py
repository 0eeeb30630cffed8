"""The parts of a query: expressions, operators between pipes, and let statements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """A text, number, timespan or bool."""

    value: object


@dataclass(frozen=True)
class Name:
    """A column, or what a let statement has named."""

    name: str


@dataclass(frozen=True)
class Call:
    """A call of a function or aggregate; `subquery` is the argument of toscalar."""

    name: str
    arguments: tuple[Expression, ...] = ()
    subquery: Query | None = None


@dataclass(frozen=True)
class Infix:
    """An operator between two expressions."""

    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Among:
    """`value in (choices)`."""

    value: Expression
    choices: tuple[Expression, ...]


@dataclass(frozen=True)
class Between:
    """`value between (low .. high)`, both included."""

    value: Expression
    low: Expression
    high: Expression


Expression = Value | Name | Call | Infix | Among | Between


@dataclass(frozen=True)
class Column:
    """A column of a result; `name` is None where the query gives none."""

    name: str | None
    expression: Expression


@dataclass(frozen=True)
class Step:
    """An operator between pipes. `number` is that of take and top; `keys` are those of summarize and of an order."""

    kind: str
    columns: tuple[Column, ...] = ()
    keys: tuple[Column, ...] = ()
    number: int = 0
    ascending: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Query:
    """Tables or subqueries, whose rows are united, and the steps that follow."""

    sources: tuple[str | Query, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Script:
    """Let statements and the query that follows them."""

    names: tuple[tuple[str, Expression], ...]
    query: Query
