"""Which mailboxes the customer allows, by ALLOWED_MAILBOXES.

Checked when a watch is made, at every reconcile, and again before every reading, so that an address taken off the list
is read no more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import problems
from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RequestRejected

KEEP = timedelta(minutes=15)  # for which the rooms of a list are not asked again


@dataclass(frozen=True, slots=True)
class _Rooms:
    """The rooms of a list, and until when they need not be asked again."""

    addresses: frozenset[str]
    until: datetime


@dataclass(frozen=True, slots=True)
class _Entries:
    """ALLOWED_MAILBOXES, read: addresses and `@domain` suffixes, and room lists."""

    text: str
    plain: frozenset[str]
    room_lists: tuple[str, ...]


class AllowList:
    """The comma list: addresses, `@domain` suffixes, and `roomlist:address` for the rooms of a list.

    `allowed_mailboxes` gives it, and is read at each use: it raises ConfigurationError where the setting is broken.
    `rooms_of` asks Graph for the rooms of a list. They are kept for KEEP, and for as long as Graph does not answer.
    """

    def __init__(
        self,
        allowed_mailboxes: Callable[[], str],
        rooms_of: Callable[[str], Iterable[str]],
        now: Callable[[], datetime],
    ) -> None:
        self._allowed_mailboxes = allowed_mailboxes
        self._rooms_of = rooms_of
        self._now = now
        self._read = _Entries("", frozenset(), ())
        self._cached: dict[str, _Rooms] = {}
        self._lock = threading.Lock()

    @property
    def room_lists(self) -> tuple[str, ...]:
        """The room lists whose rooms are allowed."""
        return self._entries().room_lists

    def allows(self, mailbox: str) -> bool:
        """Return whether an address is allowed; an empty list allows none.

        `@contoso.com` allows that domain, not those below it. Graph is asked only when no plain entry answers, and
        GraphError is raised while it cannot tell.
        """
        address, unknown = mailbox.lower(), None
        if self._is_plain(address):
            return True
        for room_list in self.room_lists:
            try:
                if address in self._rooms(room_list):
                    return True
            except GraphError as error:  # another list may allow it
                unknown = error
        if unknown is not None:
            raise unknown
        return False

    def learn(self, room_list: str, rooms: Iterable[str]) -> None:
        """Take the rooms of a list from somebody who has just asked Graph for them."""
        with self._lock:
            self._cached[room_list.lower()] = _Rooms(frozenset(rooms), self._now() + KEEP)

    def allows_list(self, room_list: str) -> bool:
        """Return whether a whole room list may be watched: by its own entry, or like an address."""
        return room_list.lower() in self.room_lists or self._is_plain(room_list.lower())

    def _entries(self) -> _Entries:
        text = self._allowed_mailboxes()
        if text != self._read.text:
            entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
            lists = tuple(entry.removeprefix("roomlist:") for entry in entries if entry.startswith("roomlist:"))
            self._read = _Entries(text, frozenset(e for e in entries if not e.startswith("roomlist:")), lists)
        return self._read

    def _is_plain(self, address: str) -> bool:
        plain = self._entries().plain
        return address in plain or "@" + address.rpartition("@")[2] in plain

    def _rooms(self, room_list: str) -> frozenset[str]:
        """Return the rooms of a list; one thread asks for them at a time, and others go by the last answer."""
        cached = self._cached.get(room_list)
        if cached is not None and self._now() < cached.until:
            return cached.addresses
        if not self._lock.acquire(blocking=cached is None):
            return cached.addresses if cached else frozenset()
        try:
            fresh = self._cached.get(room_list)
            if fresh is None or self._now() >= fresh.until:
                fresh = _Rooms(self._requested(room_list, fresh), self._now() + KEEP)
                self._cached[room_list] = fresh
            return fresh.addresses
        finally:
            self._lock.release()

    def _requested(self, room_list: str, before: _Rooms | None) -> frozenset[str]:
        """Return what Graph says. A list that it does not know allows nothing; without an answer the last one holds."""
        try:
            return frozenset(self._rooms_of(room_list))
        except GraphNotFound:
            return frozenset()
        except GraphError:
            if before is None:
                raise
            return before.addresses


def check_allowed(allow_list: AllowList, mailbox: str) -> None:
    """Raise RequestRejected unless the customer allows a mailbox: 403, or what to do when Graph cannot tell."""
    try:
        allowed = allow_list.allows(mailbox)
    except GraphError as error:
        text = "A room list of ALLOWED_MAILBOXES cannot be read: the relay needs Place.Read.All for it."
        if isinstance(error, GraphUnavailable):
            raise RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again soon.", error.retry_after or 30) from error
        raise RequestRejected(problems.GRAPH_PERMISSION_MISSING, f"{text} ({error})") from error
    if not allowed:
        raise RequestRejected(
            problems.MAILBOX_NOT_ALLOWED, "The customer's ALLOWED_MAILBOXES does not name this address."
        )
