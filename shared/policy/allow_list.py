"""The allow-list: the mailboxes that the customer allows, from ALLOWED_MAILBOXES.

It is checked when a watch is created, at every reconcile, and before every read, so that a mailbox that is removed from
the list is no longer read. Whether a room belongs to a room list can be unknown; unknown is neither yes nor no.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared import problems
from shared.errors import GraphError, GraphUnauthorized, GraphUnavailable, RelayError, RequestRejected
from shared.policy.owner import OwnerReading, entry_hash, hashed
from shared.policy.room_lists import KEEP, ListedRooms, RoomListReader
from shared.storage.room_lists import RoomListReadings

_OBJECT_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
Cause = Literal["", "mailbox", "host", "owner", "stop"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why not. `allowed` is None while that is unknown.

    `error` is what a caller gets unless it is allowed. `cause`: what forbids it. `owner`: what is known of the mailbox
    that answers; None if that was not looked at.
    """

    allowed: bool | None
    why: str = ""
    error: RelayError | None = None
    cause: Cause = ""
    owner: OwnerReading | None = None

    def require(self) -> None:
        """Raise `error` unless it is allowed."""
        if self.allowed is not True and self.error is not None:
            raise self.error

    def is_allowed(self) -> bool:
        """Return whether it is allowed. Raises `error` while that is unknown."""
        if self.allowed is None and self.error is not None:
            raise self.error
        return self.allowed is True


def forbidden(error: RelayError, cause: Cause) -> Decision:
    """Return the decision that something is forbidden; its text is that of the caller's error."""
    return Decision(allowed=False, why=str(error), error=error, cause=cause)


@dataclass(frozen=True, slots=True)
class _Entries:
    """ALLOWED_MAILBOXES, parsed: the text, its addresses and `@domain` suffixes (`plain`), the hash of each, and its
    room lists.
    """

    text: str
    plain: frozenset[str]
    hashes: frozenset[str]
    room_lists: tuple[str, ...]


class AllowList:
    """A comma-separated list of addresses, `@domain` suffixes, and `roomlist:address` for the rooms of a list.

    `allowed_mailboxes` returns the list and is called at each use; it raises ConfigurationError if the setting is
    invalid. `rooms_of` reads the rooms of a list from Graph; `readings` keeps what readings have shown,
    over restarts and for all instances.
    """

    def __init__(
        self,
        allowed_mailboxes: Callable[[], str],
        rooms_of: Callable[[str], Iterable[str]],
        now: Callable[[], datetime],
        readings: RoomListReadings,
    ) -> None:
        self._allowed_mailboxes = allowed_mailboxes
        self.reader = RoomListReader(rooms_of, readings, now)
        self._parsed = _Entries("", frozenset(), frozenset(), ())

    def is_certain(self) -> bool:
        """Return whether the list proves that it does not name an address: it has entries, and Graph has just returned
        the rooms of each of its room lists. Raises ConfigurationError if the setting is invalid.
        """
        entries = self._entries()
        answers = self.reader.rooms_of_each(entries.room_lists)
        return bool(entries.plain or entries.room_lists) and all(map(_is_proof, answers))

    @property
    def room_lists(self) -> tuple[str, ...]:
        """The room lists whose rooms are allowed."""
        return self._entries().room_lists

    @property
    def has_names(self) -> bool:
        """Whether an entry is an address or a domain."""
        return bool(self._entries().plain)

    def names_hash(self) -> str:
        """Return a hash of the entries that are addresses or domains. Raises ConfigurationError."""
        return hashlib.sha256("\n".join(sorted(self._entries().plain)).encode("utf-8", "replace")).hexdigest()[:16]

    def is_named(self, mailbox: str) -> bool:
        """Return whether an entry names an address, or its domain; room lists are not read."""
        return self._is_plain(mailbox.lower())

    def allows(self, mailbox: str) -> bool:
        """Return whether an address is allowed; an empty list allows none.

        `@contoso.com` allows that domain but no subdomain. Room lists are read only if no plain entry matches. Raises
        RelayError if no entry allows the address and it is unknown whether a room list contains it.
        """
        address = mailbox.lower()
        room_lists = self.room_lists
        if self._is_plain(address) or any(self.reader.is_cached_room(each, address) for each in room_lists):
            return True
        failure: RelayError | None = None
        for rooms in self.reader.rooms_of_each(room_lists):
            if isinstance(rooms, RelayError):  # another list may allow the address
                failure = rooms
            elif address in rooms.addresses:
                return True
            elif not rooms.is_complete:
                failure = rooms.failure or GraphUnavailable(200, "RoomListUnconfirmed")
        if failure is not None:
            raise failure.with_traceback(None)
        return False

    def decide(self, mailbox: str) -> Decision:
        """Return whether an address is allowed, with the error for a caller if it is not."""
        try:
            allowed = self.allows(mailbox)
        except RelayError as error:
            return Decision(allowed=None, why=str(error), error=_rejection_of(error))
        if allowed:
            return Decision(allowed=True)
        text = "The customer's ALLOWED_MAILBOXES does not name this address."
        return forbidden(RequestRejected(problems.MAILBOX_NOT_ALLOWED, text), "mailbox")

    def is_by_suffix(self, mailbox: str) -> bool:
        """Return whether of the plain entries only a suffix allows an address, which may be one of another mailbox."""
        address = mailbox.lower()
        return address not in self._entries().plain and self._is_plain(address)

    def is_listed_room(self, mailbox: str) -> bool:
        """Return whether a room list contains an address; False while its list cannot be read."""
        answers = self.reader.rooms_of_each(self.room_lists)
        return any(not isinstance(rooms, RelayError) and mailbox.lower() in rooms.addresses for rooms in answers)

    def is_another(self, mailbox: str, owner: str) -> bool | None:
        """Return whether the mailbox that answers under an address is another one, which no entry allows.

        `owner`: the hashes of its address (shared.policy.owner); "" if unknown. None while a room list that may allow
        it cannot be read.
        """
        entries, address = self._entries(), mailbox.lower()
        if not owner or owner == hashed(address) or address in entries.plain or {*owner.split()} & entries.hashes:
            return False
        answers = self.reader.rooms_of_each(entries.room_lists)
        for rooms in answers:
            known = frozenset() if isinstance(rooms, RelayError) else rooms.addresses
            if address in known or any(entry_hash(room) in owner for room in known):
                return False
        is_whole = all(not isinstance(rooms, RelayError) and rooms.is_complete for rooms in answers)
        return True if is_whole else None

    def allows_list(self, room_list: str) -> bool:
        """Return whether a whole room list may be watched: by a `roomlist:` entry, or by a plain entry."""
        return room_list.lower() in self.room_lists or self._is_plain(room_list.lower())

    def fingerprint(self, max_age: timedelta = KEEP) -> str | None:
        """Return a hash of all that is allowed: the entries, and the rooms of each room list.

        Room lists whose answers are older than `max_age` are read. None while the rooms of one are unknown. Raises
        ConfigurationError if the setting is invalid.
        """
        entries = self._entries()
        lines = [*entries.plain]
        answers = self.reader.rooms_of_each(entries.room_lists, max_age)
        for room_list, rooms in zip(entries.room_lists, answers, strict=True):
            if isinstance(rooms, RelayError) or not rooms.is_complete:
                return None
            lines.append(f"roomlist:{room_list} {' '.join(sorted(rooms.addresses))}")
        return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "replace")).hexdigest()[:16]

    def _entries(self) -> _Entries:
        text = self._allowed_mailboxes()
        parsed = self._parsed
        if text != parsed.text:
            entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
            lists = (entry.removeprefix("roomlist:") for entry in entries if entry.startswith("roomlist:"))
            plain = frozenset(entry for entry in entries if not entry.startswith("roomlist:"))
            parsed = _Entries(text, plain, frozenset(map(entry_hash, plain)), tuple(dict.fromkeys(lists)))
            self._parsed = parsed
        return parsed

    def _is_plain(self, address: str) -> bool:
        """Return whether an entry names an address, or its domain. Exchange also takes an object id for the part before
        the @, of any mailbox, so that a domain says nothing about such an address.
        """
        plain = self._entries().plain
        local, _, domain = address.rpartition("@")
        return address in plain or (f"@{domain}" in plain and not _OBJECT_ID.fullmatch(local))


def _is_proof(rooms: ListedRooms | RelayError) -> bool:
    """Return whether an answer proves that a room does not belong to a list: one without rooms is no proof."""
    return (
        not isinstance(rooms, RelayError)
        and rooms.failure is None
        and rooms.missing is None
        and rooms.is_complete
        and rooms.is_confirmed
        and bool(rooms.addresses)
    )


def _rejection_of(error: RelayError) -> RelayError:
    """Return the error for a caller while it is unknown whether a mailbox is allowed."""
    if isinstance(error, GraphUnavailable | GraphUnauthorized):
        return RequestRejected(problems.GRAPH_UNAVAILABLE, "Try again soon.", error.retry_after or 30)
    if isinstance(error, GraphError):
        text = "A room list in ALLOWED_MAILBOXES cannot be read: grant the relay Place.Read.All."
        return RequestRejected(problems.GRAPH_PERMISSION_MISSING, f"{text} ({error})")
    return error
