"""Run the jobs of single watches: resyncs and lifecycle events, if the customer permits them."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import RelayError
from shared.messages import Job
from shared.policy.permission import Permission
from shared.queues import JobQueue
from shared.resync.catch_up import CatchUp, is_daily
from shared.resync.resync import Resync
from shared.resync.silence import Silence
from shared.storage.watches import Watch, Watches
from shared.subscriptions.lifecycle import LifecycleEvents
from shared.watches.graph_errors import state_after
from shared.watches.readings import Readings

RESYNCS = ("missed", "resync", "resync-full")


@dataclass(frozen=True)
class ResyncJobs:
    """Resyncs mailboxes, and has silent subscriptions replaced."""

    watches: Watches
    resync: Resync
    readings: Readings
    catch_up: CatchUp
    silence: Silence
    lifecycle: LifecycleEvents

    def run(self, watch: Watch, job: Job) -> str:
        """Resync the mailbox of a watch; return the result. Raises RelayError."""
        if watch.delivery == "direct":
            return "direct"
        try:
            counts = self.resync.resync(watch, full=job.kind == "resync-full")
        except RelayError as error:
            if state_after(error):  # no access to the calendar, or it does not exist: the resync is made up for later
                self.readings.refused(watch, error)
                self.catch_up.mark_resync_needed(watch, is_attempt=True)
            raise
        self.readings.succeeded(watch)
        if is_daily(job, watch) and self.silence.record(watch, counts):
            self._replace_silent(watch.id)
        return "resynced"

    def _replace_silent(self, watch_id: str) -> None:
        watch = self.watches.get(watch_id)
        if watch is not None:
            self.lifecycle.ended(self.lifecycle.subscription_service.replace(watch))


@dataclass(frozen=True)
class WatchJobs:
    """Runs jobs of single watches."""

    watches: Watches
    permission: Permission
    catch_up: CatchUp
    resyncs: ResyncJobs
    lifecycle: LifecycleEvents

    def run(self, job: Job, queue: JobQueue) -> str:
        """Run a job of the queue, and return the result. Raises RelayError."""
        watch = self.watches.get(job.watch_id)
        if watch is None:
            return "unknown-watch"
        is_resync = job.kind in RESYNCS
        if not self.permission.may(watch, watch.mailbox, "", "relay", "resync" if is_resync else "renew").is_allowed():
            self.catch_up.mark_resync_needed(watch)
            return "not-allowed"
        return self.resyncs.run(watch, job) if is_resync else self.lifecycle.run(watch, job, queue)
