"""Deliver changes to the partner.

A change is covered by a read of its event that began after the notification (by more than SKEW): a burst costs one read
and one delivery, and the last state is always delivered. A failed change goes back on the queue with a growing delay.
Each event has one chain of attempts: a newer attempt takes the chain over, and the older message is superseded. After
the last attempt, or a response that rules out a retry, the change becomes a dead letter. While the endpoint takes no
deliveries, changes are parked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.delivery.batch import Batches
from shared.delivery.failures import Failures
from shared.delivery.outcome import BUSY, COVERED, DEFERRED, DELIVERED, FAILED, NO_NEWS, Outcome
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.queues import ChangeQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.reliability.delivery_metrics import DeliveryMetrics
from shared.reliability.parking import Parking
from shared.threads import side_by_side

MAILBOXES_AT_ONCE = 16  # of one message
BUSY_SECONDS = 2.0  # delay of a change whose event another process is reading
# After this, no further change of a message is started, so that the work in progress ends long before the
# functionTimeout of ten minutes in host.json, when the host would kill the worker process.
TIME_BUDGET = timedelta(seconds=120)


@dataclass(frozen=True)
class PartnerDelivery:
    """Delivers the changes of settled messages to the partner."""

    breaker: CircuitBreaker
    parking: Parking
    changes: ChangeQueue
    batches: Batches
    failures: Failures
    metrics: DeliveryMetrics
    is_stopped: Callable[[], bool]
    now: Callable[[], datetime]

    def deliver(self, message: ChangeMessage) -> Counter[str]:
        """Return the number of changes for each result. Raises RelayError while storage or a setting fails."""
        if not self.breaker.allows_delivery():
            return self.parking.park_all(message, self.breaker.endpoint().state)
        outcomes = self._process(message)
        busy = tuple(outcome.change for outcome in outcomes if outcome.result == BUSY)
        self.changes.send(replace(message, changes=busy), BUSY_SECONDS)
        deferred = tuple(outcome.change for outcome in outcomes if outcome.result == DEFERRED)
        # If the breaker is open, they are parked when the message is received again.
        self.changes.send(replace(message, changes=deferred))
        results = self.failures.dispose(message, outcomes)
        self._measure(message, outcomes)
        return Counter([*results, *(outcome.result for outcome in outcomes if outcome.result != FAILED)])

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
