"""Moments that are compared between instances, whose clocks differ. Pure, but for the clock that is passed.

Graph's responses have a Date, so an instance knows how far its own clock is from Graph's. Either may be wrong. A hint
is taken to be as late as the two clocks allow, and a reading to be as early, so that no reading covers a later hint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.moments import LARGEST_SKEW


@dataclass(frozen=True)
class GraphClock:
    """A clock that is compared with Graph's: `now` is this instance's, and `skew` how far Graph's is ahead of it, None
    before Graph's first response.
    """

    now: Callable[[], datetime]
    skew: Callable[[], timedelta | None]

    def __call__(self) -> datetime:
        """Return the present by Graph's clock; by this instance's, while Graph's is not known."""
        return self.corrected(self.now())

    def hint(self) -> datetime:
        """Return the latest moment that the present can be: the time of changes that are queued now."""
        return self.latest(self.now())

    def latest(self, moment: datetime) -> datetime:
        """Return the latest moment that a moment of this instance's clock can be."""
        skew = self.skew()
        return moment + (LARGEST_SKEW if skew is None else max(skew, timedelta()))

    def corrected(self, moment: datetime) -> datetime:
        """Return a moment of this instance's clock by Graph's clock, if that is known."""
        return moment + (self.skew() or timedelta())

    def earliest(self, moment: datetime) -> datetime:
        """Return the earliest moment that a moment of this instance's clock can be."""
        skew = self.skew()
        return moment - (LARGEST_SKEW if skew is None else max(-skew, timedelta()))
