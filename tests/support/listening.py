"""A feature that follows calendars, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.errors import ServiceUnavailable
from shared.messages import Change
from shared.storage.watches import Watch

FEATURE = "bookings"  # the name of any feature


class Listening:
    """Records what it is told; while `is_down` it can take nothing."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.gaps: list[str] = []
        self.is_down = False

    def changed(self, watch: Watch, changes: Sequence[Change], notified_at: datetime) -> None:
        """Take in changes."""
        self._check()
        assert watch.features
        assert notified_at.tzinfo is not None
        self.taken += [change.event_id for change in changes]

    def gap(self, watch: Watch) -> None:
        """Take in a gap."""
        self._check()
        self.gaps.append(watch.mailbox)

    def _check(self) -> None:
        if self.is_down:
            raise ServiceUnavailable("queue", "is full")
