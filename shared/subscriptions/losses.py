"""Confirm that a subscription is gone. Nothing is believed gone by one 404: see shared/subscriptions/evidence.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphNotFound
from shared.graph.subscriptions import Subscriptions
from shared.messages import Job
from shared.queues import JobQueue
from shared.storage.watches import Watch, Watches
from shared.subscriptions.brakes import LossBrake
from shared.subscriptions.creation import Creation
from shared.subscriptions.due import CONFIRM_AFTER, loss_evidence_at
from shared.subscriptions.records import Records

MARGIN = timedelta(seconds=1)  # so that the queue never hands out the confirming GET too soon


@dataclass(frozen=True)
class Losses:
    """Confirms losses. Methods raise GraphError, ConfigurationError or ServiceUnavailable.

    They return the watch's current row, also if another process changed it meanwhile; None if the watch was deleted.
    """

    subscriptions: Subscriptions
    watches: Watches
    records: Records
    creation: Creation
    brake: LossBrake
    work: JobQueue
    now: Callable[[], datetime]

    def look_up(self, watch: Watch) -> Watch | None:
        """Ask Graph for the subscription by its id, and record the answer. Gone is what answered 404 twice."""
        try:
            found = self.subscriptions.get(watch.subscription_id)
        except GraphNotFound:
            return self.missing(watch)
        changes: dict[str, Any] = {"looked_up_at": self.now(), "lifecycle_url": found.lifecycle_url}
        if found.notification_url != watch.posts_to:  # unknown until now: the next run compares it with the wanted one
            changes["due_at"] = self.now()
        return self.records.live(watch, found, **changes) or self.watches.get(watch.id)

    def missing(self, watch: Watch) -> Watch | None:
        """Act on evidence that the subscription is gone: note the first, and look again a minute later; after the
        second create a new one. A subscription whose end has passed needs no second evidence.
        """
        now = self.now()
        if watch.expires is not None and watch.expires <= now:
            return self.creation.recreate(watch, spread=True)
        evidence_at = loss_evidence_at(watch, now)
        if evidence_at is None:
            self.brake.saw_missing()
            noted = self.records.write(watch, missing_since=now)
            job = Job(watch.id, "lookup", watch.subscription_id, at=now)
            self.work.send(job, (CONFIRM_AFTER + MARGIN).total_seconds())
            return noted or self.watches.get(watch.id)
        if now - evidence_at < CONFIRM_AFTER or not self.brake.takes_place():
            return watch
        return self.creation.recreate(watch, spread=True)
