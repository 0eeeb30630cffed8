"""One mailbox's calendar: single events, series masters and exceptions of series.

Graph: calendar resource type; List calendarView; List instances.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.tenant.graph.event import Event
from sandbox.tenant.graph.ids import new_change_key, new_pair
from sandbox.tenant.graph.zones import Moment

DAY = timedelta(days=1)


@dataclass
class Folder:
    """One of a mailbox's calendars. The default one holds the events with an empty folder."""

    id: str
    name: str
    default: bool = False
    change_key: str = field(default_factory=new_change_key)
    owner: dict[str, str] | None = None
    """Who shared it with the mailbox: name and address; None for the mailbox's own."""
    can_edit: bool = True

    @property
    def events(self) -> str:
        """The value of `folder` in its events."""
        return "" if self.default else self.id


class Calendar:
    """All events of a mailbox, in any of its calendars.

    Unchanged occurrences are not stored: each expansion creates them with the same ids.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        """Single events and series masters by ordinary id, in order of creation."""
        self._by_immutable_id: dict[str, Event] = {}
        self.cancellations: list[dict[str, Any]] = []
        """The mails that were sent to attendees of cancelled meetings: to, and body as Graph's itemBody."""
        self.zone = ""
        """The zone of the mailbox, in which all-day events float; empty: they are in their own zones."""
        self.deleted_items: dict[str, Event] = {}
        """Single events in Deleted Items, by ordinary id."""
        self.exceptions: dict[tuple[str, datetime], Event] = {}
        """Changed occurrences by their master's ordinary id and original start (naive, in the series' zone)."""
        self.folders: dict[str, Folder] = {}
        """The mailbox's calendars by id, the default one first; created at first use."""
        self.transactions: dict[str, tuple[Event, datetime]] = {}
        """The event that a transactionId made, and when."""
        self._starts: dict[str, tuple[str, Moment]] = {}
        """The master's ordinary id and the original start of every occurrence returned so far, by both of its ids."""

    def emptied(self) -> "Calendar":
        """Return a calendar without events that finds its occurrences for this one."""
        calendar = Calendar()
        calendar._starts, calendar.zone = self._starts, self.zone
        return calendar

    def add(self, event: Event) -> None:
        """Store a single event or a series master."""
        self._events[event.ids[0]] = self._by_immutable_id[event.ids[1]] = event

    def remove(self, event: Event) -> None:
        """Remove an event: a whole series with its exceptions, or one occurrence."""
        if event.master is not None and event.original_start is not None:
            self.exceptions.pop((event.master.id, event.original_start.local), None)
            if event.master.rule is not None:
                event.master.rule.exdates.add(event.original_start.local)
            return
        self._events.pop(event.ids[0], None)
        self.deleted_items.pop(event.ids[0], None)
        self._by_immutable_id.pop(event.ids[1], None)
        self.forget_exceptions(event)

    def move_to_deleted_items(self, event: Event) -> None:
        """Take a single event off the calendar. It gets a new ordinary id, and keeps its immutable one."""
        del self._events[event.ids[0]]
        event.ids = (new_pair()[0], event.ids[1])
        self.deleted_items[event.ids[0]] = event

    def restore(self, event: Event) -> None:
        """Put an event of Deleted Items back on the calendar, with another ordinary id."""
        del self.deleted_items[event.ids[0]]
        event.ids = (new_pair()[0], event.ids[1])
        self._events[event.ids[0]] = event

    def forget_exceptions(self, master: Event) -> None:
        """Remove a series' exceptions, as Exchange does when its times or its rule change."""
        for key in [key for key in self.exceptions if key[0] == master.id]:
            del self.exceptions[key]

    def exceptions_of(self, master: Event) -> list[Event]:
        """Return a series' exceptions, except those whose occurrence was removed later."""
        removed = master.rule.exdates if master.rule else set()
        return [
            event for (owner, start), event in self.exceptions.items() if owner == master.id and start not in removed
        ]

    def keep_exception(self, event: Event) -> None:
        """Store a changed occurrence, which replaces the unchanged one."""
        if event.master is None or event.original_start is None:
            raise ValueError("only an occurrence can be an exception")
        event.type = "exception"
        self.exceptions[event.master.id, event.original_start.local] = event

    def find(self, event_id: str) -> Event | None:
        """Return the event, master, exception or occurrence with this id, in either form; ids are case-sensitive.

        An event in Deleted Items still has its ids, as reports say; no list or view contains it.
        """
        for stored in (self._events, self._by_immutable_id, self.deleted_items):
            if event_id in stored:
                return stored[event_id]
        master_id, start = self._starts.get(event_id, ("", None))
        master = self._events.get(master_id)
        if master is None or start is None or master.rule is None or start.local in master.rule.exdates:
            return None
        if (exception := self.exceptions.get((master.id, start.local))) is not None:
            return exception
        # A series that was later shortened or moved no longer has this occurrence.
        starts = master.rule.starts(master.start.local, start.zone)
        until = itertools.takewhile(lambda other: other <= start.local, starts)
        return master.occurrence(start) if start.local in until and start.zone == master.start.zone else None

    def events(self, folder: str = "") -> list[Event]:
        """Return single events and series masters, as GET /events lists them, in order of creation."""
        return [event for event in self._events.values() if event.folder == folder]

    def view(self, after: datetime, before: datetime, folder: str = "") -> list[Event]:
        """Return the events that overlap a window of aware times, series as occurrences, ordered by start."""
        events: list[Event] = []
        for event in self.events(folder):
            events += [event] if event.rule is None else self.instances(event, after, before)
        overlapping = (each for each in events if self._overlaps(each, after, before))
        return sorted(overlapping, key=lambda event: (event.span(self.zone)[0], event.id))

    def instances(self, master: Event, after: datetime, before: datetime) -> list[Event]:
        """Return a series' occurrences and exceptions in a window of aware times, ordered by start."""
        events = [event for event in self.exceptions_of(master) if self._overlaps(event, after, before)]
        events += self._unchanged(master, after, before)
        for event in events:
            self._remember(event)
        return sorted(events, key=lambda event: event.start.utc)

    def _unchanged(self, master: Event, after: datetime, before: datetime) -> Iterator[Event]:
        """Yield a series' unchanged occurrences in a window."""
        if master.rule is None:
            return
        for start in master.rule.starts(master.start.local, master.start.zone):
            moment = Moment(start, master.start.zone)
            if moment.utc >= before + DAY:
                return
            # Skip occurrences far before the window; a day of margin covers changes of daylight saving time and the
            # zones in which days float.
            if (master.id, start) not in self.exceptions and moment.utc + master.length + DAY > after:
                occurrence = master.occurrence(moment)
                if self._overlaps(occurrence, after, before):
                    yield occurrence

    def _remember(self, event: Event) -> None:
        """Store the series of an occurrence's ids."""
        if event.master is not None and event.original_start is not None:
            for event_id in event.ids:
                self._starts[event_id] = (event.master.id, event.original_start)

    def _overlaps(self, event: Event, after: datetime, before: datetime) -> bool:
        """Return whether an event overlaps the window; one of zero length if it starts in it."""
        start, end = event.span(self.zone)
        return start < before and (end > after or start == end >= after)
