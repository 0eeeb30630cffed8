"""Process poison messages, which the Functions host gave up on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.messages import BadMessage, Job, read_changes, read_jobs
from shared.queues import ChangeQueue, JobQueue
from shared.reliability.dead_letters import GAVE_UP, DeadLetters
from shared.reliability.job_limits import RESYNCS, is_last_try
from shared.reliability.retry_schedule import delay_after, is_exhausted
from shared.reliability.unknown_jobs import is_unknown, put_back_unknown
from shared.resync.catch_up import CatchUp
from shared.storage.ledger import Ledger


@dataclass(frozen=True)
class PoisonMessages:
    """Puts poison messages back. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    dead_letters: DeadLetters
    ledger: Ledger
    catch_up: CatchUp
    changes: ChangeQueue
    jobs: JobQueue

    def keep_changes(self, text: str) -> None:
        """Put the changes of a message back for a later attempt; after the last attempt make them dead letters. Those
        of a removed watch are dropped then.
        """
        try:
            message = read_changes(text)
        except BadMessage:
            self.dead_letters.dead_letter_unreadable(text)
            return
        if is_exhausted(message.attempt):
            for change in self.dead_letters.parking.removed.without(message.changes):
                # The mark comes first: a dead letter without it would outlive the delivery of a later state.
                self.ledger.mark_dead_lettered(change.watch_id, change.event_id)
                self.dead_letters.dead_letter(message, change, GAVE_UP, status=0)
        else:
            self.changes.send(replace(message, attempt=message.attempt + 1), delay_after(message.attempt))

    def keep_jobs(self, text: str, queue: JobQueue | None = None) -> None:
        """Put jobs back on their queue, by default mailbox-repairs, for a later attempt.

        After the last attempt drop them: the timer does their work, and the watch's row records what a resync owes.
        That is not known of the kinds of a later version, so these are kept.
        """
        try:
            jobs = read_jobs(text)
        except BadMessage:
            self.dead_letters.dead_letter_unreadable(text)
            return
        origin = queue or self.jobs
        for job in jobs:
            if is_unknown(job):
                put_back_unknown(job, origin, self.dead_letters)
            elif not is_last_try(job, self.dead_letters.now()):
                origin.send(replace(job, attempt=job.attempt + 1), delay_after(job.attempt))
            elif job.kind in RESYNCS:
                self._leave(job)

    def _leave(self, job: Job) -> None:
        """Leave a resync to the gap in its watch's row."""
        watch = self.catch_up.watches.get(job.watch_id)
        if watch is not None:
            self.catch_up.awaited.leave(watch, job, is_last=True)
