"""Run what the queue mailbox-repairs holds: lifecycle events, resyncs, and the steps of longer work.

Rests on "Microsoft Graph: Reduce missing subscriptions and change notifications". A PATCH both renews and
reauthorizes, so /reauthorize is never called, and a subscription that Graph removed is found by the same PATCH's 404.
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
        """Run what one message holds. Several jobs (Graph posts hundreds at once) become a message each, which
        instances share and of which none waits behind another. Raises ServiceUnavailable when the queue cannot be
        written: all come again.
        """
        if len(jobs) == 1:
            self.run_job(jobs[0])
            return
        for job in jobs:
            self.jobs.send(job)

    def run_job(self, job: Job) -> str:
        """Run a job, and return its result. What fails goes back on the queue with a growing delay.

        Raises ServiceUnavailable only when not even the queue can be written: then the host keeps the message.
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
            if state_after(error):  # the calendar may not be read, or is gone: an administrator has to know
                self.subscription_service.record_failure(watch, error, missed_changes=True)
            raise
        return "resynced"

    def _renew_or_recreate(self, watch: Watch, job: Job) -> str:
        """Do what Graph asks for the subscription of a watch, if it is the one that the watch has."""
        service, wants_renewal = self.subscription_service, job.kind == "reauthorizationRequired"
        if job.subscription_id and job.subscription_id != watch.subscription_id:
            return "superseded"  # said of an earlier one, which was replaced since
        if wants_renewal and service.was_just_renewed(watch):
            return "just-renewed"
        after = service.renew(watch) if wants_renewal and watch.subscription_id else service.recreate(watch)
        if after is None:
            return "deleted-meanwhile"
        if after.state == "live":
            self.catch_up.queue_pending_resync(after)
        return "kept"

    def _put_back(self, job: Job, error: RelayError) -> str:
        """Put a job back, unless a person is needed: then the timer tries again, slowly."""
        _logger.warning("%s of watch %s failed: %s", job.kind, job.watch_id, error, extra={"watch": job.watch_id})
        state = state_after(error)
        if state:
            return state
        delay = delay_after(job.attempt, getattr(error, "retry_after", None))
        self.jobs.send(replace(job, attempt=job.attempt + 1), delay)
        return "put-back"
