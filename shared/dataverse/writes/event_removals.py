"""Read in Outlook what the brake counts: which events of a mailbox's pairs are gone, or stand for no booking any more.

A deletion is judged before its neighbours are: without this, the bookings of the first ones would be canceled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.dataverse.comparison import usable
from shared.dataverse.look import Rules
from shared.dataverse.reading.events import EventReader, event_of
from shared.dataverse.reading.resources import ResourceStates
from shared.dataverse.sides import Event, Gone, Unreadable
from shared.errors import GraphUnavailable
from shared.graph.marked_events.events import MarkedEvents
from shared.storage.pairs.pair import Pair

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class EventRemovals:
    """Methods raise GraphError: what cannot be read is not taken for harmless."""

    events: MarkedEvents
    reader: EventReader
    states: ResourceStates

    def missing(self, pairs: list[Pair], rules: Rules) -> list[Pair]:
        """Return those of a mailbox's pairs whose events a list does not show, or not in rule. No proof of either."""
        pairs = [each for each in pairs if each.event_id]
        starts, ends = [each.start for each in pairs if each.start], [each.end for each in pairs if each.end]
        if not starts or not ends:
            return pairs
        shown = self._view(pairs[0].mailbox_watch, min(starts) - SECOND, max(ends) + SECOND)
        return [each for each in pairs if _is_over(each, shown.get(each.event_id), rules)]

    def over(self, pairs: Iterable[Pair], rules: Rules) -> Iterator[Pair]:
        """Yield those whose events, each read by its id, are gone or out of rule."""
        for pair in pairs:
            times = (pair.start, pair.end) if pair.start and pair.end else None
            side = self.reader.read(self._mailbox(pair.mailbox_watch), pair.event_id, times)
            if isinstance(side, Unreadable):
                raise GraphUnavailable(0, "Unconfirmed")
            if isinstance(side, Gone) or _is_over(pair, side, rules):
                yield pair

    def in_rule(self, watch_id: str, rules: Rules, now: datetime) -> int:
        """Return how many events of a mailbox stand for bookings, in the window."""
        shown = self._view(watch_id, now - rules.past, now + rules.future)
        return sum(each.show_as in rules.show_as and usable(each) for each in shown.values())

    def _view(self, watch_id: str, start: datetime, end: datetime) -> Mapping[str, Event]:
        raw: Iterable[Mapping[str, Any]] = self.events.view(self._mailbox(watch_id), start, end)
        return {str(each["id"]): event_of(each) for each in raw}

    def _mailbox(self, watch_id: str) -> str:
        mailbox = self.states.mailbox(watch_id)
        if not mailbox:
            raise GraphUnavailable(0, "NotAllowedNow")
        return mailbox


def _is_over(pair: Pair, event: Event | None, rules: Rules) -> bool:
    """Return whether an event that is shown, or none, asks to cancel its booking."""
    if event is None:
        return True
    return not pair.is_from_dataverse and (event.show_as not in rules.show_as or not usable(event))
