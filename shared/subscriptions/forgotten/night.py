"""The nightly cleanup: old rows first, then the mailboxes that are not on the allow-list, in bounded steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.forgetting.old_rows import OldRows
from shared.messages import Job
from shared.queues import JobQueue
from shared.subscriptions.forgotten.off_list import OffListMailboxes

GO_ON_AFTER = 1.0  # seconds
FIRST = "0"  # the cursor before the first watch


@dataclass(frozen=True)
class NightlyCleanup:
    """Runs the steps. Methods raise ServiceUnavailable or ConfigurationError."""

    old_rows: OldRows
    off_list: OffListMailboxes
    work: JobQueue
    is_stopped: Callable[[], bool]
    now: Callable[[], datetime]

    def queue(self) -> None:
        """Queue the first step of a night."""
        self.work.send(Job("", "cleanup", at=self.now()))

    def step(self, cursor: str) -> str:
        """Carry out the step at a cursor, queue the next one, and return the result.

        While the relay is stopped, no room list is read: such a night does not count for mailboxes off the list.
        """
        if not cursor:
            result, after = f"cleaned-{self.old_rows.sweep()}", FIRST
        elif self.is_stopped():
            result, after = "stopped", ""
        else:
            result, after = "looked", self.off_list.step(cursor)
        if after:
            self.work.send(Job("", "cleanup", at=self.now(), cursor=after), GO_ON_AFTER)
        return result
