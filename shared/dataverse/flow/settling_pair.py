"""Bring one pair into step: claim it, read both sides, decide, write, note. Everything here is safe when repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.decide import decide
from shared.dataverse.flow.looking import Setting
from shared.dataverse.flow.writing import TransactionUsed
from shared.dataverse.look import Refusal
from shared.dataverse.writes.outcome import AlreadyStored, LookAgain, Outcome
from shared.dataverse.writes.run import Collaborators, Run
from shared.dynamics.errors import DynamicsRefused, DynamicsRejected, RowChanged, RowGone, is_refusal
from shared.errors import GraphNotFound, GraphRejected, RelayError
from shared.storage.pairs.pair import is_covered, key_of

MOST_LOOKS = 4  # in a row; then the hint is queued again
CHANGED = 412  # the event has another version than the one that was read


@dataclass(frozen=True)
class PairSettling:
    """Settles pairs. Methods raise RelayError when storage or a write fails; the claim is released before."""

    parts: Collaborators

    def process(
        self, booking_id: str, hinted_at: datetime, setting: Setting, events: Sequence[tuple[str, str]] = ()
    ) -> Outcome:
        """Settle the pair of a booking. `events`: watch and id of events that led to it."""
        refusal: Refusal | None = None
        for number in range(MOST_LOOKS):
            pair = self.parts.pairs.get(key_of(booking_id))
            if pair is not None and number == 0 and not events and is_covered(pair, hinted_at):
                return Outcome.DONE
            claimed = self.parts.pairs.claim(pair) if pair is not None else None
            if pair is not None and claimed is None:
                return Outcome.BUSY
            run = Run(self.parts, claimed, setting, hinted_at)
            try:
                look = self.parts.looking.look(booking_id, claimed, setting, events, refusal)
                outcome = run.carry_out(look, decide(look))
            except AlreadyStored as error:
                booking_id = error.booking_id
                continue
            except TransactionUsed:
                run.give_back_used()
                continue
            except DynamicsRefused as error:
                run.hold(error.right)
                return Outcome.RETRY
            except RelayError as error:
                refusal = _met(error, run)
                continue
            if outcome is not None:
                return outcome
        return Outcome.RETRY


def _met(error: RelayError, run: Run) -> Refusal | None:
    """Return what a write was refused with, None if a side has changed. Raises an error that says neither."""
    if isinstance(error, GraphRejected):
        run.give_back()
        return Refusal("outlook", error.code) if error.status != CHANGED else None
    if isinstance(error, DynamicsRejected) and is_refusal(error):
        run.give_back_unchanged()
        return Refusal("dataverse", error.code)
    run.give_back()
    if isinstance(error, LookAgain | GraphNotFound | RowChanged | RowGone):
        return None
    raise error
