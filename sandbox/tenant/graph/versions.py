"""What lists and views show of a calendar while they lag: every write becomes visible after a delay of its own.

Graph answers lists from another place than reads by id, so that a list may lack an event that was just made, have it as
it was, or still have it after its deletion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.tenant.graph.calendar import Calendar
from sandbox.tenant.graph.event import Event


@dataclass(frozen=True)
class Version:
    """One state of an event from `visible_from` on; None: it is gone. `exceptions` are those of a series."""

    visible_from: datetime
    event: Event | None
    exceptions: Mapping[tuple[str, datetime], Event]


class Versions:
    """The versions of a mailbox's events by immutable id, oldest first: the visible one, and those that come."""

    def __init__(self) -> None:
        self._by_id: dict[str, list[Version]] = {}

    def note(self, calendar: Calendar, event: Event, now: datetime, visible_from: datetime) -> None:
        """Keep the state of an event, or of the series of an occurrence, after a write."""
        root = event.master or event
        kept = [each for each in self._by_id.get(root.ids[1], []) if each.visible_from > now]
        seen = self._visible(root.ids[1], now)
        stored = _copy(root) if calendar.find(root.id) is root and root.id not in calendar.deleted_items else None
        exceptions = {} if stored is None else _exceptions(calendar, root, stored)
        latest = Version(visible_from, stored, exceptions)
        self._by_id[root.ids[1]] = [*([seen] if seen else []), *kept, latest]

    def shown(self, calendar: Calendar, now: datetime) -> Calendar:
        """Return the calendar as lists show it; reads by the ids of its occurrences work as ever."""
        shown = calendar.emptied()
        for immutable_id in self._by_id:
            version = self._visible(immutable_id, now)
            if version is not None and version.event is not None:
                shown.add(version.event)
                shown.exceptions.update(version.exceptions)
        return shown

    def _visible(self, immutable_id: str, now: datetime) -> Version | None:
        """Return the last version that lists show by now."""
        versions = [each for each in self._by_id.get(immutable_id, []) if each.visible_from <= now]
        return versions[-1] if versions else None


def _copy(event: Event) -> Event:
    rule = replace(event.rule, exdates=set(event.rule.exdates)) if event.rule is not None else None
    return replace(event, fields=dict(event.fields), rule=rule)


def _exceptions(calendar: Calendar, root: Event, stored: Event) -> dict[tuple[str, datetime], Event]:
    return {
        key: replace(_copy(event), master=stored) for key, event in calendar.exceptions.items() if key[0] == root.id
    }
