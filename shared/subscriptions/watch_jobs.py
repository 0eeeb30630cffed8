"""Run the jobs of single watches: resyncs and lifecycle events, if the customer permits them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.errors import RelayError
from shared.graph.events import VIEW_LAG
from shared.messages import Job
from shared.policy.permission import Permission
from shared.ports.change_listener import ChangeListener
from shared.queues import JobQueue
from shared.reliability.job_limits import RESYNCS, is_last_try
from shared.reliability.retry_schedule import delay_after
from shared.resync.awaited_resyncs import WAITS, Attempt
from shared.resync.catch_up import CatchUp, is_daily
from shared.resync.resync import Resync
from shared.resync.silence import Silence
from shared.storage.watches import Watch, Watches
from shared.subscriptions.lifecycle import LifecycleEvents
from shared.watches.graph_errors import state_after
from shared.watches.readings import Readings

LOOK_AGAIN = 60.0  # seconds, while another job resyncs the mailbox
SECOND = "second-resync"  # the kind of a resync that follows another

_logger = logging.getLogger("relay.jobs")


@dataclass(frozen=True)
class ResyncJobs:
    """Resyncs mailboxes, and has silent subscriptions replaced.

    The view of a calendar may lag: a change shortly before the end of a gap is neither in it nor notified. So the
    resync of a gap is followed by a second one on the queue `work`, where it holds up no repair.
    """

    watches: Watches
    resync: Resync
    readings: Readings
    catch_up: CatchUp
    silence: Silence
    lifecycle: LifecycleEvents
    work: JobQueue
    listeners: Mapping[str, ChangeListener]
    has_wrong_clock: Callable[[], bool] = lambda: False

    def run(self, watch: Watch, job: Job, queue: JobQueue) -> str:
        """Resync the mailbox of a watch, if it owes a resync; return the result. One that fails goes back on its queue.

        Raises ServiceUnavailable or ConfigurationError.
        """
        if watch.delivery == "direct":
            return "direct"
        attempt = self.catch_up.awaited.begin(watch, job)
        if isinstance(attempt, str):
            if attempt == WAITS:
                queue.send(job, LOOK_AGAIN)
            return attempt
        try:
            self._notify_features(attempt, job)
            counts = self._compared(attempt)
        except RelayError as error:
            return self._failed(attempt, job, error, queue)
        self.readings.succeeded(attempt.watch)
        self._queue_second(attempt, job)
        self.catch_up.awaited.succeeded(attempt, has_wrong_clock=self.has_wrong_clock())
        if is_daily(job, attempt.watch) and self.silence.record(attempt.watch, counts):
            self._replace_silent(watch.id)
        return "resynced"

    def _compared(self, attempt: Attempt) -> Counter[str]:
        """Compare the calendar with what the partner has, if it is to have any of it."""
        watch = attempt.watch
        return Counter[str]() if watch.is_features_alone else self.resync.resync(watch, full=attempt.is_full)

    def _notify_features(self, attempt: Attempt, job: Job) -> None:
        """Tell the features that hold the watch of a gap. What they compare each night is their own."""
        if attempt.token or not is_daily(job, attempt.watch):
            for name in attempt.watch.features.split():
                if name in self.listeners:
                    self.listeners[name].gap(attempt.watch)

    def _queue_second(self, attempt: Attempt, job: Job) -> None:
        """Queue the second resync of a gap, before the first is recorded as done: a crash between repeats both."""
        has_no_gap = is_daily(job, attempt.watch) or job.kind == SECOND
        if attempt.token or not has_no_gap:
            again_at = attempt.began + timedelta(seconds=VIEW_LAG)
            self.work.send(Job(attempt.watch.id, "second-resync", at=again_at), VIEW_LAG)

    def leave(self, job: Job) -> None:
        """Leave a resync that failed at its last try to a gap of its watch. Raises ServiceUnavailable."""
        watch = self.watches.get(job.watch_id)
        if watch is not None:
            self.catch_up.awaited.leave(watch, job, is_last=True)

    def _failed(self, attempt: Attempt, job: Job, error: RelayError, queue: JobQueue) -> str:
        watch, owed = attempt.watch, self.catch_up.awaited
        _logger.warning("%s of watch %s failed: %s", job.kind, watch.id, error, extra={"watch": watch.id})
        if state := state_after(error):  # no access to the calendar, or it does not exist: it is resynced later
            self.readings.refused(watch, error)
            owed.leave(watch, job, attempt)
            return state
        if is_last_try(job, owed.now()):
            owed.leave(watch, job, attempt, is_last=True)
            return "gave-up"
        return owed.put_back(attempt, job, queue, delay_after(job.attempt, getattr(error, "retry_after", None)))

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
        if is_resync:
            watch = self.permission.with_owner(watch)
        if not self.permission.may(watch, watch.mailbox, "", "relay", "resync" if is_resync else "renew").is_allowed():
            self.catch_up.awaited.leave(watch, job)
            return "not-allowed"
        return self.resyncs.run(watch, job, queue) if is_resync else self.lifecycle.run(watch, job, queue)
