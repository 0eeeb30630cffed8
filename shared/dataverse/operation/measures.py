"""What tells whether the feature keeps up: what is held, how old the oldest hint is, how old the token is.

The gauges, the health checks and the status take their figures from here. Storage alone is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.flow.hints import HintQueue
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.tracking import TrackingRow

DAY_SECONDS = 86_400
SHORTEST_DAYS = 1  # the shortest life of a token that an organization can have; used while its own is unknown
UNREADABLE = "unreadable"  # a row of a pair that this version cannot read


@dataclass(frozen=True)
class Measures:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    tracking: TrackingRow
    pairs: Pairs
    brakes: Brakes
    queue: HintQueue
    now: Callable[[], datetime]

    def pairs_by_state(self) -> Mapping[str, int]:
        """Return how many pairs are in each state; those that cannot be read are counted, too."""
        rows = self.pairs.rows()
        return Counter(str(each.state) if isinstance(each, Pair) else UNREADABLE for each in rows)

    def held(self) -> Mapping[str, int]:
        """Return how many pairs and mailboxes are held, and 1 if the whole feature is."""
        mailboxes = sum(1 for _ in self.brakes.held())
        everything = int(self.tracking.read().held_since is not None)
        return {"pairs": self.pairs_by_state()["held"], "mailboxes": mailboxes, "everything": everything}

    def oldest_hint_seconds(self) -> int:
        """Return the age in seconds of the oldest hint that is due and was not settled, 0 without one."""
        hinted = self.queue.oldest()
        return max(0, int((self.now() - hinted).total_seconds())) if hinted else 0

    def token_seconds(self) -> float | None:
        """Return for how many seconds Dataverse was not read to the end; None before the first time.

        That is the age of the token of change tracking; where tracking is off, bookings are read by their times.
        """
        row = self.tracking.read()
        return _age(self.now(), row.delta_at, row.modified_since)

    def token_percent(self) -> int | None:
        """Return that age in percent of a token's life, since `start` before the first time; None before `start`."""
        row = self.tracking.read()
        age = _age(self.now(), row.delta_at, row.modified_since, row.started_at)
        if age is None:
            return None
        return int(100 * age / (DAY_SECONDS * (row.token_days or SHORTEST_DAYS)))


def _age(now: datetime, *moments: datetime | None) -> float | None:
    """Return the seconds since the latest of these moments; None without any."""
    known = [moment for moment in moments if moment is not None]
    return max(0.0, (now - max(known)).total_seconds()) if known else None
