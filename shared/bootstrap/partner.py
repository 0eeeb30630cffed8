"""The services of the partner's endpoint, each built at its first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.features import FeatureParts

if TYPE_CHECKING:
    from shared.delivery.pause import Pause
    from shared.http.resolver import Resolver
    from shared.partner.webhook import Webhook
    from shared.ports.outbox import Backlog
    from shared.reliability.circuit_breaker import CircuitBreaker
    from shared.reliability.dead_letters import DeadLetters
    from shared.reliability.delivery_metrics import DeliveryMetrics
    from shared.reliability.parking import Parking


class PartnerParts(FeatureParts):
    """The parts that know whether the partner takes deliveries, and what waits for it."""

    def backlogs(self) -> Mapping[str, Backlog]:
        """Return what features have to deliver; the parts of each feature's deliveries say it."""
        return {}

    @cached_property
    def resolver(self) -> Resolver:
        """Resolves the host names of URLs from outside the relay."""
        from shared.http.resolver import Resolver

        return Resolver(self.settings.address_rule.allows)

    @cached_property
    def webhook(self) -> Webhook:
        """Delivers to the partner."""
        from shared.http.checked_session import checked_session
        from shared.http.session import trusted_roots
        from shared.partner.webhook import Webhook

        def name() -> str:
            return self.settings.partner_signing_secret_name

        session = cache(lambda: checked_session(self.resolver, trusted_roots()))
        secrets: Callable[[], str] = lambda: self.secrets.get(name()).value  # noqa: E731
        return Webhook(lambda: self.settings.partner_webhook_url, secrets, name, session)

    @cached_property
    def breaker(self) -> CircuitBreaker:
        """Decides whether deliveries may be sent."""
        from shared.reliability.circuit_breaker import CircuitBreaker

        return CircuitBreaker(self.endpoints, self.now)

    @cached_property
    def parking(self) -> Parking:
        """Parks changes while deliveries are stopped."""
        from shared.reliability.parking import Parking

        return Parking(
            self.parked, self.breaker, self.changes, self.jobs, self.graph_clock, self.removed_watches, self.backlogs
        )  # fmt: skip

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """The changes whose deliveries all failed."""
        from shared.reliability.dead_letters import DeadLetters

        return DeadLetters(self.parked, self.replays, self.parking, self.jobs, self.now)

    @cached_property
    def delivery_metrics(self) -> DeliveryMetrics:
        """Measures whether deliveries flow."""
        from shared.reliability.delivery_metrics import DeliveryMetrics
        from shared.storage.retries import DeliveryCounts, Retries

        retries, counts = Retries(lambda: self.watches_table), DeliveryCounts(lambda: self.watches_table)
        return DeliveryMetrics(retries, counts, self.parked, self.now)

    @cached_property
    def pause(self) -> Pause:
        """Pauses and resumes deliveries."""
        from shared.delivery.pause import Pause

        return Pause(self.breaker, self.parked, self.jobs, self.delivery_metrics, self.backlogs)
