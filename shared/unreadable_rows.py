"""Rows that this version cannot read: what stands for them, how a row is checked, and how they are counted.

A row may be damaged, or a later version wrote it before a rollback. Its columns may then hold any value, so each value
is compared with the type of its field: a wrong one would otherwise fail somewhere else, and end more than its own row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shared import telemetry

ERRORS = (TypeError, ValueError, KeyError, OverflowError)  # what reading a row of any content raises
KEEP = 3600.0  # seconds: a row is counted once in this time
MOST = 1000  # rows that a process remembers


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row whose columns cannot be read. `key` is its row key; `cells` are its columns, which may be confidential."""

    key: str
    etag: str = field(default="", compare=False, repr=False)
    cells: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


class Sightings:
    """Counts the unreadable rows that the process sees, each once in KEEP; thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str, str], float] = {}

    def saw(self, table: str, kind: str, entity: Any) -> Unreadable:
        """Count a row and return what stands for it. `kind` is what the row is one of, such as watch."""
        row = (table, kind, str(entity["RowKey"]))
        if self._is_new(row):
            telemetry.count("rows_unreadable", table=table, kind=kind)
        return Unreadable(row[2], str(entity.metadata["etag"]), dict(entity))

    def _is_new(self, row: tuple[str, str, str]) -> bool:
        oldest = self._clock() - KEEP
        with self._lock:
            for old in [each for each, seen in self._seen.items() if seen < oldest]:
                del self._seen[old]
            if row in self._seen or len(self._seen) >= MOST:
                return False
            self._seen[row] = self._clock()
            return True


SIGHTINGS = Sightings()


@cache
def _rules(kind: type) -> dict[str, tuple[frozenset[type], frozenset[object]]]:
    """Return of each field of a dataclass the types of its values, and the values of a Literal; computed once."""
    return {name: _rule(hint) for name, hint in get_type_hints(kind).items()}


def _rule(hint: Any) -> tuple[frozenset[type], frozenset[object]]:
    if get_origin(hint) is Literal:
        return frozenset(), frozenset(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        rules = [_rule(each) for each in get_args(hint)]
        return frozenset().union(*(types for types, _ in rules)), frozenset().union(*(values for _, values in rules))
    return frozenset({hint}), frozenset()


def _fits(value: Any, rule: tuple[frozenset[type], frozenset[object]]) -> bool:
    types, values = rule
    return type(value) in types or (bool(values) and isinstance(value, str) and value in values)


def checked(kind: type, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a dataclass's fields. Raises TypeError if one has another type than its field."""
    rules = _rules(kind)
    wrong = [name for name, value in values.items() if not _fits(value, rules[name])]
    if wrong:
        raise TypeError(f"wrong values in {', '.join(wrong)}")
    return values


def fitting(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a dataclass's fields that have the type of their field."""
    rules = _rules(kind)
    return {name: value for name, value in values.items() if _fits(value, rules[name])}


def moment_in(text: Any) -> datetime | None:
    """Return a time as stored, None for an empty column. Raises TypeError, ValueError or OverflowError.

    A time without a zone could not be compared with any other, and one beyond the year 9999 in UTC not be shown.
    """
    if text in (None, ""):
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    moment.astimezone(UTC)  # raises OverflowError
    return moment


def moment_or_none(text: Any) -> datetime | None:
    """Return a time as stored, or None if it cannot be read."""
    try:
        return moment_in(text)
    except ERRORS:
        return None
