"""What callers are told of the rooms: all that is known, how old it is, and what may be missing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import problems
from shared.errors import RelayError, RequestRejected
from shared.moments import has_passed
from shared.rooms.reading_rules import CLAIMED_FOR, PERMISSION, UNCONFIRMED
from shared.storage.rooms.readings import RoomReading

TRUSTED = timedelta(days=1)  # how old a reading may be while no newer one succeeds
SOON = 5.0  # seconds: another call is reading
_GRANT = "The relay may not read rooms. The customer's IT has to grant it Place.Read.All."


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """What is known of one source; `rooms` is None without a reading.

    `has_new_names`: whether the allow-list's addresses and domains have changed since.
    """

    row: RoomReading
    rooms: list[dict[str, Any]] | None
    has_new_names: bool = False


@dataclass(frozen=True, slots=True)
class RoomAnswer:
    """The rooms of all sources, when the oldest reading began, and why rooms may be missing ("": none)."""

    rooms: list[dict[str, Any]]
    as_of: datetime | None
    missing: str = ""


def answer_of(sources: Sequence[SourceAnswer | RelayError], now: datetime) -> RoomAnswer:
    """Return the answer to a caller. Raises RequestRejected 503, or the relay's own error, if no source is known, and
    without the permission: an empty list would look like a tenant without rooms.
    """
    refused = [each for each in sources if isinstance(each, SourceAnswer) and each.row.failure == PERMISSION]
    if refused:
        raise RequestRejected(problems.PERMISSION_MISSING, _GRANT, _wait_of(refused[0].row, now))
    usable = [each for each in sources if isinstance(each, SourceAnswer) and _is_usable(each, now)]
    unknown = [each for each in sources if not isinstance(each, SourceAnswer) or not _is_usable(each, now)]
    if unknown and not usable:
        raise _error_of(unknown[0], now)
    rooms = [room for each in usable for room in each.rooms or []]
    as_of = min((each.row.as_of for each in usable if each.row.as_of is not None), default=None)
    return RoomAnswer(rooms, as_of, _missing_of(usable, unknown))


def _is_usable(source: SourceAnswer, now: datetime) -> bool:
    """Return whether a source can be told: neither too old, nor empty without proof."""
    row = source.row
    if source.rooms is None or row.as_of is None or has_passed(TRUSTED, row.as_of, now):
        return False
    return row.is_whole or bool(source.rooms)


def _missing_of(usable: Sequence[SourceAnswer], unknown: Sequence[object]) -> str:
    failures = sorted({each.row.failure for each in usable if each.row.failure})
    texts = {UNCONFIRMED: "Graph returned fewer rooms than before, which the next reading has to confirm."}
    lines = [texts.get(each, f"The last reading failed (Graph: {each}).") for each in failures]
    if any(each.has_new_names for each in usable):
        lines.append("ALLOWED_MAILBOXES has changed: rooms of new entries are listed after the next reading.")
    if unknown:
        lines.append("A part of the customer's rooms could not be read yet.")
    return " ".join(lines)


def _error_of(source: SourceAnswer | RelayError, now: datetime) -> RelayError:
    if isinstance(source, RelayError):
        return source
    row = source.row
    if row.failure == UNCONFIRMED:
        text = "Graph returned no rooms, which the next reading has to confirm."
    elif row.failure:
        text = f"Graph does not return the rooms ({row.failure})."
    else:
        text = "The rooms are being read."
    detail = f"{text} Try again after the time in Retry-After."
    return RequestRejected(problems.GRAPH_UNAVAILABLE, detail, _wait_of(row, now))


def _wait_of(row: RoomReading, now: datetime) -> float:
    """Return the seconds until another reading may begin."""
    if row.claim and row.tried is not None and not has_passed(CLAIMED_FOR, row.tried, now):
        return SOON
    return SOON if row.retry_at is None else max(SOON, (row.retry_at - now).total_seconds())
