"""A mailbox's calendars and their events, read and written. ("calendar resource type", "event resource type")"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from shared.errors import GraphRejected
from shared.graph.answers import items_of
from shared.graph.client import LIST_PAGES, LIST_SECONDS, GraphClient
from shared.graph.events import PREFER, SELECT
from shared.graph.titles.title_filter import TitleFilter
from shared.http.path_segments import segment
from shared.utc import format_utc

CALENDAR_SELECT = "id,name,hexColor,color,isDefaultCalendar,canEdit,owner"
OWNER_SELECT = "id,isDefaultCalendar,owner"
PAGE_PARAMETERS = ("$skip", "$skiptoken")  # the parameters of a nextLink that select the page
A_DAY = timedelta(days=1)  # more than any zone's offset from UTC


class Calendars:
    """Reads and writes calendars; needs Calendars.ReadWrite. Every method raises GraphError."""

    def __init__(self, graph: GraphClient, titles: TitleFilter = TitleFilter()) -> None:  # noqa: B008  (it is frozen)
        self._graph = graph
        self._titles = titles

    def all(self, mailbox: str) -> list[dict[str, Any]]:
        """Return the calendars of a mailbox ("List calendars")."""
        params = {"$select": CALENDAR_SELECT, "$top": "100"}
        path = f"{_user(mailbox)}/calendars"
        return list(self._graph.pages(path, params, most=LIST_PAGES, seconds=LIST_SECONDS))

    def get_calendar(self, mailbox: str, calendar: str) -> dict[str, Any]:
        """Return whose calendar it is ("Get calendar"); an empty id is the default calendar."""
        path = f"{_user(mailbox)}/calendar" if not calendar else _calendar(mailbox, calendar)
        return self._graph.call("GET", path, params={"$select": OWNER_SELECT})

    def of_event(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return whose calendar an event is in ("event resource type": calendar)."""
        return self._graph.call("GET", f"{_event(mailbox, event_id)}/calendar", params={"$select": OWNER_SELECT})

    def create(self, mailbox: str, name: str) -> dict[str, Any]:
        """Create a calendar ("Create calendar")."""
        return self._graph.call("POST", f"{_user(mailbox)}/calendars", body={"name": name})

    def view(
        self, mailbox: str, calendar: str, between: tuple[datetime, datetime], size: int, page: Mapping[str, str],
        details: Collection[str],
    ) -> tuple[list[dict[str, Any]], dict[str, str]]:  # fmt: skip
        """Return a page of a calendar view, series as occurrences, and how to get the next page ("List calendarView").

        These are the paging parameters of the nextLink. The link itself is not used, because callers send it back and
        could forge it.
        """
        start, end = between
        params = {
            "startDateTime": format_utc(start), "endDateTime": format_utc(end), "$select": _select(details),
            "$top": str(size), "$orderby": "start/dateTime", **page,
        }  # fmt: skip
        path = f"{_calendar(mailbox, calendar)}/calendarView"

        def call(more: dict[str, str]) -> dict[str, Any]:
            return self._graph.call("GET", path, params=params | more, prefer=PREFER)

        response = self._titles.read(mailbox, call)
        link = response.get("@odata.nextLink")
        given = {name.lower(): value for name, value in parse_qsl(urlsplit(str(link)).query)}
        next_page = {name: value for name, value in given.items() if name in PAGE_PARAMETERS}
        if link and not next_page:
            raise GraphRejected(200, "ForeignNextLink")
        if next_page and next_page == page:
            raise GraphRejected(200, "RepeatedNextLink")
        return items_of(response), next_page

    def get(self, mailbox: str, event_id: str, details: Collection[str]) -> dict[str, Any]:
        """Return an event ("Get event")."""
        return self._titles.read(mailbox, self._reading(mailbox, event_id, details))

    def _reading(
        self, mailbox: str, event_id: str, details: Collection[str] = ()
    ) -> Callable[[dict[str, str]], dict[str, Any]]:
        """Return what reads an event with further query parameters."""
        path, params = _event(mailbox, event_id), {"$select": _select(details)}
        return lambda more: self._graph.call("GET", path, params=params | more, prefer=PREFER)

    def find_by_transaction(self, mailbox: str, calendar: str, transaction_id: str, near: datetime) -> str | None:
        """Return the id of the event or series that has a transactionId and begins within a day of `near`."""
        after, before = format_utc(near - A_DAY), format_utc(near + A_DAY)
        params = {
            "$filter": f"start/dateTime ge '{after}' and start/dateTime le '{before}'", "$select": "id,transactionId",
            "$top": "100",
        }  # fmt: skip
        path = f"{_calendar(mailbox, calendar)}/events"
        for event in self._graph.pages(path, params, PREFER, most=LIST_PAGES, seconds=LIST_SECONDS):
            if event.get("transactionId") == transaction_id:
                return str(event.get("id"))
        return None

    def create_event(self, mailbox: str, calendar: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Create an event ("Create event"). A repeated transactionId creates no second event."""
        return self._graph.call("POST", f"{_calendar(mailbox, calendar)}/events", body=event, prefer=PREFER)

    def change_event(self, mailbox: str, event_id: str, changes: Mapping[str, Any], etag: str | None) -> dict[str, Any]:
        """Change an event, if it still has the etag ("Update event"). Exchange notifies its attendees.

        The answer has the title that the caller gives it, or the one that a reading shows.
        """
        path = _event(mailbox, event_id)
        answer = self._graph.call("PATCH", path, body=changes, prefer=PREFER, if_match=etag)
        return (
            answer if "subject" in changes else self._titles.written(mailbox, answer, self._reading(mailbox, event_id))
        )

    def delete_event(self, mailbox: str, event_id: str, etag: str | None) -> None:
        """Delete an event, if it still has the etag ("Delete event"). This cancels a meeting."""
        self._graph.call("DELETE", _event(mailbox, event_id), if_match=etag)

    def cancel_event(self, mailbox: str, event_id: str, comment: str) -> None:
        """Cancel a meeting as its organizer, with a comment for its attendees, in plain text ("event: cancel").

        Exchange puts the comment into the HTML of its mail. For an empty one it sends no mail at all, whereas without
        one it sends its own text (microsoft-graph-docs-contrib issue 8952).
        """
        body = {"Comment": escape(comment, quote=False)} if comment.strip() else {}
        self._graph.call("POST", f"{_event(mailbox, event_id)}/cancel", body=body)


def _select(details: Collection[str]) -> str:
    """Return the value of $select, with the properties in `details`, which have Graph's names."""
    return ",".join((SELECT, *sorted(details)))


def _user(mailbox: str) -> str:
    return f"/users/{quote(mailbox, safe='@')}"


def _calendar(mailbox: str, calendar: str) -> str:
    return f"{_user(mailbox)}/calendars/{segment(calendar)}" if calendar else _user(mailbox)


def _event(mailbox: str, event_id: str) -> str:
    return f"{_user(mailbox)}/events/{segment(event_id)}"
