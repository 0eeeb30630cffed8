"""Lead an event to the pair that it belongs to: by the index, then by its mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dataverse.ids import marked
from shared.dataverse.reading.events import EventReader
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Event, Unreadable
from shared.errors import GraphUnavailable
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs

TAG_STORED_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class EventLeading:
    """Methods raise RelayError when storage fails or the event cannot be read."""

    index: PairIndex
    pairs: Pairs
    reader: EventReader
    states: ResourceStates
    now: Callable[[], datetime]

    def bookings_of(self, watch_id: str, event_id: str, organization: str) -> list[str]:
        """Return the ids of the bookings whose pairs an event concerns; none for one that is not the relay's."""
        indexed = self.index.find(watch_id, event_id)
        if indexed is not None and indexed.kind == "pair":
            pair = self.pairs.get(indexed.booking_id)
            return [pair.booking_id] if pair is not None else []
        mailbox = self.states.mailbox(watch_id)
        side = self.reader.read(mailbox, event_id, None) if mailbox else None
        if isinstance(side, Unreadable):
            raise GraphUnavailable(0, "Unreadable")
        if not isinstance(side, Event):
            return []
        found = marked(side.mark)
        if found is not None:
            return [found[1]] if found[0] == organization else []
        return self._beside(watch_id, side) if side.is_tagged else []

    def _beside(self, watch_id: str, event: Event) -> list[str]:
        """Note an event of Microsoft's own sync, and return the bookings of the same times."""
        self.index.write(watch_id, IndexedEvent(event_key(event.id), "microsoft", start=event.start, end=event.end))
        now = self.now()
        for row in self.states.resources.all():
            if row.watch_id == watch_id and (row.tagged_at is None or now - row.tagged_at > TAG_STORED_EVERY):
                self.states.resources.change(row, tagged_at=now)
        pairs = (each for each in self.pairs.of_mailbox(watch_id) if isinstance(each, Pair))
        return [each.booking_id for each in pairs if (each.start, each.end) == (event.start, event.end)]
