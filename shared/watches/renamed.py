"""Reach a watched mailbox whose address has changed, for example because an alias became its primary address.

Graph names a mailbox by its object id or its userPrincipalName, so a former address gets the 404 of a mailbox that does
not exist. The object id stays, and every notification contains it. ("Get calendar", "changeNotification resource type")
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, TypeVar

from shared.errors import GraphNotFound, RelayError
from shared.graph.events import ITEM_NOT_FOUND, Events
from shared.storage.watches import Watch, Watches, watch_id_of

WRITE_EVERY = timedelta(hours=12)  # the daily resync notes it again, for as long as it is so

Answer = TypeVar("Answer")
_logger = logging.getLogger("relay.renamed")


@dataclass(frozen=True)
class RenamedMailboxes:
    """Calls Graph for watched mailboxes by their addresses, and where Graph finds none, by their object ids.

    `events` reads the new address. It needs no permission beyond Calendars.Read.
    """

    events: Events
    watches: Watches
    now: Callable[[], datetime]

    def reached(self, mailbox: str, call: Callable[[str], Answer]) -> Answer:
        """Return what `call` returns for the mailbox's address, else for its object id, if a row has it.

        Raises what `call` raises, and ServiceUnavailable or ConfigurationError when storage fails.
        """
        try:
            return call(mailbox)
        except GraphNotFound as error:
            watch = None if error.code == ITEM_NOT_FOUND else self.watches.get(watch_id_of(mailbox))
            if watch is None or not watch.user_id:
                raise
        answer = call(watch.user_id)
        self._note(watch)
        return answer

    def _note(self, watch: Watch) -> None:
        """Note in the row that the address has changed. Never raises; the note is shown and never steers."""
        now = self.now()
        if watch.renamed_at is not None and timedelta() <= now - watch.renamed_at < WRITE_EVERY:
            return
        try:
            address = self.events.owner(watch.user_id)
            if address != watch.mailbox.lower():  # otherwise the 404 was a mistake
                self.watches.merge(watch, renamed_at=now, new_address=address)
                _logger.warning("Graph finds the mailbox of watch %s by its object id only", watch.id)
        except RelayError as error:
            _logger.warning("The new address of the mailbox of watch %s was not noted: %s", watch.id, error)


class WatchedEvents(Events):
    """Reads the events of watched mailboxes, also after their addresses have changed.

    Methods raise GraphError, and ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(self, events: Events, renamed: RenamedMailboxes) -> None:
        self._events = events
        self._renamed = renamed

    def get(self, mailbox: str, event_id: str) -> dict[str, Any]:
        """Return an event."""
        return self._renamed.reached(mailbox, lambda name: self._events.get(name, event_id))

    def instances(self, mailbox: str, master_id: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the occurrences and exceptions of a series between two moments."""
        yield from self._renamed.reached(
            mailbox, lambda name: _with_first_page(self._events.instances(name, master_id, start, end))
        )

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the events of the calendar between two moments, series as occurrences."""
        yield from self._renamed.reached(
            mailbox, lambda name: _with_first_page(self._events.calendar_view(name, start, end))
        )

    def owner(self, mailbox: str) -> str:
        """Return the address of the calendar's owner."""
        return self._renamed.reached(mailbox, self._events.owner)


def _with_first_page(items: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the same items after the first page was read: its error comes now."""
    return chain(list(islice(items, 1)), items)
