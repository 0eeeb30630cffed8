"""What an administrator does to deliveries: look, pause, resume."""

from __future__ import annotations

from dataclasses import dataclass

from shared import problems, telemetry
from shared.errors import RequestRejected
from shared.messages import Job
from shared.queues import JobQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.storage.parked import DEAD, WAITING, ParkedChanges
from shared.storage.partner_endpoint import Endpoint, EndpointState

LONGEST_REASON = 500
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """The endpoint's state, and how many changes wait and are dead (MOST_COUNTED: that many or more)."""

    endpoint: Endpoint
    waiting: int
    dead: int


@dataclass(frozen=True)
class Pause:
    """Pauses and resumes deliveries."""

    breaker: CircuitBreaker
    parked: ParkedChanges
    jobs: JobQueue

    def delivery_status(self) -> DeliveryStatus:
        """Return how deliveries stand."""
        waiting, dead = (self.parked.count(kind, MOST_COUNTED) for kind in (WAITING, DEAD))
        return DeliveryStatus(self.breaker.endpoint(fresh=True), waiting, dead)

    def pause(self, reason: str, caller: str) -> None:
        """Let nothing leave any more; intake goes on. In other processes it takes a second. Raises RequestRejected."""
        _check_reason(reason)
        self.breaker.transition(EndpointState.PAUSED, reason)
        telemetry.audit("pause", caller, reason=reason)

    def resume(self, reason: str, caller: str) -> None:
        """Let everything flow again, also after a 410, and what waited first. Raises RequestRejected."""
        _check_reason(reason)
        self.breaker.transition(EndpointState.FLOWING, reason)
        self.jobs.send(Job("", "drain"))
        telemetry.audit("resume", caller, reason=reason)


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        text = f'Say why, on one line of at most {LONGEST_REASON} characters: {{"reason": "…"}}.'
        raise RequestRejected(problems.REASON_REQUIRED, text)
