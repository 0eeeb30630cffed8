"""Run the jobs of the queue mailbox-repairs: lifecycle events, resyncs, and the steps of longer work.

Based on "Microsoft Graph: Reduce missing subscriptions and change notifications". A PATCH both renews and
reauthorizes, so /reauthorize is never called; a 404 of the PATCH shows that Graph removed the subscription.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared import telemetry
from shared.delivery.recovery import Recovery
from shared.errors import RelayError
from shared.messages import Job
from shared.policy.allow_list import AllowList
from shared.queues import JobQueue
from shared.reliability.dead_letters import DeadLetters
from shared.reliability.retry_schedule import delay_after
from shared.resync.catch_up import CatchUp
from shared.resync.resync import Resync
from shared.storage.watches import Watch, Watches
from shared.subscriptions.reconcile import Reconciler
from shared.subscriptions.service import SubscriptionService
from shared.watches.graph_errors import state_after

_logger = logging.getLogger("relay.jobs")


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs."""

    watches: Watches
    allow_list: AllowList
    subscription_service: SubscriptionService
    catch_up: CatchUp
    resync: Resync
    reconciler: Reconciler
    recovery: Recovery
    dead_letters: DeadLetters
    jobs: JobQueue

    def run_jobs(self, jobs: Sequence[Job]) -> None:
        """Run the jobs of one message. Several jobs (Graph may post hundreds together) are queued again as one message
        each, so that instances share them and no job waits for another.

        Raises ServiceUnavailable when the queue cannot be written: then the host retries the message.
        """
        if len(jobs) == 1:
            self.run_job(jobs[0])
            return
        for job in jobs:
            self.jobs.send(job)

    def run_job(self, job: Job) -> str:
        """Run a job, and return its result. A failed job goes back on the queue with a growing delay.

        Raises ServiceUnavailable only when the queue cannot be written either: then the host keeps the message.
        """
        try:
            result = self._run(job)
        except RelayError as error:
            result = self._put_back(job, error)
        telemetry.count("repairs", kind=job.kind, end=result)
        return result

    def _run(self, job: Job) -> str:
        if job.kind == "reconcile":
            self.reconciler.reconcile()
            return "reconciled"
        if job.kind == "probe":
            return self.recovery.probe()
        if job.kind == "drain":
            return self.recovery.drain()
        if job.kind == "replay":
            return self.dead_letters.replay_step(job.watch_id)
        return self._run_for_watch(job)

    def _run_for_watch(self, job: Job) -> str:
        watch = self.watches.get(job.watch_id)
        if watch is None:
            return "unknown-watch"
        if not self.allow_list.allows(watch.mailbox):
            self.catch_up.mark_resync_needed(watch)
            return "not-allowed"
        if job.kind in ("missed", "resync", "resync-full"):
            return self._resync(watch, full=job.kind == "resync-full")
        return self._renew_or_recreate(watch, job)

    def _resync(self, watch: Watch, *, full: bool) -> str:
        try:
            self.resync.resync(watch, full=full)
        except RelayError as error:
            if state_after(error):  # no access to the calendar, or it does not exist: show it to the administrator
                self.subscription_service.record_failure(watch, error, missed_changes=True)
            raise
        return "resynced"

    def _renew_or_recreate(self, watch: Watch, job: Job) -> str:
        """Act on a lifecycle event, if it concerns the current subscription of the watch."""
        service, wants_renewal = self.subscription_service, job.kind == "reauthorizationRequired"
        if job.subscription_id and job.subscription_id != watch.subscription_id:
            return "superseded"  # about an earlier subscription that was replaced since
        if wants_renewal and service.was_just_renewed(watch):
            return "just-renewed"
        after = service.renew(watch) if wants_renewal and watch.subscription_id else service.recreate(watch)
        if after is None:
            return "deleted-meanwhile"
        if after.state == "live":
            self.catch_up.queue_pending_resync(after)
        return "kept"

    def _put_back(self, job: Job, error: RelayError) -> str:
        """Put a failed job back on the queue; return the result. If a person is needed, leave it to the timer, which
        tries rarely.
        """
        _logger.warning("%s of watch %s failed: %s", job.kind, job.watch_id, error, extra={"watch": job.watch_id})
        state = state_after(error)
        if state:
            return state
        delay = delay_after(job.attempt, getattr(error, "retry_after", None))
        self.jobs.send(replace(job, attempt=job.attempt + 1), delay)
        return "put-back"
