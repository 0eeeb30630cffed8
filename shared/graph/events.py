"""A mailbox's events, read with the few properties that the public payload needs. ("event resource type")"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared.errors import GraphError
from shared.graph.client import GraphClient
from shared.graph.subscriptions import IMMUTABLE_IDS
from shared.graph.titles.title_filter import TitleFilter
from shared.utc import format_utc

SELECT = "id,subject,start,end,isAllDay,showAs,sensitivity,isCancelled,type,seriesMasterId"
VIEW_SELECT = f"{SELECT},lastModifiedDateTime"  # tells for which changes a notification is missing
ITEM_NOT_FOUND = "ErrorItemNotFound"  # any other 404 is about the mailbox, not the event
VIEW_LAG = 180.0  # seconds until a calendar view, which may lag by two minutes, has what the calendar has now
PREFER = f'{IMMUTABLE_IDS}, outlook.timezone="UTC"'


def is_missing(error: GraphError) -> bool:
    """Return whether Graph says that the mailbox has no such event.

    A 404 with another code is about the mailbox: it may be moving, or have no licence; its events may stand.
    """
    return error.status == 404 and error.code == ITEM_NOT_FOUND


def graph_value(value: object, values: Collection[str]) -> str | None:
    """Return the one of Graph's values that a text is, without regard to case; None if it is none of them."""
    found = value.lower() if isinstance(value, str) else None
    return next((each for each in values if each.lower() == found), None)


def is_of_type(event: dict[str, Any], kind: str) -> bool:
    """Return whether an event has a type; one without a type is a single event ("event resource type": type)."""
    return graph_value(event.get("type") or "singleInstance", (kind,)) is not None


class Events:
    """Reads events; needs Calendars.Read. Every method raises GraphError."""

    def __init__(self, graph: GraphClient, titles: TitleFilter = TitleFilter()) -> None:  # noqa: B008  (it is frozen)
        self._graph = graph
        self._titles = titles

    def get(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return an event ("Get event")."""
        path = _path(mailbox, event_id)

        def call(more: dict[str, str]) -> dict[str, Any]:
            return self._graph.call("GET", path, params={"$select": SELECT, **more}, prefer=PREFER)

        return self._titles.read(mailbox, call)

    def instances(self, mailbox: str, master_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the occurrences and exceptions of a series between two moments ("List instances")."""
        path = _path(mailbox, master_id) + "/instances"
        return self._pages(mailbox, path, _between(start, end, SELECT))

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the events of the calendar between two moments, series as occurrences ("List calendarView").

        They also have `lastModifiedDateTime`.
        """
        path = f"/users/{quote(mailbox, safe='@')}/calendarView"
        return self._pages(mailbox, path, _between(start, end, VIEW_SELECT))

    def _pages(self, mailbox: str, path: str, parameters: dict[str, str]) -> Iterator[dict[str, Any]]:
        return self._titles.each(mailbox, lambda more: self._graph.pages(path, parameters | more, prefer=PREFER))

    def owner(self, mailbox: str) -> str:
        """Return the address of the default calendar's owner, the mailbox's own, in lower case ("Get calendar").

        "" if Graph returns none.
        """
        params = {"$select": "owner"}
        calendar = self._graph.call("GET", f"/users/{quote(mailbox, safe='@')}/calendar", params=params)
        owner = calendar.get("owner")
        address = owner.get("address") if isinstance(owner, dict) else None
        return address.lower() if isinstance(address, str) else ""


def _path(mailbox: str, event_id: str) -> str:
    return f"/users/{quote(mailbox, safe='@')}/events/{quote(event_id, safe='')}"


def _between(start: datetime, end: datetime, select: str) -> dict[str, str]:
    return {"startDateTime": format_utc(start), "endDateTime": format_utc(end), "$select": select, "$top": "100"}
