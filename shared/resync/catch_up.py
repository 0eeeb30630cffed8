"""Find gaps, the times in which changes may have been missed, and queue their resyncs.

A resync is a job on the queue, so it survives a crash. Until it is queued, the watch's row records the gap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.queues import JobQueue
from shared.storage.heartbeat import Heartbeat
from shared.storage.watches import NEEDS_A_PERSON, Watch, Watches
from shared.threads import side_by_side

# "Receive change notifications through webhooks": Graph retries a notification for up to 4 hours, then drops it.
MAX_ABSENCE = timedelta(hours=3, minutes=30)
AT_ONCE = 8
MAX_ATTEMPTS = 4  # to write to a row that other processes write to as well
STAGGER = 0.2  # seconds between the nightly resyncs of two mailboxes

_logger = logging.getLogger("relay.catch_up")


@dataclass(frozen=True)
class CatchUp:
    """Queues resyncs. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    jobs: JobQueue
    heartbeat: Heartbeat
    now: Callable[[], datetime]

    def catch_up_after_absence(self) -> None:
        """Queue a resync of every mailbox if the last heartbeat is older than MAX_ABSENCE; then write a heartbeat."""
        now, last = self.now(), self.heartbeat.last()
        if last is not None and now - last > MAX_ABSENCE:
            _logger.warning("The relay did not run from %s to %s: every mailbox is resynced", last, now)
            self.queue_resyncs(self.watches.all())
        self.heartbeat.beat(now)

    def queue_nightly_resyncs(self) -> int:
        """Queue a resync of every mailbox, STAGGER seconds apart; return the number."""
        return self.queue_resyncs(self.watches.all(), STAGGER)

    def queue_resyncs(self, watches: Iterable[Watch], stagger: float = 0.0) -> int:
        """Queue resyncs of the watches that can be read, `stagger` seconds apart; return the number.

        A watch that is refused, gone or paused is resynced when it is live again. With direct delivery there is nothing
        to resync.
        """
        due = [each for each in watches if each.delivery == "relay" and each.state not in (*NEEDS_A_PERSON, "paused")]

        def queue(numbered: tuple[int, Watch]) -> None:
            number, watch = numbered
            self.queue_resync(watch.id, delay=number * stagger)

        side_by_side(queue, enumerate(due), AT_ONCE, "resync")
        return len(due)

    def queue_resync(self, watch_id: str, *, full: bool = False, delay: float = 0.0) -> None:
        """Queue the resync of one mailbox; with `full`, send everything again."""
        self.jobs.send(Job(watch_id, "resync-full" if full else "resync"), delay)

    def queue_pending_resyncs(self) -> None:
        """Queue the resyncs of all live watches with a recorded gap."""
        for watch in self.watches.all():
            if watch.state == "live" and watch.gap_since is not None:
                self.queue_pending_resync(watch)

    def mark_resync_needed(self, watch: Watch) -> None:
        """Record a gap in a watch's row while its mailbox is not allowed, so that a resync follows when it is again.

        Raises ServiceUnavailable when the gap cannot be recorded: then the changes must stay on the queue.
        """
        row: Watch | None = watch
        for _ in range(MAX_ATTEMPTS):
            if row is None or row.gap_since is not None or self.watches.change(row, gap_since=self.now()) is not None:
                return
            row = self.watches.get(watch.id)
        raise ServiceUnavailable("storage", "has concurrent writes to the watch's row")

    def queue_pending_resync(self, watch: Watch) -> None:
        """Queue the resync for a watch's recorded gap, then clear the gap. Idempotent: an extra resync does no harm."""
        if watch.gap_since is None:
            return
        if watch.delivery == "relay":
            self.queue_resync(watch.id)
        self.watches.change(watch, gap_since=None)
