"""A world with calendars that can be booked: Graph's responses, faults and delays, and the table of slot bookings."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeVar

from shared.errors import GraphNotFound
from shared.graph.booked_events import BookedEvents, EventDraft
from shared.graph.schedules import Schedules
from shared.graph.time_zones import zone_named
from shared.scheduling.requests import NewBooking
from shared.scheduling.slot_rules import Span
from shared.storage.slot_bookings import Booking, SlotBookings
from tests.support.table import FakeTable
from tests.support.world import World

AGENT = "agent1@contoso.com"
T = TypeVar("T")
OFFICE = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00.0000000",
          "endTime": "16:00:00.0000000", "timeZone": {"name": "W. Europe Standard Time"}}  # fmt: skip


def graph_time(moment: datetime) -> dict[str, str]:
    """Return a dateTimeTimeZone as Graph writes it."""
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


class FakeCalendars(BookedEvents, Schedules):
    """Graph's calendars, by mailbox and event id.

    `before` and `after` run around every call, with its name. Reads show none of the events in `unseen`, nor any while
    `shown` is set: then they show what it returns.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.events: dict[str, dict[str, dict[str, Any]]] = {}
        self.hours: dict[str, Any] | None = OFFICE
        self.errors: dict[str, str] = {}
        self.busy_at: dict[str, list[dict[str, str]]] = {}  # the times of all-day events in schedules
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.unseen: set[str] = set()
        self.shown: Callable[[], list[dict[str, Any]]] | None = None
        self._now = now
        self._ids = itertools.count(1)
        self.lock = threading.RLock()

    def of(self, mailboxes: Sequence[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return schedules as getSchedule does."""
        return self._call("schedule", lambda: [self._schedule(mailbox, Span(start, end)) for mailbox in mailboxes])

    def overlapping(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the events that touch a time."""
        margin = timedelta(seconds=1)
        return iter(self._call("view", lambda: self._seen(mailbox, Span(start - margin, end + margin))))

    def get(self, mailbox: str, event_id: str, _details: Collection[str] = ()) -> dict[str, Any]:
        """Return an event."""
        return self._call("get", lambda: dict(self._event(mailbox, event_id)))

    def create(
        self, mailbox: str, draft: EventDraft, start: datetime, end: datetime, transaction: str
    ) -> dict[str, Any]:
        """Create an event, or return the one that was created with this transactionId."""
        return self._call("create", lambda: self.put(mailbox, start, end, transaction, draft.title))

    def move(
        self, mailbox: str, event_id: str, start: datetime, end: datetime, *, all_day: bool = False
    ) -> dict[str, Any]:
        """Move an event to other times."""

        def act() -> dict[str, Any]:
            event = self._event(mailbox, event_id)
            event |= {"start": graph_time(start), "end": graph_time(end), "lastModifiedDateTime": self._stamp()}
            event["isAllDay"] = all_day
            if not all_day:
                self.busy_at.pop(event_id, None)
            return dict(event)

        return self._call("move", act)

    def remove(self, mailbox: str, event_id: str) -> None:
        """Delete an event."""

        def act() -> None:
            self._event(mailbox, event_id)
            del self.events[mailbox][event_id]

        self._call("remove", act)

    def put(
        self, mailbox: str, start: datetime, end: datetime, transaction: str = "", title: str = ""
    ) -> dict[str, Any]:
        """Put an event into a calendar; without a transaction, as a person does."""
        with self.lock:
            for event in self.events.setdefault(mailbox, {}).values():
                if transaction and event["transactionId"] == transaction:
                    return dict(event)
            number = next(self._ids)
            event = {
                "id": f"E{number}", "@odata.etag": f"{number}", "subject": title, "showAs": "busy",
                "type": "singleInstance", "sensitivity": "normal", "transactionId": transaction,
                "createdDateTime": self._stamp(), "lastModifiedDateTime": self._stamp(),
                "start": graph_time(start), "end": graph_time(end),
            }  # fmt: skip
            self.events[mailbox][event["id"]] = event
            return dict(event)

    def put_day(self, mailbox: str, day: date, zone: tzinfo, **fields: Any) -> dict[str, Any]:
        """Put an all-day event into a calendar: a view has it at midnights without a zone, a schedule at its zone's."""
        midnights = [datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (day, day + timedelta(days=1))]
        event = self.put(mailbox, midnights[0], midnights[1])
        instants = [graph_time(midnight.replace(tzinfo=zone)) for midnight in midnights]
        with self.lock:
            self.busy_at[event["id"]] = instants
            self.events[mailbox][event["id"]] |= {"isAllDay": True, **fields}
        return event

    def spans(self, mailbox: str = AGENT) -> list[Span]:
        """Return the times of a calendar's events, in order."""
        return sorted(span_of_event(event) for event in self.events.get(mailbox, {}).values())

    def _stamp(self) -> str:
        return f"{self._now():%Y-%m-%dT%H:%M:%S.%f}0Z"

    def _event(self, mailbox: str, event_id: str) -> dict[str, Any]:
        event = self.events.get(mailbox, {}).get(event_id)
        if event is None:
            raise GraphNotFound(404, "ErrorItemNotFound")
        return event

    def _seen(self, mailbox: str, window: Span) -> list[dict[str, Any]]:
        if self.shown is not None:
            return self.shown()
        events = self.events.get(mailbox, {}).values()
        seen = (event for event in events if event["id"] not in self.unseen)
        return [dict(event) for event in seen if span_of_event(event).overlaps(window)]

    def _schedule(self, mailbox: str, window: Span) -> dict[str, Any]:
        if mailbox in self.errors:
            error = {"message": "no", "responseCode": self.errors[mailbox]}
            return {"scheduleId": mailbox, "error": error}
        around = Span(window.start - timedelta(days=1), window.end + timedelta(days=1))
        items = [{"status": event["showAs"], "start": start, "end": end} for event in self._seen(mailbox, around)
                 if event.get("isCancelled") is not True
                 for start, end in [self.busy_at.get(event["id"], (event["start"], event["end"]))]]  # fmt: skip
        return {"scheduleId": mailbox, "scheduleItems": items, "workingHours": self.hours}

    def _call(self, name: str, act: Callable[[], T]) -> T:
        self.before(name)
        with self.lock:
            response = act()
        self.after(name)
        return response


def span_of_event(event: dict[str, Any]) -> Span:
    """Return the time of an event."""
    start, end = (datetime.fromisoformat(event[name]["dateTime"]).replace(tzinfo=UTC) for name in ("start", "end"))
    return Span(start, end)


class BookingWorld(World):
    """A world where it is a Friday, 11 o'clock in Berlin, and agents work from 8 to 16."""

    def __init__(self, **settings: str) -> None:
        self.graph_calendars, self.slot_rows = FakeCalendars(self.now), FakeTable()
        self._ids = itertools.count(1)
        parts = {"schedules": self.graph_calendars, "booked_events": self.graph_calendars,
                 "slot_bookings": SlotBookings(lambda: self.slot_rows)}  # fmt: skip
        super().__init__(parts, **settings)

    def slot(self, hour: int = 12, minute: int = 0, minutes: int = 30) -> Span:
        """Return a time span of this day, in UTC."""
        start = self.time.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return Span(start, start + timedelta(minutes=minutes))

    def new_booking(self, slot: Span | None = None, mailbox: str = AGENT, number: int | None = None) -> NewBooking:
        """Return a booking to create: the same booking for the same number, and not repeatable without a number."""
        booking_id = f"{next(self._ids) if number is None else number + 1_000_000:032x}"
        draft, zone = EventDraft("A talk", "Kari"), zone_named("UTC")
        return NewBooking(booking_id, mailbox, slot or self.slot(), draft, zone, number is not None)

    def bookings(self, mailbox: str = AGENT) -> list[Booking]:
        """Return the rows of all bookings that have not ended."""
        return [
            row for row in self.slot_bookings.since(mailbox, datetime(2000, 1, 1, tzinfo=UTC)) if row.state != "ended"
        ]
