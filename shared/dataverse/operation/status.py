"""What is known of the feature, from storage alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.call_breaker import DynamicsBreaker
from shared.dataverse.flow.dead import PairDeadLetters
from shared.dataverse.flow.hints import HintQueue
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources
from shared.storage.pairs.tracking import TrackingRow


@dataclass(frozen=True, slots=True)
class DataverseStatus:
    """`resources` and `pairs`: how many are in each state. `waiting`: messages of hints, the delayed ones included."""

    started_at: datetime | None
    organization: str
    held_since: datetime | None
    token_age_seconds: float | None
    resources: Mapping[str, int]
    pairs: Mapping[str, int]
    waiting: int
    dead_letters: int
    breaker_until: datetime | None


@dataclass(frozen=True)
class Status:
    """Raises ServiceUnavailable or ConfigurationError when storage fails."""

    tracking: TrackingRow
    resources: Resources
    pairs: Pairs
    queue: HintQueue
    dead: PairDeadLetters
    breaker: DynamicsBreaker
    now: Callable[[], datetime]

    def status(self) -> DataverseStatus:
        """Return the status."""
        row = self.tracking.read()
        return DataverseStatus(
            started_at=row.started_at,
            organization=row.organization,
            held_since=row.held_since,
            token_age_seconds=(self.now() - row.delta_at).total_seconds() if row.delta_at else None,
            resources=Counter(each.state for each in self.resources.all()),
            pairs=Counter(str(each.state) for each in self.pairs.all()),
            waiting=self.queue.depth(),
            dead_letters=self.dead.count(),
            breaker_until=self.breaker.until(),
        )
