"""Compare all bookings and events of one resource, by their versions alone, and queue those that differ from the pairs.

A list proves nothing: each difference is a hint, and both sides are read by their ids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.dataverse.flow.looking import Setting
from shared.dataverse.ids import marked
from shared.dataverse.look import ResourceState
from shared.dataverse.reading.resources import ResourceStates
from shared.dynamics.booking_rows import KEY, BookingRows
from shared.graph.marked_events.events import MarkedEvents, mark_in
from shared.storage.pairs.pair import Pair, key_of
from shared.storage.pairs.pairs import Pairs


@dataclass(frozen=True)
class ResourceComparison:
    """Methods raise RelayError when a list cannot be read as a whole; then nothing is queued."""

    states: ResourceStates
    rows: BookingRows
    events: MarkedEvents
    pairs: Pairs
    queue: HintQueue
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
        differing = [pair.booking_id for pair in pairs.values() if _differs(pair, rows.get(pair.id), events)]
        new = [str(rows[key][KEY]) for key in rows.keys() - pairs.keys()]
        named = {pair.event_id for pair in pairs.values()}
        strays = tuple((resource.watch_id, each) for each, event in events.items()
                       if each not in named and _is_own(event, setting.organization))  # fmt: skip
        self.queue.send(Hints(hinted_at=began, bookings=(*differing, *new), events=strays))


def _differs(pair: Pair, row: dict[str, Any] | None, events: dict[str, dict[str, Any]]) -> bool:
    """Return whether a pair has to be read. One that has ended only if its booking is there with another version."""
    if pair.state == "ended":
        return row is not None and row.get("@odata.etag") != pair.booking_etag
    event = events.get(pair.event_id)
    is_same = row is not None and row.get("@odata.etag") == pair.booking_etag
    return not (is_same and event is not None and event.get("@odata.etag") == pair.event_etag)


def _is_own(event: dict[str, Any], organization: str) -> bool:
    found = marked(mark_in(event))
    return found is not None and found[0] == organization
