"""Rows 1 to 4: what cannot be read, is not followed or is over is not written. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import Decision, Finding
from shared.dataverse.look import ResourceState
from shared.dataverse.rules.reassignment import has_left
from shared.dataverse.sides import Unreadable, Why
from shared.storage.pairs.pair import Pair

LONG = timedelta(days=1)


def unreadable(seen: Compared) -> Decision | None:
    """Row 1: one side cannot be read. A missing right holds the pair until both can be read again."""
    sides = [side for side in (seen.look.booking, seen.look.event) if isinstance(side, Unreadable)]
    if not sides:
        return None
    pair = seen.look.pair
    if pair is None:
        return Decision(row=1, retries=True)
    since = pair.failing_since or seen.context.now
    after = replace(pair, failing_since=since)
    finding = Finding.UNREADABLE_FOR_A_DAY if seen.context.now - since > LONG else None
    if any(side.why is Why.REFUSED for side in sides):
        after, finding = _held(after), finding or Finding.RIGHT_MISSING
    return Decision(row=1, after=after, finding=finding, retries=True)


def not_followed(seen: Compared) -> Decision | None:
    """Row 2: another organization, a held pair, or a resource that is not followed.

    A booking that left such a resource for a followed one gets its event there (row 5).
    """
    context = seen.context
    is_other = context.present_organization not in ("", context.organization)
    is_held = seen.state == "held"
    is_followed = seen.resource.state is ResourceState.FOLLOWED or has_left(seen)
    if is_other or is_held or not is_followed:
        return Decision(row=2, after=seen.pair)
    return None


def over_in_time(seen: Compared) -> Decision | None:
    """Row 3: both sides ended before the window. An event that is gone is as old as its booking.

    A deleted booking ended when the last look says: where its event was dragged meanwhile tells nothing of that.
    """
    if seen.pair is None:
        return None
    ends = [side.end for side in (seen.booking, seen.event) if side is not None]
    ends += [seen.pair.end] if seen.booking is None and seen.pair.end is not None else []
    if not ends or max(ends) > seen.context.now - seen.rules.past:
        return None
    return Decision(row=3, after=seen.refreshed("ended"))


def nothing_left(seen: Compared) -> Decision | None:
    """Row 4: the booking is over and the event gone; not while an event of the pair is still to be removed."""
    if seen.pair is None or not (seen.is_over and seen.is_gone) or seen.pair.pending() or seen.strays:
        return None
    return Decision(row=4, after=seen.refreshed("ended"))


def _held(pair: Pair) -> Pair:
    """Return a pair that is held for a missing right. One that has nothing to write stays as it is."""
    if pair.state not in ("making", "paired"):
        return pair
    return replace(pair, state="held", held_by="right")
