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
from shared.api.graph_errors import rejection_of
from shared.api.idempotency_keys import LONGEST_FORMER_KEY, check_key
from shared.calendars.first_calls import key_reused, shows_another
from shared.calendars.requests import EventChange, EventQuery, NewEvent, graph_event
from shared.caller_keys import Derive, as_before
from shared.errors import GraphError, GraphNotFound, RequestRejected
from shared.graph.events import is_missing
from shared.partner.payload import UnreadableEvent, detailed_event, etag_of

if TYPE_CHECKING:
    from shared.calendars.first_calls import FirstCalls
    from shared.calendars.owners import CalendarOwners
    from shared.calendars.write import EventWriter
    from shared.config import Settings
    from shared.graph.calendars import Calendars
    from shared.policy.permission import Permission, Verb
    from shared.threads import MailboxLimits

NOT_READABLE = "The event exists and cannot be read yet. Repeat the call with the same Idempotency-Key."
DUPLICATE_TRANSACTION = "ErrorDuplicateTransactionId"
_ETAG = re.compile(r"[!-~]{1,255}")  # visible ASCII characters


@dataclass(frozen=True)
class CalendarService:
    """Reads and writes the calendars of allowed mailboxes. All methods raise RequestRejected."""

    settings: Settings
    permission: Permission
    calendars: Calendars
    limits: MailboxLimits
    owners: CalendarOwners
    writer: EventWriter
    first_calls: FirstCalls
    identifiers: Derive = as_before

    def list_calendars(self, mailbox: str) -> list[dict[str, Any]]:
        """Return the calendars of a mailbox."""
        with self._allowed(mailbox, "read") as address:
            return [_calendar(calendar) for calendar in self.owners.usable(address, "read")]

    def create_calendar(self, mailbox: str, name: str) -> dict[str, Any]:
        """Create a calendar and return it."""
        with self._allowed(mailbox, "write") as address:
            return _calendar(self.calendars.create(address, name))

    def view(self, mailbox: str, calendar: str, query: EventQuery) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Return a page of a calendar view, and the paging parameters of the next page ({} after the last)."""
        details = self.settings.details
        with self._allowed(mailbox, "read") as address:
            self.owners.require(address, calendar, "read")
            events, next_page = self.calendars.view(address, calendar, query.between, query.size, query.page, details)
            return [_event(event, details) for event in events], next_page

    def read_event(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return an event."""
        details = self.settings.details
        with self._allowed(mailbox, "read") as address:
            self.owners.require_of_event(address, event_id, "read")
            return _event(self.calendars.get(address, event_id, details), details)

    def create_event(
        self, mailbox: str, calendar: str, request: NewEvent, key: str | None, caller: str = ""
    ) -> dict[str, Any]:
        """Create an event and return it. If the caller repeats a call with its key, return the event that exists."""
        draft = graph_event(request)
        with self._allowed(mailbox, "write") as address:
            self.writer.check_invitees(request)
            self.owners.require(address, calendar, "write")
            if key is None:
                event, is_own = self.calendars.create_event(address, calendar, draft), True
            else:
                check_key(key, LONGEST_FORMER_KEY)
                with self.first_calls.same(caller, (address, calendar), key, draft) as is_repeated:
                    event, is_own = self._created_once(address, calendar, draft, key, caller, is_repeated=is_repeated)
            return self.writer.answer(address, event, request, with_link=is_own)

    def change_event(self, mailbox: str, event_id: str, request: EventChange, etag: str | None) -> dict[str, Any]:
        """Change an event and return it; with an etag, only if the event still has it."""
        changes, etag = graph_event(request), _checked_etag(etag)
        with self._allowed(mailbox, "write") as address:
            self.owners.require_of_event(address, event_id, "write")
            return self.writer.change(address, event_id, request, changes, etag)

    def delete_event(self, mailbox: str, event_id: str, etag: str | None) -> None:
        """Delete an event; with an etag, only if the event still has it. An event that does not exist is no error."""
        etag = _checked_etag(etag)
        with self._allowed(mailbox, "write") as address:
            self.owners.require_of_event(address, event_id, "write")
            try:
                self.calendars.delete_event(address, event_id, etag)
            except GraphNotFound as error:
                if not is_missing(error):
                    raise

    def cancel_event(self, mailbox: str, event_id: str, comment: str) -> None:
        """Cancel a meeting and send its attendees a comment."""
        with self._allowed(mailbox, "write") as address:
            self.owners.require_of_event(address, event_id, "write")
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
        self, mailbox: str, calendar: str, draft: dict[str, Any], key: str, caller: str, *, is_repeated: bool
    ) -> tuple[dict[str, Any], bool]:
        """Return the event of a caller's key, created now if it does not exist, and whether this caller has created it.

        Earlier versions gave it another transactionId, the same for all callers, by which Graph does not recognize it:
        it is looked for.
        """
        former = _transaction_id(mailbox, calendar, key)
        derived = self.identifiers("calendars", caller, mailbox, calendar, key)
        if derived is not None and (event := self._event_of(mailbox, calendar, former, draft)) is not None:
            return _same(event, draft, is_repeated=is_repeated), False
        transaction_id = former if derived is None else str(uuid.UUID(derived))
        try:
            return self.calendars.create_event(mailbox, calendar, draft | {"transactionId": transaction_id}), True
        except GraphError as error:
            if error.code != DUPLICATE_TRANSACTION:
                raise
            return _same(self._existing(mailbox, calendar, transaction_id, draft), draft, is_repeated=is_repeated), True

    def _event_of(
        self, mailbox: str, calendar: str, transaction_id: str, draft: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return the event with a transactionId that begins within a day of a draft; None if there is none."""
        start = datetime.fromisoformat(draft["start"]["dateTime"]).replace(tzinfo=UTC)
        event_id = self.calendars.find_by_transaction(mailbox, calendar, transaction_id, start)
        if event_id is None:
            return None
        try:
            return self.calendars.get(mailbox, event_id, {*self.settings.details, "onlineMeeting"})
        except GraphNotFound as error:  # Graph lists an event seconds before it can be read by its id
            raise RequestRejected(problems.GRAPH_UNAVAILABLE, NOT_READABLE, 30) from error

    def _existing(self, mailbox: str, calendar: str, transaction_id: str, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Return the event that an earlier call with this key created. Raises RequestRejected if it was another."""
        event = self._event_of(mailbox, calendar, transaction_id, draft)
        if event is None:
            raise key_reused()
        return event


def _same(event: dict[str, Any], draft: Mapping[str, Any], *, is_repeated: bool) -> dict[str, Any]:
    """Return the event that a key has made; it may have been changed since. Raises RequestRejected if the first call is
    not known and the event is another one.
    """
    if not is_repeated and shows_another(event, draft):
        raise key_reused()
    return event


def _transaction_id(mailbox: str, calendar: str, key: str) -> str:
    """Return the transactionId that earlier versions gave to a key: specific to this mailbox and calendar."""
    check_key(key, LONGEST_FORMER_KEY)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((mailbox, calendar, key))))


def _checked_etag(text: str | None) -> str | None:
    if text is not None and not _ETAG.fullmatch(text):
        raise invalid("If-Match: 1 to 255 visible ASCII characters")
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
