"""A circuit breaker whose methods a test can let fail, or let something happen before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.errors import ServiceUnavailable
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import World


class ScriptedBreaker(CircuitBreaker):
    """`check` replaces `allows_delivery`; `before` has what runs before other methods, by their names."""

    def __init__(self, world: World) -> None:
        super().__init__(world.endpoints, world.now)
        self.check: Callable[[], bool] = super().allows_delivery
        self.before: dict[str, Callable[[], object]] = {}

    def allows_delivery(self) -> bool:
        """Return what `check` returns."""
        return self.check()

    def transition(self, state: EndpointState, reason: str, *, only_from: tuple[EndpointState, ...] = ()) -> bool:
        """Change the state of the endpoint."""
        self._run("transition")
        return super().transition(state, reason, only_from=only_from)

    def acquire_probe(self) -> bool:
        """Acquire the lease of the probe."""
        self._run("acquire_probe")
        return super().acquire_probe()

    def release_probe(self, until: datetime) -> None:
        """End the lease of the probe."""
        self._run("release_probe")
        super().release_probe(until)

    def release_drain(self) -> None:
        """End the lease of the drain."""
        self._run("release_drain")
        super().release_drain()

    def _run(self, name: str) -> None:
        self.before.get(name, lambda: None)()


class FailsOnce:
    """Fails at its first call as storage does, and does nothing later."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: object) -> None:
        """Raise at the first call."""
        self.calls += 1
        if self.calls == 1:
            raise ServiceUnavailable("storage")
