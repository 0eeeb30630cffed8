"""What the core hands to the feature: settled changes of held calendars, gaps, and the night."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.look import ResourceState
from shared.messages import Change
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.watches import Watch


@dataclass(frozen=True)
class EventChanges:
    """Implements ChangeListener and NightlyCheck. Methods raise ServiceUnavailable or ConfigurationError."""

    resources: Resources
    queue: HintQueue
    now: Callable[[], datetime]

    def changed(self, watch: Watch, changes: Sequence[Change], notified_at: datetime) -> None:
        """Queue the events as hints."""
        events = tuple((watch.id, each.event_id) for each in changes if each.event_id)
        self.queue.send(Hints(hinted_at=notified_at, events=events))

    def gap(self, watch: Watch) -> None:
        """Queue the comparison of the calendar's resource."""
        self._compare(row for row in self.resources.all() if row.watch_id == watch.id)

    def run(self) -> None:
        """Queue the comparison of each resource that is followed."""
        self._compare(self.resources.all())

    def _compare(self, rows: Iterable[StoredResource]) -> None:
        for row in rows:
            if row.state == ResourceState.FOLLOWED:
                self.queue.send(Hints(hinted_at=self.now(), resource=str(uuid.UUID(row.id))))
