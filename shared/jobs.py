"""Run the jobs of the queues mailbox-repairs and subscription-work: lifecycle events, resyncs, steps of longer work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from shared import telemetry
from shared.delivery.recovery import Recovery
from shared.errors import RelayError
from shared.messages import Job
from shared.queues import JobQueue
from shared.reliability.awaited_queue import AWAITED_KINDS, AwaitedQueue
from shared.reliability.dead_letters import DeadLetters
from shared.reliability.job_limits import RESYNCS, is_last_try
from shared.reliability.retry_schedule import delay_after
from shared.reliability.unknown_jobs import is_unknown, put_back_unknown
from shared.storage.awaited_jobs import AwaitedJobs
from shared.storage.leases import LENGTH, observed_after
from shared.subscriptions.timer.reconcile import Reconciler
from shared.subscriptions.unknown.audit import Audit
from shared.subscriptions.watch_jobs import WatchJobs
from shared.watches.graph_errors import state_after

ENDED_BY_STOP = ("audit", "probe", "drain", "replay", "backlog", "retries")
STOPPED_SECONDS = 600.0  # between two looks of a replay whether the relay runs again

_logger = logging.getLogger("relay.jobs")


@dataclass(frozen=True)
class JobRunner:
    """Runs jobs. `steps` has for each kind of job in steps the function that carries out the step at a cursor."""

    watch_jobs: WatchJobs
    reconciler: Reconciler
    audit: Audit
    recovery: Recovery
    dead_letters: DeadLetters
    jobs: JobQueue
    steps: Mapping[str, Callable[[str], str]]
    awaited: AwaitedJobs
    is_stopped: Callable[[], bool]

    def run_jobs(self, jobs: Sequence[Job], queue: JobQueue | None = None, queued_at: datetime | None = None) -> None:
        """Run the jobs of one message of a queue (default: mailbox-repairs), which the queue took in at `queued_at`.

        Several jobs (Graph may post hundreds together) are queued again as one message each, so that instances share
        them and no job waits for another.

        Raises ServiceUnavailable when the queue cannot be written: then the host retries the message.
        """
        queue = queue or self.jobs
        if len(jobs) == 1:
            self.run_job(_dated(jobs[0], queued_at), queue)
            return
        for job in jobs:
            queue.send(job)

    def run_job(self, job: Job, queue: JobQueue | None = None) -> str:
        """Run a job, and return its result. A failed job goes back on its queue with a growing delay, up to its last
        try; a job of which there may be one at a time is dropped while another is waited for.

        Raises ServiceUnavailable only when the queue cannot be written either: then the host keeps the message.
        """
        queue = queue or self.jobs
        if is_unknown(job):
            result = put_back_unknown(job, queue, self.dead_letters)
            telemetry.count("repairs", kind="unknown", end=result)  # its own name may be anything
            return result
        try:
            is_superseded = job.token and job.kind in AWAITED_KINDS and not self.awaited.begin(job.kind, job.token)
            result = "superseded" if is_superseded else self._run(job, queue)
        except RelayError as error:
            result = self._put_back(job, error, queue)
        telemetry.count("repairs", kind=job.kind, end=result)
        return result

    def _run(self, job: Job, queue: JobQueue) -> str:
        kinds: dict[str, Callable[[], object]] = {
            "reconcile": self.reconciler.reconcile, "run": self.reconciler.run,
            "audit": lambda: self._audit(job, queue), "probe": self.recovery.probe, "drain": self.recovery.drain,
            "replay": lambda: self.dead_letters.replay_step(job.watch_id),
            **{kind: partial(step, job.cursor) for kind, step in self.steps.items()},
        }  # fmt: skip
        if job.kind not in kinds:
            return self.watch_jobs.run(job, queue)
        if job.kind in ENDED_BY_STOP and self.is_stopped():
            return self._held(job, queue)
        result = kinds[job.kind]()
        return result if isinstance(result, str) else "reconciled"

    def _held(self, job: Job, queue: JobQueue) -> str:
        """Drop a job while the relay is stopped: the timer's run queues it again. Only a replay has to wait."""
        if job.kind == "replay":
            queue.send(job, STOPPED_SECONDS)
        return "stopped"

    def _audit(self, job: Job, queue: JobQueue) -> str:
        """Audit; while another process holds the lease, observe it through the delay of a message."""
        result = self.audit.run(job.seen)
        if isinstance(result, str):
            return result
        queue.send(replace(job, seen=result.etag), observed_after(LENGTH))
        return "leased"

    def _put_back(self, job: Job, error: RelayError, queue: JobQueue) -> str:
        """Put a failed job back on the queue; return the result. If a person is needed, leave it to the timer, which
        tries rarely. After the last try, what a resync is about is recorded as a gap; other work is found again.
        """
        _logger.warning("%s of watch %s failed: %s", job.kind, job.watch_id, error, extra={"watch": job.watch_id})
        state = state_after(error)
        if state:
            return state
        if is_last_try(job, self.dead_letters.now()):
            if job.kind in RESYNCS:
                self.watch_jobs.resyncs.leave(job)
            return "gave-up"
        delay = delay_after(job.attempt, getattr(error, "retry_after", None))
        again = replace(job, attempt=job.attempt + 1)
        if job.kind not in AWAITED_KINDS:
            queue.send(again, delay)
        elif not AwaitedQueue(queue, self.awaited, self.dead_letters.now).sent(again, delay):
            return "awaited"
        return "put-back"


def _dated(job: Job, queued_at: datetime | None) -> Job:
    """Return a job with the time when it was queued, if it has none. For a resync that nothing waits for, the later of
    the two counts: the clock that wrote the other may have been wrong.
    """
    if queued_at is None:
        return job
    if job.at is None or (job.kind in RESYNCS and not job.token and job.at < queued_at):
        return replace(job, at=queued_at)
    return job
