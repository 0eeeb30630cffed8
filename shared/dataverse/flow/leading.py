"""Lead an event to the pair that it belongs to: by the index, then by its mark."""

from __future__ import annotations

from dataclasses import dataclass

from shared.dataverse.flow.microsoft_events import MicrosoftEvents
from shared.dataverse.ids import marked
from shared.dataverse.reading.events import EventReader
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Event, Unreadable
from shared.errors import GraphUnavailable
from shared.storage.pairs.index import PairIndex
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs


@dataclass(frozen=True)
class EventLeading:
    """Methods raise RelayError when storage fails or the event cannot be read."""

    index: PairIndex
    pairs: Pairs
    reader: EventReader
    states: ResourceStates
    microsoft: MicrosoftEvents

    def bookings_of(self, watch_id: str, event_id: str, organization: str) -> list[str]:
        """Return the ids of the bookings whose pairs an event concerns; none for one that is not the relay's."""
        indexed = self.index.find(watch_id, event_id)
        if indexed is not None and indexed.kind == "pair":
            pair = self.pairs.get(indexed.booking_id)
            if pair is not None:
                return [pair.booking_id]
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
        self.microsoft.note(watch_id, [event])
        pairs = (each for each in self.pairs.of_mailbox(watch_id) if isinstance(each, Pair))
        return [each.booking_id for each in pairs if (each.start, each.end) == (event.start, event.end)]
