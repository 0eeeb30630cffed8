"""What happens after a response of the partner: to the circuit breaker, and to the change that failed.

A change that failed goes back on the queue with a growing delay, is parked while the endpoint wants nothing, or becomes
a dead letter after the last try, or when the partner says that trying is no use.
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
from shared.reliability.parking import Parking
from shared.reliability.retry_schedule import delay_after, is_exhausted
from shared.storage.ledger import MOST_AT_ONCE, Entry, Ledger
from shared.storage.partner_endpoint import EndpointState

# Responses that say something about the endpoint, not about one delivery.
MAY_FAIL_FOR_ALL = (Disposition.RETRY, Disposition.RETRY_AND_ALERT)

_logger = logging.getLogger("relay.failures")


@dataclass(frozen=True)
class Failures:
    """Records the partner's responses, and finds a place for each change that failed."""

    breaker: CircuitBreaker
    parking: Parking
    dead_letters: DeadLetters
    ledger: Ledger
    changes: ChangeQueue
    jobs: JobQueue

    def record_success(self) -> None:
        """Note a delivery that the partner took."""
        self.breaker.record_success()

    def record_response(self, status: int, retry_after: float | None) -> Disposition:
        """Note a failed delivery (status 0: no answer), and return what it means for the change. Opens the circuit
        breaker when responses call for it, so no further change is sent: for good after a 410, for now after ten.

        When storage fails, the breaker stays closed: the next failure tries to open it again.
        """
        disposition = disposition_of(status)
        telemetry.count("partner_answers", status=status, verdict=disposition)
        try:
            if disposition == Disposition.DISABLE:
                text = "it answered 410; POST /api/relay/resume when the partner is ready"
                states = (EndpointState.FLOWING, EndpointState.FAILING)
                self.breaker.transition(EndpointState.GONE_410, text, only_from=states)
            elif disposition in MAY_FAIL_FOR_ALL and (row := self.breaker.record_failure(status, retry_after)):
                self._open_breaker(f"too many failures in a row ({row})")
        except RelayError as error:
            _logger.warning("The gate could not be closed: %s", error)
        return disposition

    def forget_dead_letter(self, entry: Entry) -> Entry:
        """Forget the dead letter of an event whose state the partner has now; return its ledger entry."""
        return self.dead_letters.forget(entry)

    def dispose(self, message: ChangeMessage, outcomes: Sequence[Outcome]) -> list[str]:
        """Find a place for each change that failed, and return the results that are counted for them."""
        failed = [outcome for outcome in outcomes if outcome.result == FAILED]
        disabled = [outcome for outcome in failed if outcome.disposition == Disposition.DISABLE]
        dead = [outcome for outcome in failed if _is_dead(message, outcome)]
        owed = [outcome for outcome in failed if outcome not in dead and outcome not in disabled]
        for outcome in dead:
            reason = REJECTED if outcome.disposition == Disposition.REJECT else GAVE_UP
            self.dead_letters.dead_letter(message, outcome.change, reason, outcome.status)
        if disabled:
            self.parking.park(message, [outcome.change for outcome in disabled], str(EndpointState.GONE_410))
        retry_token = self._put_back(message, owed)
        # Only now, when something else holds the change: a crash between loses nothing.
        self._release(dead, retry_token="", is_dead_lettered=True)
        self._release(disabled, retry_token="")
        self._release(owed, retry_token=retry_token)
        return ["dead"] * len(dead) + ["parked"] * len(disabled) + ["put-back"] * len(owed)

    def dispose_probe(self, message: ChangeMessage, outcome: Outcome) -> None:
        """Find a place for a probe's change that failed: it stays parked, unless the response is about the change.

        Its ledger entry becomes what it was, as nobody tries again what this reading would cover.
        """
        if outcome.disposition in (Disposition.REJECT, Disposition.DISABLE):
            self.dispose(message, [outcome])
        elif outcome.claim is not None:
            self.ledger.release([outcome.claim])

    def _open_breaker(self, reason: str) -> None:
        if self.breaker.endpoint(fresh=True).state != EndpointState.FLOWING:
            return
        # A probe before the breaker opens: whoever ends between must not leave it open with no probe on its way.
        # Another after it, because one that comes while it still opens finds nothing to do.
        wait = self.breaker.wait_for_probe(0)
        self.jobs.send(Job("", "probe"), (wait + PROBE_LEASE).total_seconds())
        if self.breaker.transition(EndpointState.FAILING, reason, only_from=(EndpointState.FLOWING,)):
            self.jobs.send(Job("", "probe"), wait.total_seconds())

    def _put_back(self, message: ChangeMessage, owed: Sequence[Outcome]) -> str:
        """Put changes back on the queue, and return the token of the message that owes them now."""
        retry_token = uuid.uuid4().hex
        retry_after = max((outcome.retry_after or 0 for outcome in owed), default=0)
        changes = tuple(outcome.change for outcome in owed)
        retry = replace(message, changes=changes, attempt=message.attempt + 1, retry_token=retry_token)
        self.changes.send(retry, delay_after(message.attempt, retry_after))
        return retry_token

    def _release(self, outcomes: Sequence[Outcome], retry_token: str, *, is_dead_lettered: bool = False) -> None:
        """Write the entries of failed changes to the ledger, which ends their claims."""
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
