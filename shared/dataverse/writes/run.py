"""Carry out one look: what is stored before a write, the writes, and what is stored after. Safe when repeated."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from shared import telemetry
from shared.dataverse.call_breaker import DynamicsBreaker
from shared.dataverse.decision import Decision, Finding, MakeBooking
from shared.dataverse.flow.brake_check import BrakeCheck
from shared.dataverse.flow.looking import Looking, Setting
from shared.dataverse.flow.writing import PairWriter, left_of
from shared.dataverse.look import Look
from shared.dataverse.reading.events import LAG
from shared.dataverse.record import recorded
from shared.dataverse.repetition import with_write, wrote_within
from shared.dataverse.sides import Booking, Event
from shared.dataverse.writes.bookings import BookingWriter
from shared.dataverse.writes.outcome import AlreadyStored, LookAgain, Outcome
from shared.dataverse.writes.waiting import WriteWaiting
from shared.errors import GraphUnavailable
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Former, Pair, with_formers
from shared.storage.pairs.pairs import Pairs

_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class Collaborators:
    """What carries a decision out."""

    pairs: Pairs
    index: PairIndex
    looking: Looking
    events: PairWriter
    bookings: BookingWriter
    waiting: WriteWaiting
    brake: BrakeCheck
    breaker: DynamicsBreaker


@dataclass
class Run:
    """One look that is carried out. Methods raise RelayError.

    `claimed`: the pair's row as it was before; `stored`: as this worker wrote it last. `earlier`: the claimed row of
    the earlier generation while the booking of the next one is made. `owner`: who owns the booking that is written.
    """

    parts: Collaborators
    claimed: Pair | None
    setting: Setting
    hinted_at: datetime
    stored: Pair | None = None
    earlier: Pair | None = None
    owner: str = ""

    def __post_init__(self) -> None:
        """Begin with the claimed row."""
        self.stored = self.claimed

    def carry_out(self, look: Look, decision: Decision) -> Outcome | None:
        """Carry a decision out; None if the pair has to be looked at again at once."""
        self._log(look, decision)
        ended = self._not_now(look, decision)
        if ended is not None:
            self.give_back()
            return ended
        self._store_before(look, decision)
        event = self.parts.events.write(decision.outlook) if decision.outlook is not None else None
        left = self.parts.events.remove(decision.removals, self.setting.organization, _booking_of(look))
        booking = self._write_booking(look, decision)
        self._store_after(look, decision, event, booking, left_of(decision, left) if left else None)
        if decision.retries:
            return Outcome.RETRY
        return None if decision.looks_again else Outcome.DONE

    def give_back(self) -> None:
        """End the claims."""
        for row in (self.stored, self.earlier):
            if row is not None:
                self.parts.pairs.release(row)

    def give_back_unchanged(self) -> None:
        """End the claims of a write that was refused: the pair is as it was before."""
        if self.claimed is not None and self.stored is not None and self.earlier is None:
            self.stored = replace(self.claimed, etag=self.stored.etag)
        self.give_back()

    def give_back_used(self) -> None:
        """End the claim of a pair whose transactionId is used up: the next event is one of the next generation.

        Raises GraphUnavailable, and keeps the generation, while an event of an earlier attempt may not be shown yet.
        If its row is new, nobody knows when the id was used.
        """
        now = self.parts.looking.now()
        if self.claimed is None or wrote_within(self.claimed, "outlook", now, LAG):
            self.give_back()
            raise GraphUnavailable(0, "Unconfirmed")
        if self.stored is not None:
            self.parts.pairs.release(replace(self.stored, generation=self.stored.generation + 1))

    def hold(self, right: str) -> None:
        """Hold a pair until the right to write its booking is there; the next look tries it again."""
        self.parts.breaker.refused(self.owner or self.setting.user_id)
        if self.claimed is not None and self.stored is not None and self.earlier is None:
            self.stored = replace(self.claimed, etag=self.stored.etag)
        if self.stored is not None and self.stored.state in ("making", "paired"):
            self.stored = replace(self.stored, state="held", held_by="right")
        booking_id = self.stored.booking_id if self.stored is not None else ""
        _logger.warning("The right %s is missing to write the booking %s", right or "of an unknown name", booking_id)
        telemetry.count("dataverse_decisions", row=1, finding=str(Finding.RIGHT_MISSING))
        self.give_back()

    def _not_now(self, look: Look, decision: Decision) -> Outcome | None:
        """Return how the hint ends if nothing may be written now: by the brake, a busy board or a crew's cascade."""
        if self._is_braked(look, decision):
            return Outcome.DONE
        if decision.dataverse is None:
            return None
        if isinstance(look.booking, Booking) and self.parts.waiting.is_sister_written(look.booking):
            return Outcome.WAITS
        resource = _resource_of(decision)
        return Outcome.DONE if self.parts.waiting.is_busy(resource, self.setting.user_id) else None

    def _is_braked(self, look: Look, decision: Decision) -> bool:
        brake, rules = self.parts.brake, self.setting.rules
        if decision.counts_creation and decision.before is not None:
            return brake.holds_creation(decision.before, rules, self.hinted_at)
        if decision.counts is None or look.pair is None:
            return False
        return brake.holds(look.pair, decision.counts, rules, self.hinted_at)

    def _store_before(self, look: Look, decision: Decision) -> None:
        """Store what is about to be done. Raises LookAgain if another worker was faster, or AlreadyStored."""
        if decision.before is None:
            return
        before = _with_cause(decision.before, look)
        if decision.writes_outlook:
            before = with_write(before, "outlook", look.context.now)
        if decision.dataverse is not None:
            before = with_write(before, "dataverse", look.context.now)
        if self.stored is not None and self.stored.id != before.id:
            self._add_next(decision, before)
        elif self.stored is None:
            self.stored = self.parts.pairs.add(before)
        else:
            self.stored = self.parts.pairs.keep(replace(before, etag=self.stored.etag))
        if self.stored is None:
            raise LookAgain
        if isinstance(decision.dataverse, MakeBooking):
            self._index(before)

    def _add_next(self, decision: Decision, before: Pair) -> None:
        """Store the pair of the next generation beside that of the earlier one."""
        self.earlier, self.stored = self.stored, self.parts.pairs.add(before)
        if self.stored is None:
            self._index(before)
            self._end_earlier(decision)
            raise AlreadyStored(before.booking_id)

    def _write_booking(self, look: Look, decision: Decision) -> Booking | None:
        if decision.dataverse is None:
            return None
        if decision.sisters_wait is not None and isinstance(look.booking, Booking):
            self.parts.waiting.begin_cascade(look.booking, decision.sisters_wait)
        self.owner = look.booking.owner if isinstance(look.booking, Booking) else ""
        written = self.parts.bookings.write(decision.dataverse, _resource_of(decision), decision.row)
        self.parts.breaker.granted()
        return written

    def _store_after(
        self, look: Look, decision: Decision, event: Event | None, booking: Booking | None, formers: list[Former] | None
    ) -> None:
        if decision.after is None:
            self.give_back()
            return
        after = _with_cause(recorded(decision, look.context, event=event, booking=booking), look)
        if formers is not None:
            after = with_formers(after, formers)
        if after.event_id and (self.stored is None or after.event_id != self.stored.event_id):
            self._index(after)
        if self.stored is None:
            stored = self.parts.pairs.add(after)
            if stored is None:
                raise LookAgain
            self.stored = stored
        if self.parts.pairs.release(replace(after, etag=self.stored.etag)) is None:
            raise LookAgain
        self._end_earlier(decision)

    def _end_earlier(self, decision: Decision) -> None:
        """Store the ended row of the earlier generation, last."""
        if self.earlier is not None and decision.replaced is not None:
            self.parts.pairs.release(replace(decision.replaced, etag=self.earlier.etag))
            self.earlier = None

    def _index(self, pair: Pair) -> None:
        """Let the pair's event lead to it."""
        row = IndexedEvent(event_key(pair.event_id), "pair", pair.id, pair.series_id, pair.start, pair.end)
        self.parts.index.write(pair.mailbox_watch, row)

    def _log(self, look: Look, decision: Decision) -> None:
        """Log ids, the number of the table's row, and the code of a refusal; never a name."""
        if decision.writes or decision.finding is not None:
            finding = str(decision.finding or "")
            quoted = f"{finding} {look.refusal.code}" if finding and look.refusal is not None else finding
            _logger.info("Row %d for the booking %s %s", decision.row, _booking_of(look), quoted)
            telemetry.count("dataverse_decisions", row=decision.row, finding=finding)


def _resource_of(decision: Decision) -> str:
    """Return the resource in whose calendar the event of a decision's pair is."""
    pair = decision.after or decision.before
    return pair.resource if pair is not None else ""


def _booking_of(look: Look) -> str:
    if look.pair is not None:
        return look.pair.booking_id
    return look.booking.id if isinstance(look.booking, Booking) else ""


def _with_cause(pair: Pair, look: Look) -> Pair:
    """Return a pair with the work order or requirement of its booking, which is kept once the booking is gone."""
    cause = look.booking.cause if isinstance(look.booking, Booking) else pair.cause
    return replace(pair, cause=cause)
