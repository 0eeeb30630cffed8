"""Writes and reads events with the relay's mark. ("Create event", "Update event", "Delete event", "Get
singleValueLegacyExtendedProperty")

The mark is found on /users/{id}/events alone; a calendar view only expands it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from shared.errors import GraphUnavailable
from shared.graph.client import LIST_PAGES, LIST_SECONDS, GraphClient
from shared.graph.events import PREFER
from shared.http.path_segments import segment
from shared.utc import format_utc

PROPERTY = "String {7c4a3c1e-5a0e-4f5e-9d0b-3f6f2f1b8a44} Name CalendarRelayBooking"
EXPAND = f"singleValueExtendedProperties($filter=id eq '{PROPERTY}')"
SELECT = (
    "id,subject,start,end,isAllDay,showAs,sensitivity,isCancelled,type,seriesMasterId,originalStart,"
    "originalStartTimeZone,attendees,isOrganizer,transactionId,createdDateTime,lastModifiedDateTime,categories"
)
_MARGIN = timedelta(seconds=1)
_READ = {"$select": SELECT, "$expand": EXPAND}


class Holds(Protocol):
    """The mailboxes that Graph has asked not to call for a while (shared.reliability.mailbox_holds)."""

    def note(self, mailbox: str, error: Exception, now: datetime) -> None:
        """Hold a mailbox for the Retry-After of an error."""

    def check(self, mailbox: str, now: datetime) -> None:
        """Raise GraphUnavailable while a mailbox is held."""


class MarkedEvents:
    """Needs Calendars.ReadWrite. `mailbox`: an address or an object id. Every method raises GraphError."""

    def __init__(self, graph: GraphClient, holds: Holds, now: Callable[[], datetime]) -> None:
        self._graph = graph
        self._holds = holds
        self._now = now

    def get(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return an event with its mark."""
        return _identified(self._call(mailbox, "GET", _event_path(mailbox, event_id), params=_READ))

    def find(self, mailbox: str, mark: str) -> list[dict[str, Any]]:
        """Return the events with a mark. The answer to the filter has no mark, so that each is read by its id."""
        value = mark.replace("'", "''")
        rule = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{value}')"
        found = self._pages(mailbox, "events", {"$select": "id", "$filter": rule})
        return [self.get(mailbox, str(each["id"])) for each in found]

    def view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the events that overlap or touch a time, series as occurrences, with their marks ("List calendarView").

        Unlike "Get event" it does not return what lies in Deleted Items.
        """
        times = {"startDateTime": format_utc(start - _MARGIN), "endDateTime": format_utc(end + _MARGIN)}
        return self._pages(mailbox, "calendarView", {**times, **_READ, "$top": "100"})

    def dates(self, mailbox: str, series_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the occurrences and exceptions of a series that overlap a time ("List instances")."""
        times = {"startDateTime": format_utc(start), "endDateTime": format_utc(end)}
        return self._pages(mailbox, f"events/{segment(series_id)}/instances", {**times, **_READ, "$top": "100"})

    def create(self, mailbox: str, body: Mapping[str, Any], mark: str, transaction: str) -> dict[str, Any]:
        """Return the new event, or that of an earlier call with this transactionId ("event resource type")."""
        marked = {"singleValueExtendedProperties": [{"id": PROPERTY, "value": mark}], "transactionId": transaction}
        path = f"{_user_path(mailbox)}/events"
        return _identified(self._call(mailbox, "POST", path, body={**body, **marked}))

    def change(self, mailbox: str, event_id: str, body: Mapping[str, Any], etag: str) -> dict[str, Any]:
        """Change an event of a version and return it; GraphRejected 412 if it has another version by now."""
        path = _event_path(mailbox, event_id)
        return _identified(self._call(mailbox, "PATCH", path, body=body, if_match=etag))

    def remove(self, mailbox: str, event_id: str) -> None:
        """Delete an event."""
        self._call(mailbox, "DELETE", _event_path(mailbox, event_id))

    def _call(self, mailbox: str, method: str, path: str, **more: Any) -> Any:
        """Call Graph, unless it asked to leave the mailbox alone: then GraphUnavailable says for how long."""
        self._holds.check(mailbox, self._now())
        try:
            return self._graph.call(method, path, prefer=PREFER, **more)
        except GraphUnavailable as error:
            self._holds.note(mailbox, error, self._now())
            raise

    def _pages(self, mailbox: str, name: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
        self._holds.check(mailbox, self._now())
        path = f"{_user_path(mailbox)}/{name}"
        try:
            pages = self._graph.pages(path, params, prefer=PREFER, most=LIST_PAGES, seconds=LIST_SECONDS)
            yield from map(_identified, pages)
        except GraphUnavailable as error:
            self._holds.note(mailbox, error, self._now())
            raise


def mark_in(event: Mapping[str, Any]) -> str:
    """Return the mark of an event that was read with EXPAND, "" if it has none."""
    for each in event.get("singleValueExtendedProperties") or ():
        if isinstance(each, dict) and str(each.get("id", "")).lower() == PROPERTY.lower():
            return str(each.get("value") or "")
    return ""


def _identified(event: Any) -> dict[str, Any]:
    """Return the event. Raises GraphUnavailable if it has no id, so that the call is repeated."""
    if isinstance(event, dict) and isinstance(event.get("id"), str) and event["id"]:
        return event
    raise GraphUnavailable(200, "Unreadable")


def _user_path(mailbox: str) -> str:
    return f"/users/{quote(mailbox, safe='@')}"


def _event_path(mailbox: str, event_id: str) -> str:
    return f"{_user_path(mailbox)}/events/{segment(event_id)}"
