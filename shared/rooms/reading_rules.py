"""When a source of rooms is read, and what a reading changes. Pure.

An answer without rooms, or with fewer than before, is no proof that rooms are gone (shared/policy/room_list_rule.py):
they stay until a second reading confirms it. An error changes no room, but one of permission hides all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphError, GraphForbidden, GraphNotFound
from shared.moments import has_passed
from shared.policy.room_list_rule import CONFIRM_AFTER, after_reading, is_confirmed
from shared.storage.room_lists import RoomListReading
from shared.storage.rooms.readings import RoomReading

EVERY = timedelta(hours=1)  # between two readings
FAILED_FOR = timedelta(minutes=1)  # until the next try, unless Retry-After is longer
CLAIMED_FOR = timedelta(minutes=3)  # longer than a reading and its storing take
LONGEST_WAIT = timedelta(days=1)
PERMISSION = "permission"  # as a failure: Graph refuses the places
UNCONFIRMED = "unconfirmed"  # as a failure: Graph returned fewer rooms than before, or none


@dataclass(frozen=True, slots=True)
class Reading:
    """What Graph returned: the allowed rooms, the number of all, and the error that ended the reading.

    `names`: the hash of the allow-list's entries that selected the rooms.
    """

    rooms: list[dict[str, Any]]
    count: int
    names: str = ""
    failure: GraphError | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The row after a reading, and the rooms to store; None: those that are stored stay."""

    row: RoomReading
    rooms: list[dict[str, Any]] | None = None


def is_due(row: RoomReading, now: datetime) -> bool:
    """Return whether a reading may begin. A clock that was ahead delays none for longer than LONGEST_WAIT."""
    if row.claim and row.tried is not None and not has_passed(CLAIMED_FOR, row.tried, now):
        return False
    return row.retry_at is None or not now < row.retry_at <= now + LONGEST_WAIT


def claimed(row: RoomReading, claim: str, now: datetime) -> RoomReading:
    """Return the row of a source that somebody begins to read."""
    return replace(row, claim=claim, tried=now, at=now)


def after(row: RoomReading, reading: Reading, before: list[dict[str, Any]], now: datetime) -> Result:
    """Return what is known after a reading; `before` are the rooms of the last one."""
    row = replace(row, claim="", at=now)
    if reading.failure is not None and not isinstance(reading.failure, GraphNotFound):
        return _after_failure(row, reading.failure, reading, now)
    judged = after_reading(_judged_before(row), reading.count, now)
    row = replace(row, count=judged.count, since=judged.since, fewer=judged.fewer, fewer_since=judged.fewer_since)
    if is_confirmed(judged):
        fresh = replace(
            row, as_of=row.tried or now, is_whole=True, names=reading.names, failure="", retry_at=now + EVERY
        )
        return Result(fresh, reading.rooms)
    as_of = row.as_of or row.tried or now
    kept = replace(
        row, as_of=as_of, is_whole=False, names=reading.names, failure=UNCONFIRMED, retry_at=now + CONFIRM_AFTER
    )
    return Result(kept, _merged(before, reading.rooms))


def _after_failure(row: RoomReading, error: GraphError, reading: Reading, now: datetime) -> Result:
    """What was read before the error is kept only if nothing was before."""
    wait = min(max(FAILED_FOR, timedelta(seconds=error.retry_after or 0)), LONGEST_WAIT)
    failure = PERMISSION if isinstance(error, GraphForbidden) else error.code
    row = replace(row, failure=failure, retry_at=now + wait)
    if row.as_of is not None or not reading.rooms:
        return Result(row)
    return Result(replace(row, as_of=row.tried or now, is_whole=False, names=reading.names), reading.rooms)


def _judged_before(row: RoomReading) -> RoomListReading:
    return RoomListReading(row.id, row.count, row.since, row.fewer, row.fewer_since)


def _merged(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(({room["mailbox"]: room for room in before} | {room["mailbox"]: room for room in now}).values())
