"""The brake: when removals and cancellations of one mailbox are held until an administrator releases them. Pure.

Someone who cleans up a calendar, or a script that deletes bookings, must not take a day's visits along. A move is no
removal: the optimizer deletes a booking and makes another for the same work order within the hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from shared.moments import is_impossible
from shared.storage.pairs.brakes import Creation, MailboxBrake, Removal, creations_text, removals_text
from shared.storage.pairs.pair import Side

HOUR = timedelta(hours=1)
REASSIGNED_WITHIN = timedelta(minutes=1)
BY_BRAKE = "brake"  # a value of held_by
HALF, FIFTH = (5, 0.5), (10, 0.2)  # at least so many, and this part of the mailbox's pairs
ALWAYS = 25
MOST_PLANNED = 250  # the row's column holds 32,768 letters ("Understanding the Table service data model")
CREATIONS = 10  # old events that become bookings, and more than half of those that a mailbox has


def counted(removals: Iterable[Removal], creations: Iterable[Creation], side: Side, now: datetime) -> set[str]:
    """Return the ids of the pairs that count for one side: of the last hour, without moves and what was planned.

    A creation makes a move of one removal only.
    """
    recent = [each for each in removals if each.side == side and is_recent(each.at, now) and not each.was_planned]
    unused = list(creations)
    return {removal.pair_id for removal in recent if not _is_moved(removal, unused)}


def is_braked(removals: int, pairs: int) -> bool:
    """Return whether so many removals of a mailbox are held. `pairs`: how many it had before them."""
    if removals >= ALWAYS:
        return True
    return any(removals >= least and removals >= part * pairs for least, part in (HALF, FIFTH))


def is_creation_braked(creations: int, events: int) -> bool:
    """Return whether so many bookings for old events are held. `events`: the mailbox's events that are in rule."""
    return creations >= CREATIONS and creations > events / 2


def is_recent(moment: datetime, now: datetime) -> bool:
    """Return whether a stored moment is of the last hour. One that a wrong clock wrote is none."""
    return now - moment < HOUR and not is_impossible(moment, now)


def with_removal(brake: MailboxBrake, removal: Removal) -> dict[str, Any]:
    """Return the changes of a brake's row for a removal. A repeated one of the same pair counts once.

    One that was planned stays planned.
    """
    rest = [each for each in brake.removals() if is_recent(each.at, removal.at)]
    same = [each for each in rest if (each.pair_id, each.side) == (removal.pair_id, removal.side)]
    kept = next((each for each in same if each.was_planned), removal)
    return {"removed": removals_text([*(each for each in rest if each not in same), kept]), "changed": removal.at}


def with_planned(brake: MailboxBrake, pair_ids: Iterable[str], now: datetime) -> dict[str, Any]:
    """Return the changes of a brake's row for removals of events that `plan` counts, up to MOST_PLANNED."""
    planned = [Removal(each, "outlook", now, was_planned=True) for each in islice(pair_ids, MOST_PLANNED)]
    ids = {each.pair_id for each in planned}
    rest = [each for each in brake.removals() if is_recent(each.at, now) and each.pair_id not in ids]
    return {"removed": removals_text([*rest, *planned]), "changed": now}


def with_creation(brake: MailboxBrake, creation: Creation) -> dict[str, Any]:
    """Return the changes of a brake's row for a creation."""
    rest = [each for each in brake.creations() if is_recent(each.at, creation.at)]
    others = [each for each in rest if each.pair_id != creation.pair_id]
    return {"created": creations_text([*others, creation]), "changed": creation.at}


def holding(brake: MailboxBrake, now: datetime, held_by: str) -> dict[str, Any]:
    """Return the changes of a brake's row that holds its mailbox; none for one that is held already."""
    return {} if brake.held_since is not None else {"held_since": now, "held_by": held_by, "changed": now}


def releasing(brake: MailboxBrake, now: datetime) -> dict[str, Any]:
    """Return the changes of a brake's row that releases its mailbox.

    What the brake has held does not count again, and is carried out. Nobody has looked at the removals of a mailbox
    that the brake does not hold: they go on to count.
    """
    released = {"held_since": None, "held_by": "", "released_at": now, "changed": now}
    return released | ({"removed": "", "created": "", "opened_at": now} if brake.held_by == BY_BRAKE else {})


def _is_moved(removal: Removal, unused: list[Creation]) -> bool:
    """Return whether a removal is half of a move, and take the other half out of those that are not used yet."""
    half = next((each for each in unused if _is_move(removal, each)), None)
    if half is not None:
        unused.remove(half)
    return half is not None


def _is_move(removal: Removal, creation: Creation) -> bool:
    apart = abs(creation.at - removal.at)
    if removal.cause:
        return creation.cause == removal.cause and apart < HOUR
    is_other = bool(creation.resource) and creation.resource != removal.resource
    return is_other and not creation.cause and apart < REASSIGNED_WITHIN
