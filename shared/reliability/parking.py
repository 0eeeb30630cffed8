"""Park changes in a table, outside the queue, until the partner's endpoint takes deliveries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.messages import Change, ChangeMessage, Job
from shared.queues import ChangeQueue, JobQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.storage.parked import WAITING, Parked, ParkedChanges
from shared.storage.partner_endpoint import EndpointState


@dataclass(frozen=True)
class Parking:
    """Parks changes and puts them back. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    parked: ParkedChanges
    breaker: CircuitBreaker
    changes: ChangeQueue
    jobs: JobQueue
    now: Callable[[], datetime]

    def park(self, message: ChangeMessage, changes: Sequence[Change], reason: str) -> None:
        """Park changes. The cached state may be stale: if the endpoint is flowing again, request a drain."""
        now = self.now()
        self.parked.put(WAITING, [parked_change(message, change, reason, now) for change in changes])
        if self.breaker.endpoint(fresh=True).state == EndpointState.FLOWING:
            self.jobs.send(Job("", "drain"))

    def requeue(self, kind: str, parked: list[Parked]) -> None:
        """Put parked changes on the queue as new notifications, then delete them from the table."""
        for force in (False, True):
            changes = tuple(change_of(each) for each in parked if each.force == force and each.watch_id)
            self.changes.send(ChangeMessage(self.now(), changes, skip_settling=True, force=force))
        self.parked.drop(kind, parked)

    def has_waiting(self) -> bool:
        """Return whether any change is parked."""
        return bool(self.parked.page(WAITING, 1))


def parked_change(message: ChangeMessage, change: Change, reason: str, now: datetime) -> Parked:
    """Return the row that parks a change of a message."""
    return Parked(change.watch_id, change.user_id, change.event_id, now, reason, change.deleted, message.force)


def change_of(parked: Parked) -> Change:
    """Return the change that a row parks."""
    return Change(parked.watch_id, parked.user_id, parked.event_id, parked.deleted)
