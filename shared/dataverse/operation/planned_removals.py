"""What a start would remove: events whose bookings ended while nothing was followed. The brake does not count them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dataverse.brake import with_planned
from shared.dataverse.flow.removals import RemovalReader
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs

KEPT = ("making", "paired", "muted")


@dataclass(frozen=True)
class PlannedRemovals:
    """Methods raise DynamicsError; ServiceUnavailable or ConfigurationError when storage fails.

    `past`: how long after their end pairs are followed.
    """

    pairs: Pairs
    bookings: RemovalReader
    brakes: Brakes
    past: Callable[[], timedelta]
    now: Callable[[], datetime]

    def of(self, watch_id: str) -> list[Pair]:
        """Return the pairs of a mailbox whose bookings, each read by its id, are over."""
        pairs = [each for each in self.pairs.of_mailbox(watch_id) if isinstance(each, Pair) and self._is_followed(each)]
        return list(self.bookings.over(self.bookings.missing(pairs)))

    def note(self, watch_id: str) -> None:
        """Note them in the brake of the mailbox as planned."""
        planned = [each.id for each in self.of(watch_id)]
        if planned:
            self.brakes.change(watch_id, lambda row: with_planned(row, planned, self.now()))

    def _is_followed(self, pair: Pair) -> bool:
        """Return whether a pair's event is removed once its booking is over: not if both ended long ago."""
        is_over = pair.end is not None and pair.end <= self.now() - self.past()
        return pair.is_from_dataverse and pair.state in KEPT and not is_over
