"""Act on the partner's responses: update the circuit breaker, and dispose of changes that failed.

A failed change goes back on the queue with a growing delay, is parked after a 410, or becomes a dead letter after the
last attempt or a response that rules out a retry.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared import telemetry
from shared.delivery.outcome import FAILED, Outcome
from shared.errors import RelayError
from shared.messages import ChangeMessage, Job
from shared.partner.status_policy import Disposition, disposition_of
from shared.queues import ChangeQueue, JobQueue
from shared.reliability.circuit_breaker import PROBE_LEASE, CircuitBreaker
from shared.reliability.dead_letters import GAVE_UP, REJECTED, DeadLetters
from shared.reliability.delivery_metrics import DeliveryMetrics
from shared.reliability.parking import Parking
from shared.reliability.retry_schedule import delay_after, is_exhausted
from shared.storage.ledger import MOST_AT_ONCE, Ledger
from shared.storage.ledger_entry import Entry
from shared.storage.partner_endpoint import EndpointState

# Responses that indicate a problem with the endpoint, not with one delivery.
MAY_FAIL_FOR_ALL = (Disposition.RETRY, Disposition.RETRY_AND_ALERT)

_logger = logging.getLogger("relay.failures")


@dataclass(frozen=True)
class Failures:
    """Records the partner's responses, and retries, parks or dead-letters each change that failed."""

    breaker: CircuitBreaker
    parking: Parking
    dead_letters: DeadLetters
    ledger: Ledger
    changes: ChangeQueue
    jobs: JobQueue
    metrics: DeliveryMetrics

    def record_success(self) -> None:
        """Record a successful delivery."""
        self.breaker.record_success()

    def record_response(self, status: int, retry_after: float | None) -> Disposition:
        """Record a failed delivery (status 0: no response), and return its disposition.

        Opens the circuit breaker so that no further change is sent: after a 410 until an administrator resumes
        deliveries, after too many failures in a row until a probe succeeds. If storage fails, the breaker stays closed
        and the next failure tries again.
        """
        disposition = disposition_of(status)
        telemetry.count("partner_answers", status=status, verdict=disposition)
        try:
            if disposition == Disposition.DISABLE:
                text = "the partner returned 410; POST /api/relay/resume when it is ready"
                states = (EndpointState.FLOWING, EndpointState.FAILING)
                self.breaker.transition(EndpointState.GONE_410, text, only_from=states)
            elif disposition in MAY_FAIL_FOR_ALL and (statuses := self.breaker.record_failure(status, retry_after)):
                self._open_breaker(f"too many failures in a row ({statuses})")
        except RelayError as error:
            _logger.warning("The circuit breaker could not be opened: %s", error)
        return disposition

    def forget_dead_letter(self, entry: Entry) -> Entry:
        """Delete the dead letter of an event that was synced since; return the updated ledger entry."""
        return self.dead_letters.forget(entry)

    def dispose(self, message: ChangeMessage, outcomes: Sequence[Outcome]) -> list[str]:
        """Dead-letter, park or put back each change that failed; return their results for the counter."""
        failed = [outcome for outcome in outcomes if outcome.result == FAILED and outcome.entry is not None]
        untried = [outcome for outcome in outcomes if outcome.result == FAILED and outcome.entry is None]
        disabled = [outcome for outcome in failed if outcome.disposition == Disposition.DISABLE]
        dead = [outcome for outcome in failed if _is_dead(message, outcome)]
        retried = [outcome for outcome in failed if outcome not in dead and outcome not in disabled]
        for outcome in dead:
            reason = REJECTED if outcome.disposition == Disposition.REJECT else GAVE_UP
            self.dead_letters.dead_letter(message, outcome.change, reason, outcome.status)
        if disabled:
            self.parking.park(message, [outcome.change for outcome in disabled], str(EndpointState.GONE_410))
        self._put_back_untried(message, untried)
        owed = [(group, self._put_back(message, group)) for group in _by_wait(retried)]
        for outcome in dead:
            self.metrics.resolved(outcome.change.watch_id, outcome.change.event_id)
        # Release the claims last: by now each change is stored elsewhere, so a crash in between loses nothing.
        self._release(dead, retry_token="", is_dead_lettered=True)
        self._release(disabled, retry_token="")
        for group, retry_token in owed:
            self._release(group, retry_token=retry_token)
        return ["dead"] * len(dead) + ["parked"] * len(disabled) + ["put-back"] * (len(retried) + len(untried))

    def dispose_probe(self, message: ChangeMessage, outcome: Outcome) -> None:
        """Dispose of a probe's change that failed: as usual after a rejection or a 410, otherwise it stays parked.

        If it stays parked, restore the read in its ledger entry: otherwise the probe's read would cover the change, and
        nothing would retry it.
        """
        if outcome.disposition in (Disposition.REJECT, Disposition.DISABLE):
            self.dispose(message, [outcome])
        elif outcome.claim is not None and outcome.entry is not None:
            before = outcome.claim
            restored = replace(outcome.entry, read_at=before.read_at, checked_calendar=before.checked_calendar)
            self.ledger.release([replace(restored, retry_token=before.retry_token)])

    def _open_breaker(self, reason: str) -> None:
        if self.breaker.endpoint(fresh=True).state != EndpointState.FLOWING:
            return
        # Queue a probe before opening the breaker: after a crash in between, the breaker must not stay open without a
        # probe. Queue another one afterwards, because a probe that runs before the breaker is open does nothing.
        wait = self.breaker.wait_for_probe(0)
        self.jobs.send(Job("", "probe"), (wait + PROBE_LEASE).total_seconds())
        if self.breaker.transition(EndpointState.FAILING, reason, only_from=(EndpointState.FLOWING,)):
            self.jobs.send(Job("", "probe"), wait.total_seconds())

    def _put_back(self, message: ChangeMessage, outcomes: Sequence[Outcome]) -> str:
        """Put changes back on the queue for the next attempt, and return the retry token of the new message."""
        retry_token = uuid.uuid4().hex
        changes = tuple(outcome.change for outcome in outcomes)
        retry = replace(message, changes=changes, attempt=message.attempt + 1, retry_token=retry_token)
        delay = delay_after(message.attempt, _longest_wait(outcomes))
        self.changes.send(retry, delay)
        events = [(change.watch_id, change.event_id) for change in changes]
        self.metrics.failed(events, None if message.attempt else message.notified_at, delay)
        return retry_token

    def _put_back_untried(self, message: ChangeMessage, outcomes: Sequence[Outcome]) -> None:
        """Put changes back whose entries were not claimed, so with the retry token that the message has.

        If only Graph's Retry-After has to pass, that is no attempt: nothing was called. After an error it is one.
        """
        for group in _by_wait(outcomes):
            back, wait = replace(message, changes=tuple(outcome.change for outcome in group)), _longest_wait(group)
            if any(outcome.error is not None for outcome in group):
                back = replace(back, attempt=message.attempt + 1)
                wait = delay_after(message.attempt, wait)
            self.changes.send(back, wait)

    def _release(self, outcomes: Sequence[Outcome], retry_token: str, *, is_dead_lettered: bool = False) -> None:
        """Write the entries of failed changes to the ledger, which releases their claims."""
        by_watch: dict[str, list[Entry]] = {}
        for outcome in outcomes:
            if outcome.entry:
                is_dead = is_dead_lettered or outcome.entry.is_dead_lettered
                entry = replace(outcome.entry, retry_token=retry_token, is_dead_lettered=is_dead)
                by_watch.setdefault(outcome.change.watch_id, []).append(entry)
        for entries in by_watch.values():
            for first in range(0, len(entries), MOST_AT_ONCE):
                self.ledger.release(entries[first : first + MOST_AT_ONCE])


def _is_dead(message: ChangeMessage, outcome: Outcome) -> bool:
    is_last = outcome.disposition != Disposition.DISABLE and is_exhausted(message.attempt)
    return outcome.disposition == Disposition.REJECT or is_last


def _by_wait(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """Return groups of outcomes to put back together. The partner's Retry-After is about all deliveries, but Graph's is
    about one mailbox: it must not hold back the others of the message.
    """
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        is_of_mailbox = bool(outcome.retry_after) and not outcome.disposition
        groups.setdefault(outcome.change.watch_id if is_of_mailbox else "", []).append(outcome)
    return list(groups.values())


def _longest_wait(outcomes: Sequence[Outcome]) -> float:
    return max((outcome.retry_after or 0.0 for outcome in outcomes), default=0.0)
