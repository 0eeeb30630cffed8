"""The rows of pairs, and the claim that lets one worker at a time look at both sides of a pair and write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.moments import LARGEST_SKEW
from shared.storage.pairs.pair import Pair
from shared.storage.table import Table
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

CLAIM = timedelta(seconds=120)  # longer than the reads and writes of one pair take
PARTITION = "pair"


class Pairs(Table[Pair]):
    """The table of pairs. Methods raise ServiceUnavailable or ConfigurationError when storage fails.

    `get` also raises for a row that this version cannot read: nothing is decided without it.
    """

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        super().__init__(table, Pair, PARTITION)
        self._now = now

    def claim(self, pair: Pair) -> Pair | None:
        """Claim a pair for CLAIM, as it was read; None if it is claimed, or was changed since."""
        if self._is_claimed(pair):
            return None
        return self.change(pair, claimed_until=self._now() + CLAIM)

    def add(self, pair: Pair) -> Pair | None:
        """Store a new pair with a claim; None if the booking has a pair already."""
        return self.insert(replace(pair, claimed_until=self._now() + CLAIM))

    def keep(self, pair: Pair) -> Pair | None:
        """Store a claimed pair and begin its claim anew; None if another worker took it over."""
        return self.overwrite(replace(pair, claimed_until=self._now() + CLAIM))

    def release(self, pair: Pair) -> Pair | None:
        """Store a claimed pair and end its claim; None if another worker took it over, and nothing is stored."""
        return self.overwrite(replace(pair, claimed_until=None))

    def of_mailbox(self, watch_id: str) -> Iterator[Pair | Unreadable]:
        """Yield the pairs of a mailbox, by its watch's id."""
        return self.select("mailbox_watch eq @mailbox", {"mailbox": watch_id})

    def of_series(self, watch_id: str, series_id: str) -> Iterator[Pair | Unreadable]:
        """Yield the pairs of the occurrences of a series in a mailbox."""
        names = {"mailbox": watch_id, "series": series_id}
        return self.select("mailbox_watch eq @mailbox and series_id eq @series", names)

    def _is_claimed(self, pair: Pair) -> bool:
        now = self._now()
        return pair.claimed_until is not None and now < pair.claimed_until <= now + CLAIM + LARGEST_SKEW
