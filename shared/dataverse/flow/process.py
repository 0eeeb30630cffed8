"""Process a message of hints: lead each to its pair, settle it, and queue again what could not be done now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import telemetry
from shared.dataverse.call_breaker import FIRST
from shared.dataverse.flow.comparing import ResourceComparison
from shared.dataverse.flow.dead import PairDeadLetters
from shared.dataverse.flow.hints import BadHints, HintQueue, Hints, read, retried
from shared.dataverse.flow.leading import EventLeading
from shared.dataverse.flow.looking import Setting
from shared.dataverse.flow.settling_pair import PairSettling
from shared.dataverse.writes.outcome import Outcome
from shared.dynamics.errors import DynamicsUnavailable, is_pause
from shared.errors import GraphError, RelayError, ServiceUnavailable
from shared.reliability.retry_schedule import MAX_RETRY_AFTER, delay_after, is_exhausted
from shared.storage.leases import Held
from shared.storage.pairs.call_leases import CallLeases

LONGEST_PAUSE = timedelta(days=1)  # afterwards each is an attempt, so that a hint ends
BUSY_SECONDS, SISTER_SECONDS, NO_LEASE_SECONDS, PAUSED_SECONDS = 10.0, 60.0, 3.0, 60.0
_logger = logging.getLogger("relay.dataverse")


@dataclass(frozen=True)
class PairChanges:
    """Settles messages. Raises ServiceUnavailable or ConfigurationError when storage fails."""

    setting: Callable[[], Setting | None]
    leases: CallLeases
    leading: EventLeading
    pairs: PairSettling
    comparison: ResourceComparison
    dead: PairDeadLetters
    queue: HintQueue
    is_stopped: Callable[[], bool]
    now: Callable[[], datetime]

    def process(self, text: str) -> None:
        """Process a message. Before `start`, and while everything is held, hints are dropped: the release compares."""
        try:
            hints = read(text)
        except BadHints:
            self.dead.unreadable(text)
            return
        if self.is_stopped():
            self.queue.send(hints, PAUSED_SECONDS)
            return
        lease = self.leases.acquire()
        if lease is None:
            self.queue.send(hints, NO_LEASE_SECONDS)
            return
        try:
            self._process(hints, lease)
        finally:
            lease.release()

    def _process(self, hints: Hints, lease: Held) -> None:
        try:
            setting = self.setting()
            if setting is None:
                return
            if hints.resource:
                self.comparison.compare(hints.resource, setting)
                return
        except RelayError as error:
            self._again(hints, error)
            return
        self._process_each(hints, setting, lease)

    def _process_each(self, hints: Hints, setting: Setting, lease: Held) -> None:
        """Settle each booking; those that follow a lost lease are queued again."""
        failed: list[tuple[Hints, RelayError | None]] = []
        busy: list[tuple[Hints, float]] = []
        parts = _each(hints)
        for number, part in enumerate(parts):
            if not lease.keep(self.now()):
                busy.append((part, BUSY_SECONDS))
                continue
            try:
                outcome = self._process_hint(part, setting)
            except RelayError as error:
                if is_pause(error):
                    self._again(_together(parts[number:]), error)
                    break
                failed.append((part, error))
            else:
                if outcome in (Outcome.BUSY, Outcome.WAITS):
                    busy.append((part, SISTER_SECONDS if outcome is Outcome.WAITS else BUSY_SECONDS))
                elif outcome is Outcome.RETRY:
                    failed.append((part, None))
        for part, delay in busy:
            self.queue.send(part, delay)
        for part, failure in failed:
            self._again(part, failure)

    def _process_hint(self, hints: Hints, setting: Setting) -> Outcome:
        if hints.bookings:
            return self.pairs.process(hints.bookings[0], hints.hinted_at, setting)
        watch_id, event_id = hints.events[0]
        outcome = Outcome.DONE
        for booking_id in self.leading.bookings_of(watch_id, event_id, setting):
            settled = self.pairs.process(booking_id, hints.hinted_at, setting, ((watch_id, event_id),))
            outcome = settled if settled is not Outcome.DONE else outcome
        self.leading.expand_new_series(watch_id, event_id, setting)
        return outcome

    def _again(self, hints: Hints, error: RelayError | None) -> None:
        """Queue hints for their next attempt, or make them a dead letter after the last one. A pause is no attempt."""
        wait = error.retry_after if isinstance(error, GraphError | DynamicsUnavailable | ServiceUnavailable) else None
        if error is not None and is_pause(error) and self.now() - hints.hinted_at < LONGEST_PAUSE:
            self._delay(hints, FIRST if wait is None else min(wait, MAX_RETRY_AFTER))  # nothing was tried
            return
        if is_exhausted(hints.attempt):
            self.dead.gave_up(hints)
            return
        _logger.warning("Hints are tried again: %s", error or "a side is unreadable")
        telemetry.count("dataverse_retries")
        self._delay(retried(hints), delay_after(hints.attempt, wait))

    def _delay(self, hints: Hints, seconds: float) -> None:
        """Queue hints with a delay, and say how old they will be then: a delayed message cannot be peeked."""
        age = (self.now() - hints.hinted_at).total_seconds() + seconds
        telemetry.gauge("dataverse_oldest_hint_seconds", max(0, int(age)))
        self.queue.send(hints, seconds)


def _together(parts: Sequence[Hints]) -> Hints:
    """Return the hints of a message that were not settled, as one again."""
    bookings = tuple(each for part in parts for each in part.bookings)
    return replace(parts[0], bookings=bookings, events=tuple(each for part in parts for each in part.events))


def _each(hints: Hints) -> list[Hints]:
    """Return hints one by one."""
    bookings = [replace(hints, bookings=(each,), events=()) for each in hints.bookings]
    return bookings + [replace(hints, bookings=(), events=(each,)) for each in hints.events]
