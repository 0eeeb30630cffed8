"""What is known of the feature, from storage alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.call_breaker import DynamicsBreaker
from shared.dataverse.flow.dead import PairDeadLetters
from shared.dataverse.flow.hints import HintQueue
from shared.dataverse.operation.measures import Measures
from shared.storage.pairs.resources import Resources
from shared.storage.pairs.tracking import TrackingRow


@dataclass(frozen=True, slots=True)
class DataverseStatus:
    """`resources` and `pairs`: how many are in each state. `waiting`: messages of hints, the delayed ones included.

    `mailboxes_held`: by the brake or an administrator. `oldest_hint_seconds`: of those that are due. `last_webhook_at`:
    None if none has arrived.
    """

    started_at: datetime | None
    organization: str
    held_since: datetime | None
    token_age_seconds: float | None
    resources: Mapping[str, int]
    pairs: Mapping[str, int]
    waiting: int
    dead_letters: int
    mailboxes_held: int
    oldest_hint_seconds: int
    breaker_until: datetime | None
    last_webhook_at: datetime | None


@dataclass(frozen=True)
class Status:
    """Raises ServiceUnavailable or ConfigurationError when storage fails."""

    tracking: TrackingRow
    resources: Resources
    measures: Measures
    queue: HintQueue
    dead: PairDeadLetters
    breaker: DynamicsBreaker

    def status(self) -> DataverseStatus:
        """Return the status."""
        row = self.tracking.read()
        return DataverseStatus(
            started_at=row.started_at,
            organization=row.organization,
            held_since=row.held_since,
            token_age_seconds=self.measures.token_seconds(),
            resources=Counter(each.state for each in self.resources.all()),
            pairs=self.measures.pairs_by_state(),
            waiting=self.queue.depth(),
            dead_letters=self.dead.count(),
            mailboxes_held=self.measures.held()["mailboxes"],
            oldest_hint_seconds=self.measures.oldest_hint_seconds(),
            breaker_until=self.breaker.until(),
            last_webhook_at=row.hooked_at,
        )
