"""The rule for what a reading of a room list proves. Pure.

A room that a reading contains belongs to the list. A room that it does not contain may belong to it all the same: Graph
returns lists that are empty or have holes, and 404 for lists that exist. So a list that is empty or not found, or that
has lost more than FEW rooms since the last reading, is unconfirmed. It is believed when readings return the same number
of rooms for CONFIRM_AFTER. An answer with more rooms ends this time, and one with another number begins it again.

("List places")
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.storage.room_lists import RoomListReading

CONFIRM_AFTER = timedelta(minutes=20)  # by default that is the timer's second run
# Two readings further apart prove nothing about the time between, and a clock that is days off confirms nothing.
VOID_AFTER = timedelta(days=2)
FEW = 1  # rooms that may leave between two readings; more at once are rare, and waiting costs them only CONFIRM_AFTER


def after_reading(before: RoomListReading, count: int, now: datetime) -> RoomListReading:
    """Return the row of a list after a reading with `count` rooms; 0 also stands for a list that is not found."""
    if is_plausible(before, count):
        is_same = before.count == count and before.since is not None
        return replace(before, count=count, since=before.since if is_same else now, fewer=0, fewer_since=None)
    since = before.fewer_since if before.fewer == count else None
    if since is None or not timedelta(0) <= now - since <= VOID_AFTER:
        since = now
    if now - since >= CONFIRM_AFTER:
        return replace(before, count=count, since=now, fewer=0, fewer_since=None)
    return replace(before, fewer=count, fewer_since=since)


def is_plausible(before: RoomListReading, count: int) -> bool:
    """Return whether a number of rooms can be believed at the first reading that returns it."""
    if count == 0:
        return before.count == 0 and before.since is not None  # the list was confirmed to be empty
    return before.count - count <= FEW


def is_confirmed(row: RoomListReading) -> bool:
    """Return whether the last reading is believed."""
    return row.since is not None and row.fewer_since is None
