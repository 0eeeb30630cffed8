"""Graph's calendars in memory: single events and daily series, soft deletions, and events that are not readable yet.

"event resource type", "List instances", "List calendarView", "Get event". The etag of a series is that of each of its
occurrences: a change of one changes all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.errors import GraphError, GraphNotFound, GraphRejected
from tests.simulation.calendar import FORM, Calendars

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
State = Literal["live", "soft", "gone"]


@dataclass
class Item:
    """An event of a calendar. `days`: the number of occurrences, one a day; 0 for a single event.

    `moved`: by the number of an occurrence, how far it was moved; `dropped`: occurrences that were deleted. `state`:
    live, soft (deleted: GET by its immutable id still works) or gone. `readable_at`: until then a GET answers 404.
    """

    id: str
    mailbox: str
    title: str
    start: datetime
    availability: str = "busy"
    length: timedelta = HOUR
    is_private: bool = False
    is_cancelled: bool = False
    days: int = 0
    moved: dict[int, timedelta] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    state: State = "live"
    version: int = 1
    writes: int = 0  # also deletions, which have no etag
    modified: datetime | None = None
    readable_at: datetime | None = None


class EventCalendars(Calendars):
    """The items of all mailboxes, by id, in the order of their creation.

    `read` is called with each event id that a GET was made for, and its etag ("": 404). `answered` runs at every call.
    `refusing`: the error of each call for a mailbox.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.items: dict[str, Item] = {}
        self.refusing: dict[str, GraphError] = {}
        self.read: Callable[[str, str], None] = lambda *_: None
        self.answered: Callable[[], None] = lambda: None

    def get(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Read an event."""
        self._called("GET", mailbox)
        event = self._find(mailbox, event_id)
        self.read(event_id, str(event["@odata.etag"]) if event else "")
        if event is None:
            raise GraphNotFound(404, "ErrorItemNotFound")
        return event

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the calendar view."""
        self._called("VIEW", mailbox)
        for item in self.of(mailbox):
            if item.state == "live":
                yield from (_event(item, number) for number in _overlapping(item, start, end))

    def instances(self, mailbox: str, master_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the occurrences of a series; 400 for a single event."""
        self._called("INSTANCES", mailbox)
        item = self.items.get(master_id)
        if item is None or item.mailbox != mailbox or item.state == "gone":
            raise GraphNotFound(404, "ErrorItemNotFound")
        if not item.days:
            raise GraphRejected(400, "ErrorInvalidRequest")
        yield from (_event(item, number) for number in _overlapping(item, start, end))

    def of(self, mailbox: str) -> list[Item]:
        """Return the items of a mailbox."""
        return [item for item in self.items.values() if item.mailbox == mailbox]

    def expected(self, mailbox: str) -> dict[str, dict[str, Any]]:
        """Return what the partner has to know of a mailbox, by event id: the contract, and no code of the product."""
        return {
            str(public["id"]): public
            for item in self.of(mailbox)
            if item.state == "live"
            for public in (_public(item, number) for number in _numbers(item))
        }

    def changed(self, item: Item) -> None:
        """Write an item: it has another etag."""
        item.version += 1
        item.writes += 1
        item.modified = self._now()

    def deleted(self, item: Item, state: State) -> None:
        """Delete an item."""
        item.state = state
        item.writes += 1

    def _find(self, mailbox: str, event_id: str) -> dict[str, Any] | None:
        name, _, number = event_id.partition(".")
        item = self.items.get(name)
        if item is None or item.mailbox != mailbox or item.state == "gone":
            return None
        if item.readable_at is not None and self._now() < item.readable_at:
            return None
        if not number:
            return _event(item, None) if item.days else _event(item, 0)
        is_there = bool(item.days) and int(number) in _numbers(item)
        return _event(item, int(number)) if is_there else None

    def _called(self, verb: str, mailbox: str) -> None:
        self.answered()
        if mailbox in self.refusing:
            raise self.refusing[mailbox]
        super()._called(verb, mailbox)


def _numbers(item: Item) -> list[int]:
    return [number for number in range(max(1, item.days)) if number not in item.dropped or not item.days]


def _start(item: Item, number: int) -> datetime:
    return item.start + number * DAY + (item.moved.get(number, timedelta()) if item.days else timedelta())


def _overlapping(item: Item, start: datetime, end: datetime) -> list[int]:
    return [each for each in _numbers(item) if _start(item, each) < end and _start(item, each) + item.length > start]


def _event(item: Item, number: int | None) -> dict[str, Any]:
    """Return the event as Graph does: the series for None, else an occurrence, or the single event."""
    start = item.start if number is None else _start(item, number)
    kind = "seriesMaster" if number is None else "singleInstance" if not item.days else "occurrence"
    is_exception = kind == "occurrence" and number in item.moved
    return {
        "id": item.id if kind != "occurrence" else f"{item.id}.{number}", "@odata.etag": f'W/"{item.version}"',
        "subject": item.title, "showAs": item.availability, "isAllDay": False, "isCancelled": item.is_cancelled,
        "sensitivity": "private" if item.is_private else "normal", "type": "exception" if is_exception else kind,
        "start": {"dateTime": f"{start:{FORM}}", "timeZone": "UTC"},
        "end": {"dateTime": f"{start + item.length:{FORM}}", "timeZone": "UTC"},
        "seriesMasterId": item.id if kind == "occurrence" else None,
        "lastModifiedDateTime": f"{item.modified or item.start:{FORM}}Z",
    }  # fmt: skip


def _public(item: Item, number: int) -> dict[str, Any]:
    start = _start(item, number)
    return {
        "id": f"{item.id}.{number}" if item.days else item.id,
        "seriesId": item.id if item.days else None,
        "title": "Private" if item.is_private else item.title,
        "start": f"{start:{FORM}}Z", "end": f"{start + item.length:{FORM}}Z",
        "startDate": None, "endDate": None, "allDay": False, "availability": item.availability,
        "cancelled": item.is_cancelled,
    }  # fmt: skip
