"""Find gaps, the times in which changes may have been missed, and queue their resyncs.

A resync is a job on the queue, so it survives a crash. Until it is queued, the watch's row records the gap. A mailbox
owes one resync at most: see shared/resync/awaited_resyncs.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.moments import is_impossible
from shared.queues import JobQueue
from shared.resync.awaited_resyncs import AwaitedResyncs, due_by_job, is_to_come
from shared.storage.heartbeat import Heartbeat
from shared.storage.watches import NEEDS_A_PERSON, Watch, Watches
from shared.threads import side_by_side

# "Receive change notifications through webhooks": Graph retries a notification for up to 4 hours, then drops it.
MAX_ABSENCE = timedelta(hours=3, minutes=30)
AT_ONCE = 8
MAX_ATTEMPTS = 4  # to write to a row that other processes write to as well
SHORTEST_REST, LONGEST_REST = timedelta(hours=1), timedelta(hours=24)  # between resyncs that are refused
STAGGER = 0.2  # seconds between the nightly resyncs of two mailboxes

_logger = logging.getLogger("relay.catch_up")


@dataclass(frozen=True)
class CatchUp:
    """Queues resyncs. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    jobs: JobQueue
    heartbeat: Heartbeat
    now: Callable[[], datetime]

    def catch_up_after_absence(self) -> bool:
        """Queue a resync of every mailbox if the last run began more than MAX_ABSENCE ago; then record that a run
        began. Return whether the relay was absent.

        A run that failed is no absence: while Graph has an outage, notifications are taken in as ever.
        """
        now, last = self.now(), self.heartbeat.last_run()
        is_absence = last is not None and now - last > MAX_ABSENCE
        if is_absence:
            _logger.warning("The relay did not run from %s to %s: every mailbox is resynced", last, now)
            self.queue_resyncs(self.watches.all())
        self.heartbeat.ran(now)
        return is_absence

    def queue_nightly_resyncs(self) -> int:
        """Queue a resync of every mailbox, STAGGER seconds apart; return the number.

        The job of a daily resync names the watch's subscription: the resync tells whether that is silent. It also asks
        for the owner of the calendar (shared/policy/mailbox_owners.py).
        """
        return self.queue_resyncs(self.watches.all(), STAGGER, is_daily=True)

    def queue_owner_checks(self) -> int:
        """Queue a job for each watch without a nightly resync whose owner is asked all the same; return the number."""
        return self._queue([each for each in self.watches.all() if _has_check_alone(each)], STAGGER)

    def queue_resyncs(self, watches: Iterable[Watch], stagger: float = 0.0, *, is_daily: bool = False) -> int:
        """Queue resyncs of the watches that can be read, `stagger` seconds apart; return the number.

        A watch that is refused, gone or paused is resynced when it is live again, and one that owes a resync by the job
        that makes it. With direct delivery there is nothing to resync.
        """
        now = self.now()
        due = [each for each in watches if _is_resynced(each) and not is_to_come(each, now)]
        return self._queue(due, stagger, is_daily=is_daily)

    def _queue(self, due: list[Watch], stagger: float, *, is_daily: bool = False) -> int:
        now = self.now()

        def queue(numbered: tuple[int, Watch]) -> None:
            number, watch = numbered
            job = Job(watch.id, "resync", watch.subscription_id if is_daily else "", at=now)
            self.jobs.send(job, number * stagger)

        side_by_side(queue, enumerate(due), AT_ONCE, "resync")
        return len(due)

    @property
    def awaited(self) -> AwaitedResyncs:
        """The resyncs that are owed."""
        return AwaitedResyncs(self.watches, self.now)

    def queue_resync(self, watch_id: str, *, full: bool = False, delay: float = 0.0) -> None:
        """Queue the resync of one mailbox; with `full`, send everything again. One that is queued already is enough."""
        watch = self.watches.get(watch_id)
        if watch is not None:
            self.awaited.queue(watch, Job(watch_id, "resync-full" if full else "resync"), self.jobs, delay)

    def mark_resync_needed(self, watch: Watch) -> None:
        """Record a gap in a watch's row while its mailbox cannot be read, so that a resync follows when it can.

        Raises ServiceUnavailable when the gap cannot be recorded: then the changes must stay on the queue.
        """
        row: Watch | None = watch
        for _ in range(MAX_ATTEMPTS):
            if row is None or row.gap_since is not None:
                return
            if self.watches.change(row, gap_since=self.now(), due_at=self.now()) is not None:
                return
            row = self.watches.get(watch.id)
        raise ServiceUnavailable("storage", "has concurrent writes to the watch's row")

    def queue_pending_resync(self, watch: Watch) -> None:
        """Queue the resync of a recorded gap if it is due, then clear the gap. An extra resync does no harm."""
        now = self.now()  # once: a second, later time would be in the future of the first
        if watch.gap_since is None or now < resync_at(watch, now):
            return
        if watch.delivery == "relay":
            self.awaited.queue(watch, Job(watch.id, "resync"), self.jobs)
        else:
            self.watches.change(watch, gap_since=None)


def resync_at(watch: Watch, now: datetime) -> datetime:
    """Return when the resync of a recorded gap is due: at once, or after a rest while the calendar cannot be read.

    The rest is as long as that has lasted, within bounds, counted from the last attempt. A gap whose resync failed at
    its last try, or is owed, waits, too.
    """
    if watch.gap_since is None or not watch.reading_state or watch.reading_since is None:
        return due_by_job(watch, now)
    attempt = max(watch.gap_since, watch.reading_since)
    rest = min(max(attempt - watch.reading_since, SHORTEST_REST), LONGEST_REST)
    return now if is_impossible(attempt, now) else attempt + rest


def _is_resynced(watch: Watch) -> bool:
    return watch.delivery == "relay" and watch.state not in (*NEEDS_A_PERSON, "paused")


def _has_check_alone(watch: Watch) -> bool:
    """Return whether a watch without a nightly resync needs its owner asked: it posts to the partner directly, or it is
    paused until another owner is known.
    """
    return watch.paused_by == "owner" or (watch.delivery == "direct" and watch.state == "live")


def is_daily(job: Job, watch: Watch) -> bool:
    """Return whether a job is the daily resync of the subscription that a watch still has."""
    return job.kind == "resync" and bool(job.subscription_id) and job.subscription_id == watch.subscription_id
