"""The calendar window that is kept in step: from WINDOW_PAST_DAYS ago to WINDOW_FUTURE_DAYS ahead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.utc import format_utc

if TYPE_CHECKING:
    from shared.config import Settings


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time; it moves forward by itself, because it is made anew at each use."""

    start: datetime
    end: datetime

    def overlaps(self, start: str, end: str) -> bool:
        """Return whether an event with these times (as the contract writes them) is in the window, in part at least."""
        return start < format_utc(self.end) and not self.has_left(end)  # texts of one form sort as times

    def has_left(self, end: str) -> bool:
        """Return whether an event that ends then lies behind the window."""
        return end <= format_utc(self.start)


def window_of(settings: Settings, now: datetime) -> Window:
    """Return the window around a moment."""
    past, future = settings.window_past_days, settings.window_future_days
    return Window(now - timedelta(days=past), now + timedelta(days=future))
