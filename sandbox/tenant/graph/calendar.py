"""One mailbox's calendar: single events, series masters and the exceptions of series.

Graph: calendar resource type; List calendarView; List instances.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.ids import new_change_key
from sandbox.tenant.graph.zones import Moment

DAY = timedelta(days=1)


@dataclass
class Folder:
    """One of a mailbox's calendars. The default one holds the events whose folder is empty."""

    id: str
    name: str
    default: bool = False
    change_key: str = field(default_factory=new_change_key)

    @property
    def events(self) -> str:
        """Return what its events have as their folder."""
        return "" if self.default else self.id


class Calendar:
    """A mailbox's store of events, whichever of its calendars they lie in.

    An occurrence that nobody changed is not kept: each expansion makes it anew, with the same ids.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        """Single events and series masters by ordinary id, in the order of their making."""
        self._by_immutable_id: dict[str, Event] = {}
        self.exceptions: dict[tuple[str, datetime], Event] = {}
        """Changed occurrences by their master's ordinary id and original start (naive, in the series' zone)."""
        self.folders: dict[str, Folder] = {}
        """The mailbox's calendars by id, the default one first; made when they are first asked for."""
        self._starts: dict[str, tuple[str, Moment]] = {}
        """Every occurrence ever handed out, by both ids: its master's ordinary id and its original start."""

    def add(self, event: Event) -> None:
        """Store a single event or a series master."""
        self._events[event.ids[0]] = self._by_immutable_id[event.ids[1]] = event

    def remove(self, event: Event) -> None:
        """Take out an event: a whole series with its exceptions, or one occurrence of it."""
        if event.master is not None and event.original_start is not None:
            self.exceptions.pop((event.master.id, event.original_start.local), None)
            if event.master.rule is not None:
                event.master.rule.exdates.add(event.original_start.local)
            return
        self._events.pop(event.ids[0], None)
        self._by_immutable_id.pop(event.ids[1], None)
        self.forget_exceptions(event)

    def forget_exceptions(self, master: Event) -> None:
        """Drop a series' exceptions, as Exchange does when its times or its rule change."""
        for key in [key for key in self.exceptions if key[0] == master.id]:
            del self.exceptions[key]

    def exceptions_of(self, master: Event) -> list[Event]:
        """Return a series' changed occurrences, without those whose start was taken out since."""
        gone = master.rule.exdates if master.rule else set()
        return [one for (owner, start), one in self.exceptions.items() if owner == master.id and start not in gone]

    def keep_exception(self, event: Event) -> None:
        """Store a changed occurrence in place of the one its series makes."""
        if event.master is None or event.original_start is None:
            raise ValueError("only an occurrence can be an exception")
        event.type = "exception"
        self.exceptions[event.master.id, event.original_start.local] = event

    def find(self, event_id: str) -> Event | None:
        """Return the event, master, exception or occurrence with this id, in either form; ids are case-sensitive."""
        if (stored := self._events.get(event_id) or self._by_immutable_id.get(event_id)) is not None:
            return stored
        master_id, start = self._starts.get(event_id, ("", None))
        master = self._events.get(master_id)
        if master is None or start is None or master.rule is None or start.local in master.rule.exdates:
            return None
        if (exception := self.exceptions.get((master.id, start.local))) is not None:
            return exception
        # A series that was shortened or moved since has lost this occurrence.
        until = itertools.takewhile(lambda one: one <= start.local, master.rule.starts(master.start.local, start.zone))
        return master.occurrence(start) if start.local in until and start.zone == master.start.zone else None

    def events(self, folder: str = "") -> list[Event]:
        """Return single events and series masters, as GET /events lists them, in the order of their making."""
        return [event for event in self._events.values() if event.folder == folder]

    def made_by(self, transaction: str) -> Event | None:
        """Return the event that an app made with a transactionId."""
        return next((event for event in self._events.values() if event.transaction == transaction), None)

    def view(self, after: datetime, before: datetime, folder: str = "") -> list[Event]:
        """Return what lies, even in part, in a window of aware times: series as their occurrences, ordered by start."""
        found: list[Event] = []
        for event in self.events(folder):
            found += [event] if event.rule is None else self.instances(event, after, before)
        return sorted((one for one in found if _overlaps(one, after, before)), key=lambda one: (one.start.utc, one.id))

    def instances(self, master: Event, after: datetime, before: datetime) -> list[Event]:
        """Return a series' occurrences and exceptions in a window of aware times, ordered by start."""
        found = [one for one in self.exceptions_of(master) if _overlaps(one, after, before)]
        found += self._unchanged(master, after, before)
        for one in found:
            self._remember(one)
        return sorted(found, key=lambda one: one.start.utc)

    def _unchanged(self, master: Event, after: datetime, before: datetime) -> Iterator[Event]:
        """Yield a series' occurrences in a window, without those that became exceptions."""
        if master.rule is None:
            return
        length = master.end.local - master.start.local
        for start in master.rule.starts(master.start.local, master.start.zone):
            moment = Moment(start, master.start.zone)
            if moment.utc >= before:
                return
            # A day more than enough: what is far before the window is not worth making.
            if (master.id, start) not in self.exceptions and moment.utc + length + DAY > after:
                occurrence = master.occurrence(moment)
                if _overlaps(occurrence, after, before):
                    yield occurrence

    def _remember(self, event: Event) -> None:
        """Keep the way back from an occurrence's ids to its series."""
        if event.master is not None and event.original_start is not None:
            for one in event.ids:
                self._starts[one] = (event.master.id, event.original_start)


def _overlaps(event: Event, after: datetime, before: datetime) -> bool:
    """Tell whether an event touches the window; one without length counts where it stands."""
    start, end = event.start.utc, event.end.utc
    return start < before and (end > after or start == end >= after)
