"""Two sides that answer each other's writes are held: six writes, each to the other side, within ten minutes. Pure.

An event that is put back, or removed again after somebody restored it, counts as well: something in Outlook changes it
again each time. This also holds a value that a plug-in of Dataverse turns back three times.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import Decision, Finding
from shared.storage.pairs.pair import Pair, Side, writes_text

PERIOD = timedelta(minutes=10)
MOST_ANSWERS = 6


def held_if_repeated(seen: Compared, decision: Decision) -> Decision:
    """Return a decision, or that its pair is held because it would be one write too many."""
    if seen.pair is None or not decision.writes:
        return decision
    if len(_recent(seen.pair, seen.context.now)) < MOST_ANSWERS:
        return decision
    after = replace(seen.pair, state="held", held_by="repeats")
    return Decision(row=decision.row, after=after, finding=Finding.REPEATED)


def with_write(pair: Pair, side: Side, now: datetime, *, undoes: bool = False) -> Pair:
    """Return a pair with a write that was carried out. A write to the same side as the last one takes its place.

    `undoes`: it undoes a change of that side, and so answers whoever answered the last write.
    """
    recent = _recent(pair, now)
    kept = recent[:-1] if recent and recent[-1][1] == side and not undoes else recent
    return replace(pair, writes=writes_text((*kept, (now, side))))


def wrote_within(pair: Pair, side: Side, now: datetime, period: timedelta) -> bool:
    """Return whether a side was written, or a write was begun, within a period, up to PERIOD."""
    return any(each == side and now - moment < period for moment, each in _recent(pair, now))


def _recent(pair: Pair, now: datetime) -> tuple[tuple[datetime, Side], ...]:
    return tuple((moment, side) for moment, side in pair.recent_writes() if now - moment < PERIOD)
