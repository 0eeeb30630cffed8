"""Lead an event to the pair that it belongs to: by the index, by its mark, or by the id that is derived from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.dataverse.flow.looking import Setting
from shared.dataverse.flow.microsoft_events import MicrosoftEvents
from shared.dataverse.ids import MOST_GENERATIONS, marked, transaction_id
from shared.dataverse.look import Resource, ResourceState
from shared.dataverse.reading.events import EventReader, event_of
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Event
from shared.dataverse.unpaired.derived import becomes_booking, derived_id
from shared.dataverse.unpaired.expansion import SeriesExpansion
from shared.storage.pairs.index import IndexedEvent, PairIndex
from shared.storage.pairs.pair import Pair, key_of
from shared.storage.pairs.pairs import Pairs


@dataclass(frozen=True)
class EventLeading:
    """Methods raise RelayError when storage fails or the event cannot be read."""

    index: PairIndex
    pairs: Pairs
    reader: EventReader
    states: ResourceStates
    microsoft: MicrosoftEvents
    expansion: SeriesExpansion
    now: Callable[[], datetime]

    def bookings_of(self, watch_id: str, event_id: str, setting: Setting) -> list[str]:
        """Return the ids of the bookings whose pairs an event concerns, or which it becomes; none for any other.

        A series is expanded: its pairs and dates are queued. An event in a calendar that is not followed is not read.
        """
        indexed = self.index.find(watch_id, event_id)
        pair = self._indexed(indexed)
        if pair is not None:
            return [pair.booking_id]
        resource, mailbox = self.states.of_watch(watch_id), self.states.mailbox(watch_id)
        if resource.state is not ResourceState.FOLLOWED or not mailbox:
            return []
        raw = self.reader.raw(mailbox, event_id)
        event = event_of(raw) if raw is not None else None
        is_series = indexed is not None and indexed.kind == "pair" and bool(indexed.series_id)
        if is_series or (event is not None and event.is_series and not event.mark):
            self._expand(watch_id, mailbox, event_id, setting)
        return self._of_event(resource, mailbox, event, setting, indexed) if event is not None else []

    def expand_new_series(self, watch_id: str, event_id: str, setting: Setting) -> None:
        """Expand the series that an event with a pair has become: the pair has gone on to one of its dates."""
        pair = self._indexed(self.index.find(watch_id, event_id))
        mailbox = self.states.mailbox(watch_id) if pair is not None and pair.series_id == event_id else ""
        if mailbox:
            self._expand(watch_id, mailbox, event_id, setting)

    def _indexed(self, indexed: IndexedEvent | None) -> Pair | None:
        is_pair = indexed is not None and indexed.kind == "pair" and bool(indexed.booking_id)
        return self.pairs.get(indexed.booking_id) if indexed is not None and is_pair else None

    def _of_event(
        self, resource: Resource, mailbox: str, event: Event, setting: Setting, indexed: IndexedEvent | None
    ) -> list[str]:
        mark = marked(event.mark)
        if mark is not None:
            return self._of_marked(resource, event, mark, setting)
        if event.is_tagged:
            return self._beside(resource.watch_id, event)
        is_microsofts = indexed is not None and indexed.kind == "microsoft"  # also once its tag is taken off
        if is_microsofts or not self._becomes_booking(event, setting):
            return []
        pair = None
        if event.is_occurrence or indexed is not None:
            pair = self.expansion.series.pair_of(event, resource.watch_id, mailbox, setting.rules)
        if event.is_occurrence:
            self.expansion.series.note(resource.watch_id, event.series_id, event.end)
        return [pair.booking_id if pair is not None else self._derived(resource, event, setting)]

    def _of_marked(self, resource: Resource, event: Event, mark: tuple[str, str], setting: Setting) -> list[str]:
        """Return the booking of a mark; for a copy of its event, the booking that the copy becomes."""
        organization, booking = mark
        if organization != setting.organization:
            return []
        pair = self.pairs.get(key_of(booking))
        if pair is None or not _is_copy(event, pair, resource.watch_id, organization):
            return [booking]
        return [self._derived(resource, event, setting)] if self._becomes_booking(event, setting) else []

    def _becomes_booking(self, event: Event, setting: Setting) -> bool:
        may_write = setting.rules.direction.may_write("dataverse")
        return may_write and becomes_booking(event, setting.rules, self.now())

    def _derived(self, resource: Resource, event: Event, setting: Setting) -> str:
        """Return the id of the booking of an event: the first whose pair is this event's, or which has none."""
        for generation in range(1, MOST_GENERATIONS + 1):
            booking = derived_id(event, setting.organization, resource.user_id, generation)
            pair = self.pairs.get(key_of(booking))
            if pair is None or pair.event_id == event.id or _is_ended_date(pair, event):
                break
        return booking

    def _expand(self, watch_id: str, mailbox: str, series_id: str, setting: Setting) -> None:
        if setting.rules.direction.may_write("dataverse"):
            self.expansion.expand(watch_id, mailbox, series_id, setting.rules)

    def _beside(self, watch_id: str, event: Event) -> list[str]:
        """Note an event of Microsoft's own sync, and return the bookings of the same times."""
        self.microsoft.note(watch_id, [event])
        pairs = (each for each in self.pairs.of_mailbox(watch_id) if isinstance(each, Pair))
        return [each.booking_id for each in pairs if (each.start, each.end) == (event.start, event.end)]


def _is_copy(event: Event, pair: Pair, watch_id: str, organization: str) -> bool:
    """Return whether an event with a pair's mark is a copy of its event: another one, which was not made for it."""
    if not pair.event_id or pair.event_id in (event.id, event.series_id):
        return False
    numbers = range(1, pair.generation + 1)
    used = {transaction_id(organization, pair.booking_id, watch_id, each) for each in numbers}
    return event.transaction_id not in used and all(each.event_id != event.id for each in pair.formers())


def _is_ended_date(pair: Pair, event: Event) -> bool:
    """Return whether a date that was deleted has come back, with another id."""
    return pair.state == "ended" and bool(pair.event_id) and event.is_occurrence
