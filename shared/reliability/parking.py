"""Park changes in a table, outside the queue, until the partner's endpoint takes deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.graph.clock import GraphClock
from shared.messages import Change, ChangeMessage, Job
from shared.moments import has_passed
from shared.ports.outbox import Backlog
from shared.queues import ChangeQueue, JobQueue
from shared.reliability.circuit_breaker import CircuitBreaker
from shared.storage.parked import WAITING, Parked, ParkedChanges
from shared.storage.partner_endpoint import EndpointState
from shared.storage.tombstones import RemovedWatches

DRAINED = timedelta(days=1)  # longer than it takes to drain what is parked, and to deliver it


@dataclass(frozen=True)
class Parking:
    """Parks changes and puts them back. Methods raise ServiceUnavailable or ConfigurationError when storage fails.

    `backlogs` returns what features have to deliver, by the name of the feature, of those that are switched on.
    """

    parked: ParkedChanges
    breaker: CircuitBreaker
    changes: ChangeQueue
    jobs: JobQueue
    clock: GraphClock
    removed: RemovedWatches
    backlogs: Callable[[], Mapping[str, Backlog]] = dict

    def park(self, message: ChangeMessage, changes: Sequence[Change], reason: str) -> int:
        """Park changes, except those of removed watches, which nobody needs; return how many are parked.

        The cached state may be stale: if the endpoint is flowing again, request a drain.
        """
        now, changes = self.clock.now(), self.removed.without(changes)
        self.parked.put(WAITING, [parked_change(message, change, reason, now) for change in changes])
        if self.breaker.endpoint(fresh=True).state == EndpointState.FLOWING:
            self.jobs.send(Job("", "drain"))
        return len(changes)

    def requeue(self, kind: str, parked: list[Parked]) -> None:
        """Put parked changes on the queue as new notifications, then delete them from the table.

        A change that waited goes on with its attempts; a dead letter begins anew. A feature's is offered by the
        feature, and stays while the feature is off.
        """
        of_features = [each for each in parked if each.source]
        if of_features:
            kept = self._replayed(of_features)
            parked = [each for each in parked if each not in kept]
        groups: dict[tuple[bool, int], list[Change]] = {}
        for each in parked:
            if each.watch_id and not each.source:
                attempt = each.attempts if kind == WAITING else 0
                groups.setdefault((each.force, attempt), []).append(change_of(each))
        for (force, attempt), changes in groups.items():
            message = ChangeMessage(self.clock.hint(), tuple(changes), attempt, skip_settling=True, force=force)
            self.changes.send(replace(message, origin="backfill"))
        self.parked.drop(kind, parked)

    def _replayed(self, letters: Sequence[Parked]) -> list[Parked]:
        """Have features offer their items again; return the letters of features that are off."""
        backlogs, groups = self.backlogs(), dict[tuple[str, str], list[str]]()
        for each in letters:
            if each.source in backlogs:
                groups.setdefault((each.source, each.watch_id), []).append(each.event_id)
        for (source, group), items in groups.items():
            backlogs[source].replay(group, items)
        return [each for each in letters if each.source not in backlogs]

    def may_hold_changes(self) -> bool:
        """Return whether a change is parked, or may be on the queue because it was until less than DRAINED ago.

        A row that cannot be read counts as well: the caller concludes something from the absence of changes.
        """
        since, now = self.breaker.endpoint().since, self.clock.now()
        return self.parked.count(WAITING, 1) > 0 or (since is not None and not has_passed(DRAINED, since, now))

    def has_waiting(self) -> bool:
        """Return whether any change is parked that a drain can put back."""
        return bool(self.parked.page(WAITING, 1))


def parked_change(message: ChangeMessage, change: Change, reason: str, now: datetime) -> Parked:
    """Return the row that parks a change of a message."""
    return Parked(
        change.watch_id, change.user_id, change.event_id, now, reason, change.deleted, message.force,
        attempts=message.attempt, series_id=change.series_id, first_at=change.first_at or message.notified_at,
    )  # fmt: skip


def change_of(parked: Parked) -> Change:
    """Return the change that a row parks. An earlier version did not keep when it was first notified."""
    first_at = parked.first_at or parked.at
    return Change(parked.watch_id, parked.user_id, parked.event_id, parked.deleted, parked.series_id, first_at)
