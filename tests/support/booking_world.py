"""A world with calendars that can be booked: Graph's answers, its faults and its delays, and the table of slots."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.errors import GraphNotFound
from shared.graph.booked_events import Appointment
from shared.graph.time_zones import zone_named
from shared.scheduling.requests import BookingWish
from shared.scheduling.slot_rules import Span
from shared.storage.slot_bookings import Booking, SlotBookings
from tests.support.table import FakeTable
from tests.support.world import World

AGENT = "agent1@contoso.com"
OFFICE = {"daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "startTime": "08:00:00.0000000",
          "endTime": "16:00:00.0000000", "timeZone": {"name": "W. Europe Standard Time"}}  # fmt: skip


def told(moment: datetime) -> dict[str, str]:
    """Return a dateTimeTimeZone as Graph writes it."""
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


class FakeCalendars:
    """Graph's calendars, by mailbox and event id; `before` and `after` run around every call, with its name."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.events: dict[str, dict[str, dict[str, Any]]] = {}
        self.hours: dict[str, Any] | None = OFFICE
        self.errors: dict[str, str] = {}
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self.unseen: set[str] = set()  # ids that reading does not show yet
        self.asked: list[Sequence[str]] = []
        self._now = now
        self._ids = itertools.count(1)
        self.lock = threading.RLock()

    def of(self, mailboxes: Sequence[str], start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Answer as getSchedule does."""
        self.asked.append(mailboxes)
        return self._call("schedule", lambda: [self._schedule(one, Span(start, end)) for one in mailboxes])

    def around(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List what touches a time."""
        margin = timedelta(seconds=1)
        return iter(self._call("view", lambda: self._seen(mailbox, Span(start - margin, end + margin))))

    def get(self, mailbox: str, event_id: str, _details: Sequence[str] = ()) -> dict[str, Any]:
        """Return an event."""
        return self._call("get", lambda: dict(self._one(mailbox, event_id)))

    def create(self, mailbox: str, what: Appointment, start: datetime, end: datetime, transaction: str) -> Any:
        """Make an event, or return the one that was made with this transactionId."""
        return self._call("create", lambda: self.put(mailbox, start, end, transaction, what.title))

    def move(self, mailbox: str, event_id: str, start: datetime, end: datetime) -> dict[str, Any]:
        """Give an event other times."""

        def act() -> dict[str, Any]:
            event = self._one(mailbox, event_id)
            event |= {"start": told(start), "end": told(end), "lastModifiedDateTime": self._stamp()}
            return dict(event)

        return self._call("move", act)

    def remove(self, mailbox: str, event_id: str) -> None:
        """Delete an event."""

        def act() -> None:
            self._one(mailbox, event_id)
            del self.events[mailbox][event_id]

        self._call("remove", act)

    def put(self, mailbox: str, start: datetime, end: datetime, transaction: str = "", title: str = "") -> Any:
        """Put an event into a calendar, as a person does without a transaction."""
        with self.lock:
            for one in self.events.setdefault(mailbox, {}).values():
                if transaction and one["transactionId"] == transaction:
                    return dict(one)
            number = next(self._ids)
            event = {
                "id": f"E{number}", "@odata.etag": f"{number}", "subject": title, "showAs": "busy",
                "type": "singleInstance", "sensitivity": "normal", "transactionId": transaction,
                "createdDateTime": self._stamp(), "lastModifiedDateTime": self._stamp(),
                "start": told(start), "end": told(end),
            }  # fmt: skip
            self.events[mailbox][event["id"]] = event
            return dict(event)

    def spans(self, mailbox: str = AGENT) -> list[Span]:
        """Return the times of a calendar's events, in their order."""
        return sorted(_span(one) for one in self.events.get(mailbox, {}).values())

    def _stamp(self) -> str:
        return f"{self._now():%Y-%m-%dT%H:%M:%S.%f}0Z"

    def _one(self, mailbox: str, event_id: str) -> dict[str, Any]:
        found = self.events.get(mailbox, {}).get(event_id)
        if found is None:
            raise GraphNotFound(404, "ErrorItemNotFound")
        return found

    def _seen(self, mailbox: str, window: Span) -> list[dict[str, Any]]:
        found = self.events.get(mailbox, {}).values()
        return [dict(one) for one in found if _span(one).overlaps(window) and one["id"] not in self.unseen]

    def _schedule(self, mailbox: str, window: Span) -> dict[str, Any]:
        if mailbox in self.errors:
            error = {"message": "no", "responseCode": self.errors[mailbox]}
            return {"scheduleId": mailbox, "error": error}
        items = [{"status": one["showAs"], "start": one["start"], "end": one["end"]}
                 for one in self._seen(mailbox, window)]  # fmt: skip
        return {"scheduleId": mailbox, "scheduleItems": items, "workingHours": self.hours}

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        self.before(name)
        with self.lock:
            found = act()
        self.after(name)
        return found


def _span(event: dict[str, Any]) -> Span:
    start, end = (datetime.fromisoformat(event[one]["dateTime"]).replace(tzinfo=UTC) for one in ("start", "end"))
    return Span(start, end)


class BookingWorld(World):
    """A world whose clock stands at 11 o'clock of a Friday in Berlin, whose agents work from 8 to 16."""

    def __init__(self, **settings: str) -> None:
        super().__init__(**settings)
        self.calendars = FakeCalendars(self.now)
        self.schedules = self.appointments = self.calendars
        self.slot_rows = FakeTable()
        self.slots = SlotBookings(lambda: self.slot_rows)  # type: ignore[arg-type, return-value]
        self._wishes = itertools.count(1)

    def slot(self, hour: int = 12, minute: int = 0, minutes: int = 30) -> Span:
        """Return a time of this day, in UTC."""
        start = self.time.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return Span(start, start + timedelta(minutes=minutes))

    def wish(self, slot: Span | None = None, mailbox: str = AGENT, number: int | None = None) -> BookingWish:
        """Return a wish; the same number is the same wish, and without one it cannot be sent again."""
        booking_id = f"{next(self._wishes) if number is None else number + 1_000_000:032x}"
        what, zone = Appointment("A talk", "Kari"), zone_named("UTC")
        return BookingWish(booking_id, mailbox, slot or self.slot(), what, zone, number is not None)

    def bookings(self, mailbox: str = AGENT) -> list[Booking]:
        """Return every booking's row that is not ended."""
        return [one for one in self.slots.since(mailbox, datetime(2000, 1, 1, tzinfo=UTC)) if one.state != "ended"]
