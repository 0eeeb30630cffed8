"""Read the window of a request: `from` and `to`, RFC 3339 times, or in the local time of a zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from shared import problems
from shared.api.fields import invalid
from shared.api.times import read_moment
from shared.errors import RequestRejected
from shared.graph.time_zones import Moment, Zone

Names = tuple[str, str]
NAMES: Names = ("from", "to")
FORMER_NAMES: Names = ("start", "end")  # of the routes that had these in an earlier version


def read_window(
    params: Mapping[str, str], zone: Zone | None = None, *, longest: timedelta | None = None, names: Names = NAMES
) -> tuple[Moment, Moment]:
    """Return the two times of a window. Raises RequestRejected 422 if one is missing or no time, or if the second is
    not after the first, by at most `longest`.
    """
    if not all(params.get(name) for name in names):
        raise invalid(f"{' and '.join(names)}: give both")
    start, end = (read_moment(name, with_plus(params[name]), zone) for name in names)
    if end.utc <= start.utc:
        raise invalid(f"{names[1]}: must be after {names[0]}")
    if longest is not None and end.utc - start.utc > longest:
        raise invalid(f"{names[1]}: at most {longest.days} days after {names[0]}")
    return start, end


def names_in(params: Mapping[str, str]) -> Names:
    """Return the names that a request uses on a route that had others before.

    Raises RequestRejected 422 if it uses both: nobody knows which is meant.
    """
    if not set(FORMER_NAMES) & params.keys():
        return NAMES
    if set(NAMES) & params.keys():
        raise RequestRejected(problems.INVALID_PARAMETER, "Give from and to alone, without start and end.")
    return FORMER_NAMES


def in_new_spelling(params: Mapping[str, str]) -> dict[str, str]:
    """Return parameters with `from` and `to` for the old names."""
    renamed = dict(zip(FORMER_NAMES, NAMES, strict=True))
    return {renamed.get(name, name): text for name, text in params.items()}


def with_plus(text: str) -> str:
    """Return a time with the plus sign of its offset, which arrives as a space when it was not escaped."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", text)
