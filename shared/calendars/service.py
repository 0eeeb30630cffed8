"""Read and write calendars for a caller: the allow-list first, then Graph, then what of its answer may leave."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from shared.api.fields import checked_address, invalid
from shared.api.graph_errors import NO_ITEM, rejection_of
from shared.calendars.requests import EventChange, EventQuery, NewEvent, graph_event
from shared.errors import GraphError, GraphNotFound, RequestRejected
from shared.partner.payload import UnreadableEvent, detailed_event, etag_of
from shared.policy.allow_list import check_allowed

if TYPE_CHECKING:
    from shared.config import Settings
    from shared.graph.calendars import Calendars
    from shared.policy.allow_list import AllowList

MADE_BEFORE = "ErrorDuplicateTransactionId"
_HEADER = re.compile(r"[!-~]{1,255}")  # visible signs


class Parts(Protocol):
    """What the use cases of this file work with."""

    @property
    def settings(self) -> Settings:
        """The app settings."""

    @property
    def allow_list(self) -> AllowList:
        """Which mailboxes the customer allows."""

    @property
    def calendars(self) -> Calendars:
        """Reads and writes calendars at Graph."""


def list_calendars(parts: Parts, mailbox: str) -> list[dict[str, Any]]:
    """Return the calendars of a mailbox. Raises RequestRejected, like all of this file."""
    with _allowed(parts, mailbox) as address:
        return [_calendar(one) for one in parts.calendars.all(address)]


def create_calendar(parts: Parts, mailbox: str, name: str) -> dict[str, Any]:
    """Make a calendar and return it."""
    with _allowed(parts, mailbox) as address:
        return _calendar(parts.calendars.create(address, name))


def view(parts: Parts, mailbox: str, calendar: str, asked: EventQuery) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return a page of what a calendar shows, and where the next page begins, {} after the last."""
    details = parts.settings.details
    with _allowed(parts, mailbox) as address:
        shown, place = parts.calendars.view(address, calendar, asked.between, asked.size, asked.page, details)
        return [_event(one, details) for one in shown], place


def read_event(parts: Parts, mailbox: str, event_id: str) -> dict[str, Any]:
    """Return an event."""
    details = parts.settings.details
    with _allowed(parts, mailbox) as address:
        return _event(parts.calendars.get(address, event_id, details), details)


def make_event(parts: Parts, mailbox: str, calendar: str, request: NewEvent, key: str | None) -> dict[str, Any]:
    """Make an event and return it; the same key makes no second one, whatever became of the first answer."""
    event, details = graph_event(request), parts.settings.details
    with _allowed(parts, mailbox) as address:
        if key is None:
            return _made(parts.calendars.create_event(address, calendar, event), request, details)
        transaction = _transaction(address, calendar, key)
        try:
            made = parts.calendars.create_event(address, calendar, event | {"transactionId": transaction})
        except GraphError as error:
            if error.code != MADE_BEFORE:
                raise
            made = _made_before(parts, address, calendar, transaction, event)
        return _made(made, request, details)


def change_event(parts: Parts, mailbox: str, event_id: str, request: EventChange, etag: str | None) -> dict[str, Any]:
    """Change an event, if it is as the etag says, and return it."""
    changes, etag = graph_event(request), _checked("If-Match", etag)
    with _allowed(parts, mailbox) as address:
        changed = parts.calendars.change_event(address, event_id, changes, etag)
        return _made(changed, request, parts.settings.details)


def delete_event(parts: Parts, mailbox: str, event_id: str, etag: str | None) -> None:
    """Delete an event, if it is as the etag says; one that is gone already is as good."""
    etag = _checked("If-Match", etag)
    with _allowed(parts, mailbox) as address:
        try:
            parts.calendars.delete_event(address, event_id, etag)
        except GraphNotFound as error:
            if error.code not in NO_ITEM:
                raise


def cancel_event(parts: Parts, mailbox: str, event_id: str, comment: str) -> None:
    """Cancel a meeting, and let its attendees know why."""
    with _allowed(parts, mailbox) as address:
        parts.calendars.cancel_event(address, event_id, comment)


@contextmanager
def _allowed(parts: Parts, mailbox: str) -> Iterator[str]:
    """Yield the mailbox's address if the customer allows it, and turn Graph's errors into refusals."""
    address = checked_address("mailbox", mailbox)
    check_allowed(parts.allow_list, address)
    try:
        yield address
    except GraphError as error:
        raise rejection_of(error) from error
    except UnreadableEvent as error:
        raise RequestRejected(
            502, "Unreadable answer of Microsoft Graph", f"An event is not whole: {error}."
        ) from error


def _transaction(mailbox: str, calendar: str, key: str) -> str:
    """Return Graph's transactionId for a caller's key: of one length, and of this mailbox and calendar alone."""
    _checked("Idempotency-Key", key)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((mailbox, calendar, key))))


def _made_before(
    parts: Parts, mailbox: str, calendar: str, transaction: str, event: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the event that a key has made already, if it is this one."""
    begins = datetime.fromisoformat(event["start"]["dateTime"]).replace(tzinfo=UTC)
    event_id = parts.calendars.made_with(mailbox, calendar, transaction, begins)
    if event_id is None:
        raise invalid("Idempotency-Key: has made another event already. Take a new key for a new event")
    return parts.calendars.get(mailbox, event_id, {*parts.settings.details, "onlineMeeting"})


def _checked(name: str, text: str | None) -> str | None:
    if text is not None and not _HEADER.fullmatch(text):
        raise invalid(f"{name}: one to 255 visible ASCII signs")
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
    """Return what leaves of an event: the public picture, what EVENT_DETAIL allows, and the etag for If-Match."""
    return detailed_event(event, details) | {"etag": etag_of(event)}


def _made(event: dict[str, Any], request: EventChange, details: frozenset[str]) -> dict[str, Any]:
    """Return an event as the caller made it, with the link of the Teams meeting if the call asked for one.

    A reading never tells the link: who has it can come in.
    """
    online = event.get("onlineMeeting")
    link = online.get("joinUrl") if isinstance(online, dict) else None
    joined = {"joinUrl": link if isinstance(link, str) else None} if request.teams_meeting else {}
    return _event(event, details) | joined
