"""Note the events of Microsoft's own sync: they never become bookings, also once their tag is taken off."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Event
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key

STORED_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class MicrosoftEvents:
    """Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    index: PairIndex
    states: ResourceStates
    now: Callable[[], datetime]

    def note(self, watch_id: str, events: Collection[Event]) -> None:
        """Note the tagged events of a mailbox, and that its user has that sync; a no-op without any."""
        for event in events:
            row = IndexedEvent(event_key(event.id), "microsoft", start=event.start, end=event.end)
            self.index.write(watch_id, row)
        now = self.now()
        for each in self.states.resources.all() if events else ():
            if each.watch_id == watch_id and (each.tagged_at is None or now - each.tagged_at > STORED_EVERY):
                self.states.resources.change(each, tagged_at=now)
