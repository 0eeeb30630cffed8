"""Bring one pair into step: claim it, read both sides, decide, write, note. Everything here is safe when repeated."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared import telemetry
from shared.dataverse.decide import decide
from shared.dataverse.decision import Decision
from shared.dataverse.flow.brake_check import BrakeCheck
from shared.dataverse.flow.looking import Looking, Setting
from shared.dataverse.flow.writing import PairWriter, TransactionUsed, left_of
from shared.dataverse.look import Look, Refusal
from shared.dataverse.reading.events import LAG
from shared.dataverse.record import recorded
from shared.dataverse.repetition import with_write, wrote_within
from shared.dataverse.sides import Booking, Event
from shared.errors import GraphNotFound, GraphRejected, GraphUnavailable, RelayError
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Pair, is_covered, key_of, with_formers
from shared.storage.pairs.pairs import Pairs

MOST_LOOKS = 4  # in a row; then the hint is queued again
CHANGED = 412  # the event has another version than the one that was read

_logger = logging.getLogger("relay.dataverse")


class Outcome(StrEnum):
    """How a hint ended. BUSY: another worker has the pair; RETRY: a side was unreadable, or changes too fast."""

    DONE = "done"
    BUSY = "busy"
    RETRY = "retry"


class _Again(RelayError):
    """The pair has to be looked at again."""


@dataclass(frozen=True)
class PairSettling:
    """Settles pairs. Methods raise RelayError when storage or a write fails; the claim is released before."""

    pairs: Pairs
    index: PairIndex
    looking: Looking
    writer: PairWriter
    brake: BrakeCheck

    def process(
        self, booking_id: str, hinted_at: datetime, setting: Setting, events: Sequence[tuple[str, str]] = ()
    ) -> Outcome:
        """Settle the pair of a booking. `events`: watch and id of events that led to it."""
        refusal: Refusal | None = None
        for number in range(MOST_LOOKS):
            pair = self.pairs.get(key_of(booking_id))
            if pair is not None and number == 0 and not events and is_covered(pair, hinted_at):
                return Outcome.DONE
            claimed = self.pairs.claim(pair) if pair is not None else None
            if pair is not None and claimed is None:
                return Outcome.BUSY
            run = _Run(self, claimed, setting, hinted_at)
            try:
                look = self.looking.look(booking_id, claimed, setting, events, refusal)
                outcome = run.carry_out(look, decide(look))
            except _Again:
                run.give_back()
                continue
            except TransactionUsed:
                run.give_back_used(claimed)
                continue
            except GraphRejected as error:
                run.give_back()
                refusal = Refusal("outlook", error.code) if error.status != CHANGED else None
                continue
            except GraphNotFound:
                run.give_back()
                continue
            except RelayError:
                run.give_back()
                raise
            if outcome is not None:
                return outcome
        return Outcome.RETRY


@dataclass
class _Run:
    """One look that is carried out. `stored`: the pair's row as this worker wrote it last."""

    settling: PairSettling
    stored: Pair | None
    setting: Setting
    hinted_at: datetime

    def carry_out(self, look: Look, decision: Decision) -> Outcome | None:
        """Carry a decision out; None if the pair has to be looked at again at once."""
        self._log(look, decision)
        if self._is_braked(look, decision):
            self.give_back()
            return Outcome.DONE
        self._store_before(look, decision)
        event = self.settling.writer.write(decision.outlook) if decision.outlook is not None else None
        left = self.settling.writer.remove(decision.removals, self.setting.organization, _booking_of(look))
        self._store_after(look, decision, event, left_of(decision, left) if left else None)
        if decision.retries:
            return Outcome.RETRY
        return None if decision.looks_again else Outcome.DONE

    def give_back(self) -> None:
        """End the claim."""
        if self.stored is not None:
            self.settling.pairs.release(self.stored)

    def give_back_used(self, before: Pair | None) -> None:
        """End the claim of a pair whose transactionId is used up: the next event is one of the next generation.

        Raises GraphUnavailable, and keeps the generation, while an event of an earlier attempt may not be shown yet.
        `before`: the pair before this attempt, None if its row is new: nobody knows when the id was used then.
        """
        now = self.settling.looking.now()
        if before is None or wrote_within(before, "outlook", now, LAG):
            self.give_back()
            raise GraphUnavailable(0, "Unconfirmed")
        if self.stored is not None:
            self.settling.pairs.release(replace(self.stored, generation=self.stored.generation + 1))

    def _is_braked(self, look: Look, decision: Decision) -> bool:
        return decision.counts is not None and look.pair is not None and self.settling.brake.holds(
            look.pair, decision.counts, self.hinted_at
        )  # fmt: skip

    def _store_before(self, look: Look, decision: Decision) -> None:
        """Store what is about to be done. Raises _Again if another worker was faster."""
        if decision.before is None:
            return
        before = with_write(_with_cause(decision.before, look), "outlook", look.context.now)
        if self.stored is None:
            self.stored = self.settling.pairs.add(before)
        else:
            self.stored = self.settling.pairs.keep(replace(before, etag=self.stored.etag))
        if self.stored is None:
            raise _Again

    def _store_after(self, look: Look, decision: Decision, event: Event | None, formers: object) -> None:
        if decision.after is None:
            self.give_back()
            return
        after = _with_cause(recorded(decision, look.context, event=event), look)
        if isinstance(formers, list):
            after = with_formers(after, formers)
        if after.event_id and (self.stored is None or after.event_id != self.stored.event_id):
            row = IndexedEvent(event_key(after.event_id), "pair", after.id, start=after.start, end=after.end)
            self.settling.index.write(after.mailbox_watch, row)
        if self.stored is None:
            stored = self.settling.pairs.add(after)
            if stored is None:
                raise _Again
            self.stored = stored
        if self.settling.pairs.release(replace(after, etag=self.stored.etag)) is None:
            raise _Again

    def _log(self, look: Look, decision: Decision) -> None:
        """Log ids and the number of the table's row; never a name."""
        if decision.writes or decision.finding is not None:
            finding = str(decision.finding or "")
            _logger.info("Row %d for the booking %s %s", decision.row, _booking_of(look), _quoted(finding, look))
            telemetry.count("dataverse_decisions", row=decision.row, finding=finding)


def _quoted(finding: str, look: Look) -> str:
    """Return a finding with the code of the answer that refused the last write, which says what to correct."""
    return f"{finding} {look.refusal.code}" if finding and look.refusal is not None else finding


def _booking_of(look: Look) -> str:
    if look.pair is not None:
        return look.pair.booking_id
    return look.booking.id if isinstance(look.booking, Booking) else ""


def _with_cause(pair: Pair, look: Look) -> Pair:
    """Return a pair with the work order or requirement of its booking, which is kept once the booking is gone."""
    cause = look.booking.cause if isinstance(look.booking, Booking) else pair.cause
    return replace(pair, cause=cause)
