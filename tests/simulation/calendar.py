"""Graph's calendars in memory: single meetings. Graph sends a notification for every change."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from shared.errors import GraphError, GraphForbidden, GraphNotFound
from shared.graph.events import Events

FORM = "%Y-%m-%dT%H:%M:%S"


class Calendars(Events):
    """Meetings by mailbox and id. `before` runs at every call; `viewed` is when a calendar view was last listed.

    `forbidden` are mailboxes out of scope, `missing` addresses without a mailbox; `refuse_all` is the error of every
    call. A GET does not find a meeting for the time `unreadable` after its creation.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.meetings: dict[str, dict[str, dict[str, Any]]] = {}
        self.forbidden: set[str] = set()
        self.missing: set[str] = set()
        self.refuse_all: GraphError | None = None
        self.unreadable = timedelta()
        self._created: dict[str, datetime] = {}
        self.viewed: dict[str, datetime] = {}
        self.calls: Counter[str] = Counter()
        self.before: Callable[[str], None] = lambda _: None
        self._numbers = itertools.count(1)

    def put(self, mailbox: str, start: datetime, event_id: str = "") -> str:
        """Create or move a meeting of one hour, and return its id."""
        event_id = event_id or f"E{next(self._numbers)}"
        self._created.setdefault(event_id, self._now())
        times = {name: {"dateTime": f"{moment:{FORM}}", "timeZone": "UTC"}
                 for name, moment in (("start", start), ("end", start + timedelta(hours=1)))}  # fmt: skip
        self.meetings.setdefault(mailbox, {})[event_id] = {
            "id": event_id, "@odata.etag": f'W/"{next(self._numbers)}"', "subject": "Ola Nordmann", "showAs": "busy",
            "type": "singleInstance", "sensitivity": "normal", **times,
            "lastModifiedDateTime": f"{self._now():{FORM}}Z",
        }  # fmt: skip
        return event_id

    def take(self, mailbox: str, event_id: str) -> None:
        """Delete a meeting."""
        del self.meetings[mailbox][event_id]

    def get(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Read a meeting."""
        self._called("GET", mailbox)
        event = self.meetings.get(mailbox, {}).get(event_id)
        created = self._created.get(event_id)
        if event is None or (created is not None and self._now() - created < self.unreadable):
            raise GraphNotFound(404, "ErrorItemNotFound")
        return event

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the calendar view."""
        self._called("VIEW", mailbox)
        self.viewed[mailbox] = self._now()
        yield from self.shown(mailbox, start, end)

    def shown(self, mailbox: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return the events in a window."""
        first, last = f"{start:{FORM}}", f"{end:{FORM}}"
        events = self.meetings.get(mailbox, {}).values()
        return [event for event in events if event["start"]["dateTime"] < last and event["end"]["dateTime"] > first]

    def instances(self, *_: Any) -> Iterator[dict[str, Any]]:
        """Return no occurrences: there are no series."""
        return iter(())

    def owner(self, mailbox: str) -> str:
        """Return the address of a calendar's owner: it has not changed."""
        self._called("GET", mailbox)
        return mailbox

    def _called(self, verb: str, mailbox: str) -> None:
        self.before(verb)
        self.calls[verb] += 1
        if self.refuse_all is not None:
            raise self.refuse_all
        if mailbox in self.missing:
            raise GraphNotFound(404, "ErrorInvalidUser")
        if mailbox in self.forbidden:
            raise GraphForbidden(403, "ErrorAccessDenied")
