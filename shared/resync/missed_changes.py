"""Queue the resyncs of all mailboxes when notifications may be missing for all."""

from __future__ import annotations

from dataclasses import dataclass

from shared.resync.catch_up import CatchUp
from shared.resync.silence import Silence


@dataclass(frozen=True)
class MissedChanges:
    """Queues resyncs of all mailboxes. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    catch_up: CatchUp
    silence: Silence

    def after_absence(self) -> None:
        """Record that a run begins, and queue resyncs if the relay was absent. No subscription is then silent."""
        if self.catch_up.catch_up_after_absence():
            self.silence.excuse()

    def during_outage(self) -> None:
        """Queue resyncs while Graph has an outage of notifications."""
        if self.silence.take_resyncs():
            self.catch_up.queue_nightly_resyncs()
