"""Read and write calendars for callers: ask what is permitted, call Graph, return only allowed fields."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared import problems
from shared.api.fields import checked_address, invalid
from shared.api.graph_errors import NO_ITEM, rejection_of
from shared.calendars.requests import EventChange, EventQuery, NewEvent, graph_event
from shared.caller_keys import Derive, as_before
from shared.errors import GraphError, GraphNotFound, RequestRejected
from shared.partner.payload import UnreadableEvent, detailed_event, etag_of

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.calendars import Calendars
    from shared.policy.permission import Permission, Verb
    from shared.threads import MailboxLimits

DUPLICATE_TRANSACTION = "ErrorDuplicateTransactionId"
_HEADER = re.compile(r"[!-~]{1,255}")  # visible ASCII characters


@dataclass(frozen=True)
class CalendarService:
    """Reads and writes the calendars of allowed mailboxes. All methods raise RequestRejected."""

    settings: Settings
    permission: Permission
    calendars: Calendars
    limits: MailboxLimits
    identifiers: Derive = as_before

    def list_calendars(self, mailbox: str) -> list[dict[str, Any]]:
        """Return the calendars of a mailbox."""
        with self._allowed(mailbox, "read") as address:
            return [_calendar(calendar) for calendar in self.calendars.all(address)]

    def create_calendar(self, mailbox: str, name: str) -> dict[str, Any]:
        """Create a calendar and return it."""
        with self._allowed(mailbox, "write") as address:
            return _calendar(self.calendars.create(address, name))

    def view(self, mailbox: str, calendar: str, query: EventQuery) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Return a page of a calendar view, and the paging parameters of the next page ({} after the last)."""
        details = self.settings.details
        with self._allowed(mailbox, "read") as address:
            events, next_page = self.calendars.view(address, calendar, query.between, query.size, query.page, details)
            return [_event(event, details) for event in events], next_page

    def read_event(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return an event."""
        details = self.settings.details
        with self._allowed(mailbox, "read") as address:
            return _event(self.calendars.get(address, event_id, details), details)

    def create_event(
        self, mailbox: str, calendar: str, request: NewEvent, key: str | None, caller: str = ""
    ) -> dict[str, Any]:
        """Create an event and return it. If the caller repeats a call with its key, return the event that exists."""
        draft, details = graph_event(request), self.settings.details
        with self._allowed(mailbox, "write") as address:
            if key is None:
                return _event_with_link(self.calendars.create_event(address, calendar, draft), request, details)
            event = self._created_once(address, calendar, draft, key, caller)
            return _event_with_link(event, request, details)

    def change_event(self, mailbox: str, event_id: str, request: EventChange, etag: str | None) -> dict[str, Any]:
        """Change an event and return it; with an etag, only if the event still has it."""
        changes, etag = graph_event(request), _checked_header("If-Match", etag)
        with self._allowed(mailbox, "write") as address:
            event = self.calendars.change_event(address, event_id, changes, etag)
            return _event_with_link(event, request, self.settings.details)

    def delete_event(self, mailbox: str, event_id: str, etag: str | None) -> None:
        """Delete an event; with an etag, only if the event still has it. An event that does not exist is no error."""
        etag = _checked_header("If-Match", etag)
        with self._allowed(mailbox, "write") as address:
            try:
                self.calendars.delete_event(address, event_id, etag)
            except GraphNotFound as error:
                if error.code not in NO_ITEM:
                    raise

    def cancel_event(self, mailbox: str, event_id: str, comment: str) -> None:
        """Cancel a meeting and send its attendees a comment."""
        with self._allowed(mailbox, "write") as address:
            self.calendars.cancel_event(address, event_id, comment)

    @contextmanager
    def _allowed(self, mailbox: str, verb: Verb) -> Iterator[str]:
        """Yield the mailbox's address if `verb` is permitted, and translate Graph's errors to RequestRejected.

        Raises ServiceUnavailable while as many calls of the mailbox run as Graph allows: calls that wait for a slow
        mailbox would hold all threads of the process.
        """
        address = checked_address("mailbox", mailbox)
        self.permission.require(address, verb)
        try:
            with self.limits.of(address):
                yield address
        except GraphError as error:
            raise rejection_of(error) from error
        except UnreadableEvent as error:
            text = f"Graph returned an incomplete event: {error}."
            raise RequestRejected(problems.GRAPH_RESPONSE_INVALID, text) from error

    def _created_once(
        self, mailbox: str, calendar: str, draft: dict[str, Any], key: str, caller: str
    ) -> dict[str, Any]:
        """Return the event of a caller's key, created now if it does not exist. Earlier versions gave it another
        transactionId, by which Graph does not recognize it: it is looked for.
        """
        former = _transaction_id(mailbox, calendar, key)
        derived = self.identifiers("calendars", caller, mailbox, calendar, key)
        if derived is not None and (event := self._event_of(mailbox, calendar, former, draft)) is not None:
            return event
        transaction_id = former if derived is None else str(uuid.UUID(derived))
        try:
            return self.calendars.create_event(mailbox, calendar, draft | {"transactionId": transaction_id})
        except GraphError as error:
            if error.code != DUPLICATE_TRANSACTION:
                raise
            return self._existing(mailbox, calendar, transaction_id, draft)

    def _event_of(
        self, mailbox: str, calendar: str, transaction_id: str, draft: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return the event with a transactionId that begins within a day of a draft; None if there is none."""
        start = datetime.fromisoformat(draft["start"]["dateTime"]).replace(tzinfo=UTC)
        event_id = self.calendars.find_by_transaction(mailbox, calendar, transaction_id, start)
        return self.calendars.get(mailbox, event_id, {*self.settings.details, "onlineMeeting"}) if event_id else None

    def _existing(self, mailbox: str, calendar: str, transaction_id: str, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Return the event that an earlier call with this key created. Raises RequestRejected if it was another."""
        event = self._event_of(mailbox, calendar, transaction_id, draft)
        if event is None:
            raise invalid("Idempotency-Key: already used for another event. Use a new key for a new event")
        return event


def _transaction_id(mailbox: str, calendar: str, key: str) -> str:
    """Return the transactionId that earlier versions gave to a key: specific to this mailbox and calendar."""
    _checked_header("Idempotency-Key", key)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((mailbox, calendar, key))))


def _checked_header(name: str, text: str | None) -> str | None:
    if text is not None and not _HEADER.fullmatch(text):
        raise invalid(f"{name}: 1 to 255 visible ASCII characters")
    return text


def _calendar(calendar: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(calendar.get("id") or ""),
        "name": str(calendar.get("name") or ""),
        "color": str(calendar.get("color") or "auto"),
        "hexColor": calendar.get("hexColor") or None,
        "default": calendar.get("isDefaultCalendar") is True,
        "canEdit": calendar.get("canEdit") is True,
    }


def _event(event: dict[str, Any], details: frozenset[str]) -> dict[str, Any]:
    """Return the public event, the details that EVENT_DETAIL allows, and the etag for If-Match."""
    return detailed_event(event, details) | {"etag": etag_of(event)}


def _event_with_link(event: dict[str, Any], request: EventChange, details: frozenset[str]) -> dict[str, Any]:
    """Return an event; if the request made it a Teams meeting, with the link to join.

    Read calls never return the link: anyone who has it can join.
    """
    online = event.get("onlineMeeting")
    link = online.get("joinUrl") if isinstance(online, dict) else None
    meeting = {"joinUrl": link if isinstance(link, str) else None} if request.teams_meeting else {}
    return _event(event, details) | meeting
