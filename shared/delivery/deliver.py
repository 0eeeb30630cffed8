"""Deliver the changes of one queue message; nothing that was accepted is ever dropped for a failure.

A change is covered by a reading of its event that began after the notification (less SKEW): bursts cost one reading and
one delivery, and the last state always gets through. A change that fails goes back on the queue with a growing delay,
as one chain of tries for each event: a newer try takes the chain over, and the older message finds itself superseded.
After the last try, or when the partner says that trying is no use, it becomes a dead letter. While the endpoint takes
nothing, changes are parked.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.delivery.batch import Batches
from shared.delivery.failures import Failures
from shared.delivery.outcome import BUSY, DEFERRED, FAILED, Outcome
from shared.errors import RelayError
from shared.messages import Change, ChangeMessage
from shared.queues import ChangeQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.reliability.parking import Parking
from shared.reliability.retry_schedule import delay_after
from shared.threads import side_by_side

if TYPE_CHECKING:
    from shared.config import Settings

MAILBOXES_AT_ONCE = 16  # of one message
BUSY_SECONDS = 2.0  # until a change is looked at again whose event somebody else is reading
# After which nothing more of a message is begun: with what is under way then, it ends long before the functionTimeout
# of ten minutes in host.json, at which the host would kill the worker with all that it is at.
TIME = timedelta(seconds=120)

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
    now: Callable[[], datetime]

    def deliver(self, message: ChangeMessage) -> Counter[str]:
        """Work on a message; returns how many changes came to which result.

        Raises ServiceUnavailable only when not even the queue can be written: then the host keeps the message.
        """
        try:
            results = self._deliver(message)
        except RelayError as error:  # the ledger or a setting: no change of the message can be worked on
            _logger.warning("A message of %d changes is put back: %s", len(message.changes), error)
            self.changes.send(replace(message, attempt=message.attempt + 1), delay_after(message.attempt))
            results = Counter({"put-back": len(message.changes)})
        for result, number in results.items():
            telemetry.count("changes", number, end=result)
        return results

    def _deliver(self, message: ChangeMessage) -> Counter[str]:
        settled_at = message.notified_at + timedelta(seconds=self.settings.settle_seconds)
        too_early = (settled_at - self.now()).total_seconds()
        if too_early > 0 and not message.skip_settling:
            self.changes.send(message, too_early)
            return Counter(settling=len(message.changes))
        if not self.breaker.allows_delivery():
            self.parking.park(message, message.changes, self.breaker.endpoint().state)
            return Counter(parked=len(message.changes))
        outcomes = self._process(message)
        busy = tuple(outcome.change for outcome in outcomes if outcome.result == BUSY)
        self.changes.send(replace(message, changes=busy), BUSY_SECONDS)
        deferred = tuple(outcome.change for outcome in outcomes if outcome.result == DEFERRED)
        # While the breaker is open, they are parked when they come again.
        self.changes.send(replace(message, changes=deferred))
        results = self.failures.dispose(message, outcomes)
        return Counter([*results, *(outcome.result for outcome in outcomes if outcome.result != FAILED)])

    def _process(self, message: ChangeMessage) -> list[Outcome]:
        """Process the changes of each mailbox; the mailboxes side by side, in threads of this message's own. What has
        not begun when the breaker opens, or when the message has had its time, is deferred.

        The threads for the changes themselves are others: who waits for them must not take their places.
        """
        by_watch: dict[str, dict[str, Change]] = {}
        for change in message.changes:
            by_watch.setdefault(change.watch_id, {})[change.event_id] = change
        until = self.now() + TIME

        def may_continue() -> bool:
            return self.now() < until and self._allows_delivery()

        def process(changes: dict[str, Change]) -> list[Outcome]:
            return self.batches.process_mailbox(message, list(changes.values()), may_continue)

        processed = side_by_side(process, by_watch.values(), MAILBOXES_AT_ONCE, "mailbox")
        return [outcome for outcomes in processed for outcome in outcomes]

    def _allows_delivery(self) -> bool:
        """Return whether changes may leave. When that cannot be told, what has been done must be noted first of all."""
        try:
            return self.breaker.allows_delivery()
        except RelayError:
            return False
