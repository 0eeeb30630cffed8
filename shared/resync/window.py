"""The window: from WINDOW_PAST_DAYS ago to WINDOW_FUTURE_DAYS ahead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.config import LONGEST_VIEW_DAYS
from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.config import Settings

LONGEST_VIEW = timedelta(days=LONGEST_VIEW_DAYS)


@dataclass(frozen=True, slots=True)
class Window:
    """A period of time. Callers compute it at each use, so that it moves forward."""

    start: datetime
    end: datetime

    def overlaps(self, start: str, end: str) -> bool:
        """Return whether an event with these times (in the payload's format) overlaps the window."""
        return start < format_utc(self.end) and not self.has_left(end)  # texts of one format sort like the times

    def from_start_of(self, earlier: Window) -> Window:
        """Return the window with the start of an earlier one, not longer than Graph allows for a calendar view."""
        return Window(max(min(self.start, earlier.start), self.end - LONGEST_VIEW), self.end)

    def has_left(self, end: str) -> bool:
        """Return whether an event that ends at `end` lies before the window."""
        return end <= format_utc(self.start)


def window_of(settings: Settings, now: datetime) -> Window:
    """Return the window around `now`, not longer than Graph allows for a calendar view."""
    past, future = settings.window_days
    return Window(now - timedelta(days=past), now + timedelta(days=future))
