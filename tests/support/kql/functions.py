"""Scalar functions and aggregates, with Kusto's rules for null: it is ignored by aggregates, and no comparison holds.

Based on "Scalar function types at a glance" and "Aggregation function types at a glance".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.kql.tokens import KqlError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def extract(pattern: str, group: int, text: str) -> str:
    """Return a group of the first match, an empty text without a match: a string is never null."""
    match = re.search(pattern, text)
    return (match[group] or "") if match else ""


def to_number(value: object) -> int | None:
    """Return a whole number, null for a text that is none."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*-?\d+\s*", value) else None
    return None if value is None else int(float(str(value)))


def to_text(value: object) -> str:
    """Return a text; a bool is written as true or false."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def bin_of(value: Any, size: Any) -> Any:
    """Round down to a multiple of the size."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return EPOCH + (value - EPOCH) // size * size
    return value // size * size


def has(text: str, term: str) -> bool:
    """Return whether a text has a term: no letter or digit stands next to it."""
    return re.search(rf"(?i)(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", text) is not None


def scalars(now: datetime) -> Mapping[str, Callable[..., Any]]:
    """Return the scalar functions at a time."""
    return {
        "now": lambda: now,
        "ago": lambda span: now - span,
        "extract": extract,
        "tolong": to_number,
        "toint": to_number,
        "tostring": to_text,
        "strcat": lambda *parts: "".join(map(to_text, parts)),
        "bin": bin_of,
        "hourofday": lambda moment: moment.hour,
        "dayofweek": lambda moment: timedelta(days=moment.isoweekday() % 7),
    }


def percentile(values: Sequence[Any], share: float) -> Any:
    """Return the value of the nearest rank, null without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] if ordered else None


def aggregate(name: str, rows: Sequence[Sequence[Any]]) -> Any:
    """Return an aggregate of rows, each the values of its arguments. Raises KqlError for an unknown one."""
    first = [row[0] for row in rows if row and row[0] is not None]
    if name == "count":
        return len(rows)
    if name == "countif":
        return sum(value is True for value in first)
    if name in ("sum", "sumif"):
        return sum(row[0] for row in rows if row[0] is not None and (name == "sum" or row[1] is True))
    if name in ("min", "max"):
        return (min if name == "min" else max)(first, default=None)
    if name == "percentile":
        return percentile(first, rows[0][1]) if rows else None
    raise KqlError(f"the aggregate {name} is not supported")


AGGREGATES = ("count", "countif", "sum", "sumif", "min", "max", "percentile")
