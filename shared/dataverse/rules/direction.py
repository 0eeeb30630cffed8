"""Row 52: DATAVERSE_DIRECTION forbids writing one side. Pure.

What is not written is noted, so that a later `both` does not replay it. The rows before 52 keep their number, but
nothing that is forbidden is written for them either.
"""

from __future__ import annotations

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import Decision, Finding
from shared.storage.pairs.pair import State


def is_allowed(seen: Compared, decision: Decision) -> bool:
    """Return whether all writes of a decision are allowed."""
    may_write = seen.rules.direction.may_write
    if decision.writes_outlook and not may_write("outlook"):
        return False
    return decision.dataverse is None or may_write("dataverse")


def withheld(seen: Compared, decision: Decision, row: int) -> Decision:
    """Return what remains of a decision without the writes that are forbidden."""
    if seen.pair is None:
        return Decision(row=row, of_row=decision.row)  # what was never paired is no finding: it is not followed
    direction = seen.rules.direction
    to_outlook = decision.outlook if direction.may_write("outlook") else None
    to_dataverse = decision.dataverse if direction.may_write("dataverse") else None
    return Decision(
        row=row,
        of_row=decision.row,
        outlook=to_outlook,
        dataverse=to_dataverse,
        after=seen.refreshed(_state(seen, decision)),
        finding=Finding.OTHER_DIRECTION,
    )


def _state(seen: Compared, decision: Decision) -> State | None:
    """Return the state of a pair after a write that was forbidden: what would be made or ended is muted instead."""
    stays = decision.after is not None and decision.after.state == "paired"
    if stays and seen.is_live and seen.event is not None:
        return "paired" if seen.state in ("making", "paired") else None
    return "muted" if seen.state in ("making", "paired") else None
