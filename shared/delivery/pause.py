"""Show, pause and resume deliveries, for an administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared import problems, telemetry
from shared.errors import RequestRejected
from shared.messages import Job
from shared.ports.outbox import Backlog
from shared.queues import JobQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.reliability.delivery_metrics import DeliveryMetrics, DeliveryReport
from shared.storage.parked import DEAD, WAITING, ParkedChanges
from shared.storage.partner_endpoint import Endpoint, EndpointState

LONGEST_REASON = 500
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """The endpoint's state, and the numbers of parked changes, with what features have to deliver, and of dead letters
    (MOST_COUNTED: that many or more).
    """

    endpoint: Endpoint
    waiting: int
    dead: int


@dataclass(frozen=True)
class Pause:
    """Pauses and resumes deliveries. `backlogs` returns what features have to deliver, by the name of the feature."""

    breaker: CircuitBreaker
    parked: ParkedChanges
    jobs: JobQueue
    delivery_metrics: DeliveryMetrics
    backlogs: Callable[[], Mapping[str, Backlog]] = dict

    def delivery_status(self) -> DeliveryStatus:
        """Return the status of deliveries."""
        waiting, dead = (self.parked.count(kind, MOST_COUNTED) for kind in (WAITING, DEAD))
        of_features = sum(backlog.waiting(MOST_COUNTED) for backlog in self.backlogs().values())
        return DeliveryStatus(self.breaker.endpoint(fresh=True), min(waiting + of_features, MOST_COUNTED), dead)

    def delivery_report(self) -> DeliveryReport:
        """Return whether deliveries flow and how many changes are retried."""
        return self.delivery_metrics.report()

    def pause(self, reason: str, caller: str) -> None:
        """Stop all deliveries; intake continues. Takes effect in other processes within a second. Raises
        RequestRejected.
        """
        check_reason(reason)
        self.breaker.transition(EndpointState.PAUSED, reason)
        telemetry.audit("pause", caller, reason=reason)

    def resume(self, reason: str, caller: str) -> None:
        """Resume deliveries, also after a 410, and drain the parked changes. Raises RequestRejected."""
        check_reason(reason)
        self.breaker.transition(EndpointState.FLOWING, reason)
        self.jobs.send(Job("", "drain"))
        telemetry.audit("resume", caller, reason=reason)


def check_reason(reason: str) -> None:
    """Raise RequestRejected 422 unless an administrator's reason is one line of text."""
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        text = f'Send {{"reason": "…"}}: one line of at most {LONGEST_REASON} characters.'
        raise RequestRejected(problems.REASON_REQUIRED, text)
