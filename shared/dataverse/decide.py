"""The decision: what follows from one look at both sides. Pure; the same look always gives the same decision.

The first rule that applies wins: rows 1 to 13, 45, 52, 17 to 20, then the rest by number. Rows that refer to others are
decided there: 37 by 10 to 13, 46 and 53 in part by the caller (shared.dataverse.occurrences, shared.dataverse.brake).
"""

from __future__ import annotations

from collections.abc import Callable

from shared.dataverse.comparison import Compared
from shared.dataverse.decision import Decision
from shared.dataverse.look import Look
from shared.dataverse.repetition import held_if_repeated
from shared.dataverse.rules.creation import first_booking, first_event, taken_id, unmade
from shared.dataverse.rules.deleted import deleted_dv, deleted_ol
from shared.dataverse.rules.direction import is_allowed, withheld
from shared.dataverse.rules.ended import booking_over, let_go, person_ended
from shared.dataverse.rules.live import both_live, handed_over
from shared.dataverse.rules.progress import under_way
from shared.dataverse.rules.reassignment import reassigned
from shared.dataverse.rules.refused import is_refused, not_repeated
from shared.dataverse.rules.returned import (
    booking_returned,
    event_returned,
    left_out,
    restored_booking,
    second_event,
)
from shared.dataverse.rules.safety import not_followed, nothing_left, over_in_time, unreadable

Rule = Callable[[Compared], Decision | None]
BEFORE_DIRECTION: tuple[Rule, ...] = (
    unreadable, not_followed, over_in_time, nothing_left, taken_id, reassigned, booking_over, person_ended, let_go,
)  # fmt: skip
AFTER_DIRECTION: tuple[Rule, ...] = (
    under_way, deleted_dv, deleted_ol, event_returned, second_event, booking_returned, restored_booking, left_out,
    handed_over, both_live, unmade, first_event, first_booking,
)  # fmt: skip
FORBIDDEN = 52


def decide(look: Look) -> Decision:
    """Return the decision for a look."""
    seen = Compared(look)
    first = _first(BEFORE_DIRECTION, seen)
    decision = first or _first(AFTER_DIRECTION, seen) or _nothing_new(seen)
    if is_refused(seen, decision):
        decision = not_repeated(seen, decision)
    if not is_allowed(seen, decision):
        return withheld(seen, decision, decision.row if first else FORBIDDEN)
    return held_if_repeated(seen, decision)


def _first(rules: tuple[Rule, ...], seen: Compared) -> Decision | None:
    return next((decision for rule in rules if (decision := rule(seen)) is not None), None)


def _nothing_new(seen: Compared) -> Decision:
    """Row 60. What is seen of a pair is noted: a change is one against the last look."""
    return Decision(row=60, after=seen.refreshed() if seen.pair is not None else None)
