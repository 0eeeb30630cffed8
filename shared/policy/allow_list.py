"""The allow-list: the mailboxes that the customer allows, from ALLOWED_MAILBOXES.

It is checked when a watch is created, at every reconcile, and before every read, so that a mailbox that is removed from
the list is no longer read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import problems
from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RequestRejected

KEEP = timedelta(minutes=15)  # how long the rooms of a list are cached


@dataclass(frozen=True, slots=True)
class _Rooms:
    """The cached rooms of a list, and when they must be read again."""

    addresses: frozenset[str]
    until: datetime


@dataclass(frozen=True, slots=True)
class _Entries:
    """ALLOWED_MAILBOXES, parsed: the text, its addresses and `@domain` suffixes (`plain`), and its room lists."""

    text: str
    plain: frozenset[str]
    room_lists: tuple[str, ...]


class AllowList:
    """A comma-separated list of addresses, `@domain` suffixes, and `roomlist:address` for the rooms of a list.

    `allowed_mailboxes` returns the list and is called at each use; it raises ConfigurationError if the setting is
    invalid. `rooms_of` reads the rooms of a list from Graph. They are cached for KEEP, and longer while Graph is
    unavailable.
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
        self._parsed = _Entries("", frozenset(), ())
        self._cached: dict[str, _Rooms] = {}
        self._lock = threading.Lock()

    @property
    def room_lists(self) -> tuple[str, ...]:
        """The room lists whose rooms are allowed."""
        return self._entries().room_lists

    def allows(self, mailbox: str) -> bool:
        """Return whether an address is allowed; an empty list allows none.

        `@contoso.com` allows that domain but no subdomain. Room lists are read only if no plain entry matches. Raises
        GraphError if a room list cannot be read and no other entry allows the address.
        """
        address, failure = mailbox.lower(), None
        if self._is_plain(address):
            return True
        for room_list in self.room_lists:
            try:
                if address in self._rooms(room_list):
                    return True
            except GraphError as error:  # another list may allow it
                failure = error
        if failure is not None:
            raise failure
        return False

    def learn(self, room_list: str, rooms: Iterable[str]) -> None:
        """Cache the rooms of a list that the caller has just read from Graph."""
        with self._lock:
            self._cached[room_list.lower()] = _Rooms(frozenset(rooms), self._now() + KEEP)

    def allows_list(self, room_list: str) -> bool:
        """Return whether a whole room list may be watched: by a `roomlist:` entry, or by a plain entry."""
        return room_list.lower() in self.room_lists or self._is_plain(room_list.lower())

    def _entries(self) -> _Entries:
        text = self._allowed_mailboxes()
        if text != self._parsed.text:
            entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
            lists = tuple(entry.removeprefix("roomlist:") for entry in entries if entry.startswith("roomlist:"))
            self._parsed = _Entries(text, frozenset(e for e in entries if not e.startswith("roomlist:")), lists)
        return self._parsed

    def _is_plain(self, address: str) -> bool:
        plain = self._entries().plain
        return address in plain or "@" + address.rpartition("@")[2] in plain

    def _rooms(self, room_list: str) -> frozenset[str]:
        """Return the rooms of a list. One thread at a time reads from Graph; others use the cached rooms meanwhile."""
        cached = self._cached.get(room_list)
        if cached is not None and self._now() < cached.until:
            return cached.addresses
        if not self._lock.acquire(blocking=cached is None):
            return cached.addresses if cached else frozenset()
        try:
            fresh = self._cached.get(room_list)
            if fresh is None or self._now() >= fresh.until:
                fresh = _Rooms(self._read_rooms(room_list, fresh), self._now() + KEEP)
                self._cached[room_list] = fresh
            return fresh.addresses
        finally:
            self._lock.release()

    def _read_rooms(self, room_list: str, cached: _Rooms | None) -> frozenset[str]:
        """Read the rooms from Graph. An unknown list has none; after another error, return the cached rooms."""
        try:
            return frozenset(self._rooms_of(room_list))
        except GraphNotFound:
            return frozenset()
        except GraphError:
            if cached is None:
                raise
            return cached.addresses


def check_allowed(allow_list: AllowList, mailbox: str) -> None:
    """Raise RequestRejected 403 unless the customer allows a mailbox; 502 or 503 if a room list cannot be read."""
    try:
        allowed = allow_list.allows(mailbox)
    except GraphError as error:
        text = "A room list in ALLOWED_MAILBOXES cannot be read: grant the relay Place.Read.All."
        if isinstance(error, GraphUnavailable):
            raise RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again soon.", error.retry_after or 30) from error
        raise RequestRejected(problems.GRAPH_PERMISSION_MISSING, f"{text} ({error})") from error
    if not allowed:
        raise RequestRejected(
            problems.MAILBOX_NOT_ALLOWED, "The customer's ALLOWED_MAILBOXES does not name this address."
        )
