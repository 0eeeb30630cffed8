"""The events of slot bookings: created once, moved, deleted. ("Create event", "Update event", "Delete event")"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from shared.errors import GraphUnavailable
from shared.graph.client import LIST_PAGES, LIST_SECONDS, GraphClient
from shared.graph.events import PREFER, SELECT
from shared.http.path_segments import segment
from shared.utc import format_utc

_SELECT = f"{SELECT},transactionId,createdDateTime,lastModifiedDateTime"
_MARGIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class EventDraft:
    """A new event without its times. The customer is invited if `invited` is their address."""

    title: str
    note: str
    customer: str = ""
    invited: str = ""


class BookedEvents:
    """Writes and reads a mailbox's events; needs Calendars.ReadWrite. Every method raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def create(
        self, mailbox: str, draft: EventDraft, start: datetime, end: datetime, transaction: str
    ) -> dict[str, Any]:
        """Return the new event, or that of an earlier call with this transactionId ("event resource type")."""
        body: dict[str, Any] = {
            "subject": draft.title,
            "body": {"contentType": "text", "content": draft.note},
            "showAs": "busy",
            "transactionId": transaction,
            **_times(start, end),
        }
        if draft.invited:
            address = {"address": draft.invited, "name": draft.customer}
            body["attendees"] = [{"type": "required", "emailAddress": address}]
        return _identified(self._graph.call("POST", f"{_user_path(mailbox)}/events", body=body, prefer=PREFER))

    def move(
        self, mailbox: str, event_id: str, start: datetime, end: datetime, *, all_day: bool = False
    ) -> dict[str, Any]:
        """Move an event and return it. Exchange notifies the attendees.

        isAllDay is always sent: Graph refuses other times than midnights for an event that has become an all-day event.
        """
        path, body = _event_path(mailbox, event_id), {"isAllDay": all_day, **_times(start, end)}
        return _identified(self._graph.call("PATCH", path, body=body, prefer=PREFER))

    def remove(self, mailbox: str, event_id: str) -> None:
        """Delete an event. Exchange sends the attendees a cancellation."""
        self._graph.call("DELETE", _event_path(mailbox, event_id), prefer=PREFER)

    def get(self, mailbox: str, event_id: str, details: Collection[str] = ()) -> dict[str, Any]:
        """Return an event with the properties in `details`, which have Graph's names."""
        params = {"$select": ",".join((_SELECT, *sorted(details)))}
        return _identified(self._graph.call("GET", _event_path(mailbox, event_id), params=params, prefer=PREFER))

    def overlapping(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the events that overlap or touch a time, series as occurrences ("List calendarView")."""
        window = {"startDateTime": format_utc(start - _MARGIN), "endDateTime": format_utc(end + _MARGIN)}
        params = {**window, "$select": _SELECT, "$top": "100"}
        path = f"{_user_path(mailbox)}/calendarView"
        pages = self._graph.pages(path, params, prefer=PREFER, most=LIST_PAGES, seconds=LIST_SECONDS)
        return map(_identified, pages)


def _identified(event: Any) -> dict[str, Any]:
    """Return the event. Raises GraphUnavailable if it has no id, so that the call is repeated."""
    if isinstance(event, dict) and isinstance(event.get("id"), str) and event["id"]:
        return event
    raise GraphUnavailable(200, "Unreadable")


def _user_path(mailbox: str) -> str:
    return f"/users/{quote(mailbox, safe='@')}"


def _event_path(mailbox: str, event_id: str) -> str:
    return f"{_user_path(mailbox)}/events/{segment(event_id)}"


def _times(start: datetime, end: datetime) -> dict[str, Any]:
    return {
        name: {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", end))
    }
