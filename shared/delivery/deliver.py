"""Deliver the changes of one queue message. No accepted change is dropped because of a failure.

A change is covered by a read of its event that began after the notification (by more than SKEW): a burst costs one read
and one delivery, and the last state is always delivered. A failed change goes back on the queue with a growing delay.
Each event has one chain of attempts: a newer attempt takes the chain over, and the older message is superseded. After
the last attempt, or a response that rules out a retry, the change becomes a dead letter. While the endpoint takes no
deliveries, changes are parked.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.delivery.batch import Batches
from shared.delivery.failures import Failures
from shared.delivery.hand_over import HandOver
from shared.delivery.outcome import BUSY, COVERED, DEFERRED, DELIVERED, FAILED, NO_NEWS, Outcome
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.queues import ChangeQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.reliability.delivery_metrics import DeliveryMetrics
from shared.reliability.parking import Parking
from shared.reliability.retry_schedule import delay_after
from shared.threads import side_by_side

if TYPE_CHECKING:
    from shared.config import Settings

MAILBOXES_AT_ONCE = 16  # of one message
BUSY_SECONDS = 2.0  # delay of a change whose event another process is reading
# After this, no further change of a message is started, so that the work in progress ends long before the
# functionTimeout of ten minutes in host.json, when the host would kill the worker process.
TIME_BUDGET = timedelta(seconds=120)

_logger = logging.getLogger("relay.deliver")


@dataclass(frozen=True)
class Delivery:
    """Delivers messages of changes."""

    settings: Settings
    breaker: CircuitBreaker
    parking: Parking
    changes: ChangeQueue
    batches: Batches
    failures: Failures
    metrics: DeliveryMetrics
    hand_over: HandOver
    is_stopped: Callable[[], bool]
    now: Callable[[], datetime]

    def deliver(self, message: ChangeMessage) -> Counter[str]:
        """Process a message; return the number of changes for each result.

        Raises ServiceUnavailable only when the queue cannot be written either: then the host keeps the message.
        """
        try:
            results = self._deliver(message)
        except RelayError as error:  # storage or a setting: no change of the message can be processed
            _logger.warning("A message of %d changes is put back on the queue: %s", len(message.changes), error)
            self.changes.send(replace(message, attempt=message.attempt + 1), delay_after(message.attempt))
            results = Counter({"put-back": len(message.changes)})
        for result, number in results.items():
            telemetry.count("changes", number, end=result)
        return results

    def _deliver(self, message: ChangeMessage) -> Counter[str]:
        too_early = self._too_early(message)
        if too_early > 0 and not message.skip_settling:
            self.changes.send(replace(message, skip_settling=True), too_early)
            return Counter(settling=len(message.changes))
        if self.is_stopped():
            return self._parked(message, "stopped")
        message, handed = self.hand_over.handed(message)
        return handed + (self._to_partner(message) if message.changes else Counter())

    def _to_partner(self, message: ChangeMessage) -> Counter[str]:
        if not self.breaker.allows_delivery():
            return self._parked(message, self.breaker.endpoint().state)
        outcomes = self._process(message)
        busy = tuple(outcome.change for outcome in outcomes if outcome.result == BUSY)
        self.changes.send(replace(message, changes=busy), BUSY_SECONDS)
        deferred = tuple(outcome.change for outcome in outcomes if outcome.result == DEFERRED)
        # If the breaker is open, they are parked when the message is received again.
        self.changes.send(replace(message, changes=deferred))
        results = self.failures.dispose(message, outcomes)
        self._measure(message, outcomes)
        return Counter([*results, *(outcome.result for outcome in outcomes if outcome.result != FAILED)])

    def _parked(self, message: ChangeMessage, reason: str) -> Counter[str]:
        parked = self.parking.park(message, message.changes, reason)
        results = {"parked": parked, "unknown-watch": len(message.changes) - parked}
        return Counter({result: number for result, number in results.items() if number})

    def _too_early(self, message: ChangeMessage) -> float:
        """Return how many seconds the changes still have to settle: never longer than SETTLE_SECONDS, whatever clock
        wrote the notification's time.
        """
        settle = self.settings.settle_seconds
        settled_at = message.notified_at + timedelta(seconds=settle)
        return min((settled_at - self.now()).total_seconds(), settle)

    def _measure(self, message: ChangeMessage, outcomes: Sequence[Outcome]) -> None:
        """Count the deliveries, and what is no longer retried."""
        for outcome in outcomes:
            if outcome.result == DELIVERED:
                self.metrics.delivered()
            if message.attempt and outcome.result in (DELIVERED, NO_NEWS, COVERED):
                self.metrics.resolved(outcome.change.watch_id, outcome.change.event_id)

    def _process(self, message: ChangeMessage) -> list[Outcome]:
        """Process the mailboxes of a message in parallel. When the breaker opens, or after TIME_BUDGET, changes that
        have not started are deferred.

        The changes run in a separate pool: a mailbox thread that waits for them must not occupy one of its threads.
        """
        by_watch: dict[str, dict[str, Change]] = {}
        for change in message.changes:
            by_watch.setdefault(change.watch_id, {})[change.event_id] = change
        deadline = self.now() + TIME_BUDGET

        def may_continue() -> bool:
            return self.now() < deadline and self._allows_delivery()

        def process(changes: dict[str, Change]) -> list[Outcome]:
            return self.batches.process_mailbox(message, list(changes.values()), may_continue)

        processed = side_by_side(process, by_watch.values(), MAILBOXES_AT_ONCE, "mailbox")
        return [outcome for outcomes in processed for outcome in outcomes]

    def _allows_delivery(self) -> bool:
        """Return whether deliveries are allowed; False if unknown, so that the results so far are recorded first."""
        try:
            return self.breaker.allows_delivery() and not self.is_stopped()
        except RelayError:
            return False
