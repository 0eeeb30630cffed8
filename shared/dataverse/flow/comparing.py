"""Compare all bookings and events of one resource, by their versions alone, and queue those that differ from the pairs.

A list proves nothing: each difference is a hint, and both sides are read by their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.flow.looking import Setting
from shared.dataverse.flow.microsoft_events import MicrosoftEvents
from shared.dataverse.ids import marked
from shared.dataverse.look import ResourceState
from shared.dataverse.reading.events import TAG, event_of
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Event
from shared.dataverse.unpaired.listed import without_pair
from shared.dynamics.booking_rows import KEY, BookingRows
from shared.errors import GraphError
from shared.graph.marked_events.events import MarkedEvents, mark_in
from shared.storage.pairs.pair import Pair, key_of
from shared.storage.pairs.pairs import Pairs
from shared.utc import parse_utc


@dataclass(frozen=True)
class ResourceComparison:
    """Methods raise RelayError when a list cannot be read as a whole; then nothing is queued."""

    states: ResourceStates
    rows: BookingRows
    events: MarkedEvents
    pairs: Pairs
    queue: HintQueue
    microsoft: MicrosoftEvents
    now: Callable[[], datetime]

    def compare(self, resource_id: str, setting: Setting) -> None:
        """Queue the hints of a resource; a no-op while its calendar is not followed."""
        resource, began = self.states.of(resource_id), self.now()
        mailbox = self.states.mailbox(resource.watch_id) if resource.state is ResourceState.FOLLOWED else ""
        if not mailbox:
            return
        start, end = began - setting.rules.past, began + setting.rules.future
        rows = {key_of(str(row[KEY])): row for row in self.rows.of_resource(resource_id, start, end)}
        events = {str(event["id"]): event for event in self.events.view(mailbox, start, end)}
        pairs = {each.id: each for each in self.pairs.of_mailbox(resource.watch_id) if isinstance(each, Pair)}
        tagged = _tagged(events.values())
        self.microsoft.note(resource.watch_id, tagged)
        theirs = {(each.start, each.end) for each in tagged}
        differing = [
            pair.booking_id
            for pair in pairs.values()
            if _differs(pair, rows.get(pair.id), events)
            or (pair.state == "paired" and (pair.start, pair.end) in theirs)
        ]
        named = {pair.event_id for pair in pairs.values()}
        strays = {each: _booking_of(event, setting.organization) for each, event in events.items() if each not in named}
        led = {each for each in strays.values() if each}  # by their events: nothing is made before those were read
        new = [str(rows[key][KEY]) for key in rows.keys() - pairs.keys() - led]
        hinted = tuple((resource.watch_id, each) for each, booking in strays.items() if booking)
        if setting.rules.direction.may_write("dataverse"):
            unpaired = without_pair(events.values(), named, setting.rules, began)
            hinted += tuple((resource.watch_id, each.id) for each in unpaired)
        self.queue.send(Hints(hinted_at=began, bookings=(*differing, *new), events=hinted))


def _differs(pair: Pair, row: dict[str, Any] | None, events: dict[str, dict[str, Any]]) -> bool:
    """Return whether a pair has to be read. One that has ended only if its booking is there with another version."""
    if pair.pending():
        return True
    if pair.state == "ended":
        return row is not None and row.get("@odata.etag") != pair.booking_etag
    event = events.get(pair.event_id)
    is_same = row is not None and row.get("@odata.etag") == pair.booking_etag
    if row is None or event is None or not is_same or event.get("@odata.etag") != pair.event_etag:
        return True
    return pair.state == "paired" and not _have_equal_times(row, event)


def _tagged(events: Iterable[dict[str, Any]]) -> list[Event]:
    """Return the events of Microsoft's own sync."""
    return [event_of(each) for each in events if TAG in (each.get("categories") or ()) and not mark_in(each)]


def _have_equal_times(row: dict[str, Any], event: dict[str, Any]) -> bool:
    """Return whether both sides show the same times. What was noted as a finding is looked at once released."""
    try:
        shown = event_of(event)
        return (parse_utc(row["starttime"]), parse_utc(row["endtime"])) == (shown.start, shown.end)
    except (GraphError, KeyError, TypeError, ValueError):
        return False


def _booking_of(event: dict[str, Any], organization: str) -> str:
    """Return the key of the booking that an event is marked with, "" without a mark of the organization."""
    found = marked(mark_in(event))
    return key_of(found[1]) if found is not None and found[0] == organization else ""
