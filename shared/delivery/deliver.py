"""Deliver the changes of one queue message: first to the features that hold their watches, then to the partner. No
accepted change is dropped because of a failure.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import telemetry
from shared.delivery.hand_over import HandOver
from shared.delivery.partner_delivery import PartnerDelivery
from shared.errors import RelayError
from shared.messages import ChangeMessage
from shared.queues import ChangeQueue
from shared.reliability.parking import Parking
from shared.reliability.retry_schedule import delay_after

if TYPE_CHECKING:
    from shared.config import Settings

_logger = logging.getLogger("relay.deliver")


@dataclass(frozen=True)
class Delivery:
    """Delivers messages of changes."""

    settings: Settings
    parking: Parking
    changes: ChangeQueue
    hand_over: HandOver
    to_partner: PartnerDelivery
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
            return self.parking.park_all(message, "stopped")
        message, handed = self.hand_over.handed(message)
        return handed + (self.to_partner.deliver(message) if message.changes else Counter())

    def _too_early(self, message: ChangeMessage) -> float:
        """Return how many seconds the changes still have to settle: never longer than SETTLE_SECONDS, whatever clock
        wrote the notification's time.
        """
        settle = self.settings.settle_seconds
        settled_at = message.notified_at + timedelta(seconds=settle)
        return min((settled_at - self.now()).total_seconds(), settle)
