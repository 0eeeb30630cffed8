"""What a feature is told of the calendars of the watches that it holds (shared/watches/sources.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.messages import Change
from shared.storage.watches import Watch


class ChangeListener(Protocol):
    """A feature that follows calendars.

    Both methods may be called repeatedly for the same change or gap, by several processes at once, and must be quick:
    they queue work of their own. They raise ServiceUnavailable or ConfigurationError when that fails; then they are
    called again later.
    """

    def changed(self, watch: Watch, changes: Sequence[Change], notified_at: datetime) -> None:
        """Take in settled changes of a calendar. `notified_at`: when Graph notified the relay of them.

        Each is a hint: the event may have any state. A series master is not expanded.
        """

    def gap(self, watch: Watch) -> None:
        """Take in that changes of the calendar may have been missed: it is to be compared as a whole."""
