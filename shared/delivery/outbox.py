"""Send what a feature offers: the same signature, circuit breaker, retry schedule and dead letters as for changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from shared import telemetry
from shared.delivery.failures import Failures
from shared.partner.status_policy import Disposition, needs_a_person
from shared.partner.webhook import NotDelivered, Webhook
from shared.ports.outbox import Answer, Offer, Result
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.reliability.dead_letters import GAVE_UP, REJECTED, DeadLetters
from shared.reliability.delivery_metrics import DeliveryMetrics
from shared.reliability.retry_schedule import delay_after, is_exhausted
from shared.storage.parked import Parked

_logger = logging.getLogger("relay.outbox")


@dataclass(frozen=True)
class PartnerOutbox:
    """Implements shared.ports.outbox.Outbox."""

    webhook: Webhook
    breaker: CircuitBreaker
    failures: Failures
    dead_letters: DeadLetters
    metrics: DeliveryMetrics
    is_stopped: Callable[[], bool]

    def flows(self) -> bool:
        """Return whether an offer would be sent now (see Outbox.flows)."""
        return not self.is_stopped() and self.breaker.allows_delivery()

    def offer(self, offer: Offer, *, is_probe: bool = False) -> Result:
        """Send a delivery if deliveries flow (see Outbox.offer). A probe that fails is no attempt."""
        if self.is_stopped() if is_probe else not self.flows():
            return Result(Answer.HELD)
        try:
            self.webhook.deliver(offer.message_id, offer.body)
        except NotDelivered as error:
            return self._refused(offer, error, is_probe=is_probe)
        self.failures.record_success()
        if offer.has_dead_letter:
            self.dead_letters.forget_item(offer.group, offer.item)
        self.metrics.delivered()
        if offer.attempt:
            self.metrics.resolved(offer.group, offer.item)
        return Result(Answer.TAKEN)

    def _refused(self, offer: Offer, error: NotDelivered, *, is_probe: bool) -> Result:
        """Record the partner's response, and return what follows from it."""
        level = logging.ERROR if needs_a_person(error.status) else logging.WARNING
        item, attempt = telemetry.short(offer.item), offer.attempt + 1
        _logger.log(level, "A delivery of %s failed (%s, attempt %d): %s", offer.source, item, attempt, error)
        disposition = self.failures.record_response(error.status, error.retry_after)
        if disposition == Disposition.REJECT:
            return self._dead(offer, REJECTED, error.status)
        if disposition == Disposition.DISABLE or is_probe:
            return Result(Answer.HELD)
        if is_exhausted(offer.attempt):
            return self._dead(offer, GAVE_UP, error.status)
        wait = delay_after(offer.attempt, error.retry_after)
        self.metrics.failed([(offer.group, offer.item)], None if offer.attempt else offer.since, wait)
        return Result(Answer.RETRY, wait)

    def _dead(self, offer: Offer, reason: str, status: int) -> Result:
        now, attempts = self.dead_letters.now(), offer.attempt + 1
        letter = Parked(
            offer.group, "", offer.item, now, reason, status=status, attempts=attempts, first_at=offer.since,
            source=offer.source,
        )  # fmt: skip
        self.dead_letters.keep(letter)
        self.metrics.resolved(offer.group, offer.item)
        return Result(Answer.DEAD)
