"""Act on Graph's lifecycle events, and on evidence that a subscription is gone.

Based on "Microsoft Graph: Reduce missing subscriptions and change notifications". A PATCH both renews and
reauthorizes, so /reauthorize is never called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.messages import Job
from shared.queues import JobQueue
from shared.resync.catch_up import CatchUp
from shared.storage.watches import Watch
from shared.subscriptions.creation import Creation
from shared.subscriptions.losses import Losses
from shared.subscriptions.service import SubscriptionService

TOO_SOON = timedelta(minutes=10)  # "Reduce missing subscriptions": do not reauthorize again within this time
SKEW = timedelta(seconds=30)  # between the clocks of two instances


@dataclass(frozen=True)
class LifecycleEvents:
    """Acts on events of one watch. Methods raise GraphError, ConfigurationError or ServiceUnavailable."""

    subscription_service: SubscriptionService
    losses: Losses
    creation: Creation
    catch_up: CatchUp
    now: Callable[[], datetime]

    def run(self, watch: Watch, job: Job, queue: JobQueue) -> str:
        """Act on an event, and return the result. An event that comes too soon goes back on its queue."""
        if job.subscription_id and job.subscription_id != watch.subscription_id:
            return "superseded"  # about an earlier subscription that was replaced since
        if job.kind == "reauthorizationRequired":
            return self._reauthorize(watch, job, queue)
        return self._look_for(watch)

    def ended(self, after: Watch | None) -> str:
        """Return the result of work after which a watch's row is `after`, and queue the resync of a gap."""
        if after is None:
            return "deleted-meanwhile"
        if after.missing_since is not None:
            return "missing"
        if after.state == "live":
            self.catch_up.queue_pending_resync(after)
        return "kept"

    def _reauthorize(self, watch: Watch, job: Job, queue: JobQueue) -> str:
        """Renew once for every such event that came after the last PATCH or creation; within TOO_SOON of it, later."""
        came_at, now = job.at or self.now(), self.now()
        if watch.renewed is not None and watch.subscription_id:
            if job.at is not None and watch.renewed > came_at + SKEW:
                return "just-renewed"
            wait = watch.renewed + TOO_SOON - now
            if wait > timedelta():
                queue.send(replace(job, at=came_at), wait.total_seconds())
                return "later"
        return self.ended(self._renewed(watch))

    def _renewed(self, watch: Watch) -> Watch | None:
        if watch.subscription_id:
            return self.subscription_service.renew(watch)
        return self.creation.recreate(watch)

    def _look_for(self, watch: Watch) -> str:
        """Act on evidence that the subscription is gone: Graph said so (subscriptionRemoved), or a 404 a minute ago."""
        if not watch.subscription_id:
            return self.ended(self.creation.recreate(watch))
        if watch.missing_since is None:
            return self.ended(self.losses.missing(watch))
        return self.ended(self.losses.look_up(watch))
