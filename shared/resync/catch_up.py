"""Times in which changes may have been missed, and the resyncs that they call for.

A resync is a message on the queue, so that no crash forgets it; until it is there, the watch's row says so.
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

# "Receive change notifications through webhooks": Graph tries again for up to 4 hours, then a notification is lost.
MAX_ABSENCE = timedelta(hours=3, minutes=30)
AT_ONCE = 8
TRIES = 4  # to write to a row that others write to as well
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
        """Queue a resync of every mailbox if the relay was away for longer than Graph tries again; note that it is
        here.
        """
        now, last = self.now(), self.heartbeat.last()
        if last is not None and now - last > MAX_ABSENCE:
            _logger.warning("The relay was away from %s to %s: every mailbox is resynced", last, now)
            self.queue_resyncs(self.watches.all())
        self.heartbeat.beat(now)

    def queue_nightly_resyncs(self) -> int:
        """Queue a resync of every mailbox, one after the other; returns how many."""
        return self.queue_resyncs(self.watches.all(), STAGGER)

    def queue_resyncs(self, watches: Iterable[Watch], stagger: float = 0.0) -> int:
        """Queue a resync of each watch that can be read, `stagger` seconds from each other; returns how many.

        One that is refused, gone or paused is resynced when it is live again; with direct delivery nothing passes
        through us.
        """
        due = [each for each in watches if each.delivery == "relay" and each.state not in (*NEEDS_A_PERSON, "paused")]

        def queue(numbered: tuple[int, Watch]) -> None:
            number, watch = numbered
            self.queue_resync(watch.id, delay=number * stagger)

        side_by_side(queue, enumerate(due), AT_ONCE, "resync")
        return len(due)

    def queue_resync(self, watch_id: str, *, full: bool = False, delay: float = 0.0) -> None:
        """Queue the resync of one mailbox; with `full` everything is sent again."""
        self.jobs.send(Job(watch_id, "resync-full" if full else "resync"), delay)

    def queue_pending_resyncs(self) -> None:
        """Queue the resyncs that live watches are owed."""
        for watch in self.watches.all():
            if watch.state == "live" and watch.gap_since is not None:
                self.queue_pending_resync(watch)

    def mark_resync_needed(self, watch: Watch) -> None:
        """Note on a watch's row that changes pass it by: when its mailbox is allowed again, a resync makes up for them.

        Raises ServiceUnavailable when it cannot be noted: then the changes must stay on the queue.
        """
        row: Watch | None = watch
        for _ in range(TRIES):
            if row is None or row.gap_since is not None or self.watches.change(row, gap_since=self.now()) is not None:
                return
            row = self.watches.get(watch.id)
        raise ServiceUnavailable("storage", "lets others write to the watch's row first")

    def queue_pending_resync(self, watch: Watch) -> None:
        """Queue the resync that a watch is owed, and only then forget that it is. Twice is as good as once."""
        if watch.gap_since is None:
            return
        if watch.delivery == "relay":
            self.queue_resync(watch.id)
        self.watches.change(watch, gap_since=None)
