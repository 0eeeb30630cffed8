"""Ask Graph whose calendar answers under an address that only a suffix of ALLOWED_MAILBOXES allows.

Asked at set-up, with the nightly resync of a watch, and by a feature once a day. Graph's documentation does not say
that the owner's address is the mailbox's primary one ("calendar resource type"), so what it cannot tell changes
nothing: it is counted and shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

from shared import telemetry
from shared.errors import GraphNotFound, RelayError
from shared.policy.allow_list import AllowList
from shared.policy.owner import NIGHTLY, OwnerReading, OwnerReadings, new_reading, reading_of
from shared.storage.watches import Watch, Watches, is_being_created, watch_id_of

REMEMBERED_FOR = timedelta(minutes=5)  # by this process, so that a call reads no row
MOST_REMEMBERED = 1000  # addresses
# "": an entry or a room list names the address, or Graph was not asked yet.
OwnerState = Literal["", "same", "other", "unknown"]


@dataclass(frozen=True)
class MailboxOwners:
    """Knows which mailbox answers under an address. One instance for each process; thread-safe.

    `read` returns the address of a calendar's owner, by an address or object id, and raises GraphError.
    """

    allow_list: AllowList
    read: Callable[[str], str]
    readings: OwnerReadings
    watches: Watches
    now: Callable[[], datetime]
    _remembered: dict[str, tuple[datetime, OwnerReading]] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def at_setup(self, watch: Watch | None, mailbox: str) -> OwnerReading:
        """Return what is known for a set-up: Graph is asked unless `watch` has an answer of today that allows it.

        `watch`: the one that exists. Its row gets the answer, unless another call is creating its subscription; without
        a watch the caller stores it. Raises RelayError when storage fails, or ALLOWED_MAILBOXES is invalid.
        """
        if not self._needs_check(mailbox):
            return new_reading(mailbox) if watch is None else reading_of(watch)
        reading = self._stored(mailbox) if watch is None else reading_of(watch)
        is_good = reading.is_fresh(self.now()) and self.state(mailbox, reading) == "same"
        if watch is not None and is_good:
            return reading
        answer, _ = self._answer(mailbox, reading, "" if watch is None else watch.user_id)
        self._forget(reading.id)
        if watch is not None and not is_being_created(watch, self.now()):
            self._note(watch, answer)
        return answer

    def at_call(self, mailbox: str) -> OwnerReading:
        """Return what is known for a call of a feature; Graph is asked once a day. Raises RelayError like `at_setup`.

        A mailbox that Graph does not find leaves no row.
        """
        if not self.allow_list.is_by_suffix(mailbox):
            return new_reading(mailbox)
        with self._lock:
            until, remembered = self._remembered.get(watch_id_of(mailbox), (self.now(), None))
        if remembered is not None and timedelta() < until - self.now() <= REMEMBERED_FOR:
            return remembered
        return self._remember(self._stored_or_read(mailbox))

    def refreshed(self, watch: Watch) -> Watch:
        """Ask for the owner of a watch's mailbox, unless it was asked within NIGHTLY; return the watch's row.

        Raises RelayError like `at_setup`.
        """
        reading = reading_of(watch)
        if reading.is_fresh(self.now(), NIGHTLY) or not self._needs_check(watch.mailbox):
            return watch
        answer, _ = self._answer(watch.mailbox, reading, watch.user_id)
        return self._note(watch, answer) or watch

    def state(self, mailbox: str, reading: OwnerReading) -> OwnerState:
        """Return what is known: `same` if the owner is the mailbox of that address, or is allowed like it.

        Raises ConfigurationError if ALLOWED_MAILBOXES is invalid.
        """
        if not self.allow_list.is_by_suffix(mailbox):
            return ""
        is_other = self.allow_list.is_another(mailbox, reading.owner)
        if is_other:
            return "other"
        if is_other is None or reading.unknown_since is not None:
            return "unknown"
        return "same" if reading.read_at is not None else ""

    def without_watch(self) -> Counter[str]:
        """Return how many addresses that features used, and that are not watched, were in each state when Graph was
        asked in the last days. Raises ServiceUnavailable or ConfigurationError.
        """
        return Counter(reading.state for reading in self.readings.all())

    def drop_old(self) -> int:
        """Delete the rows whose time has ended. Raises ServiceUnavailable or ConfigurationError."""
        return self.readings.drop_old(self.now())

    def _stored_or_read(self, mailbox: str) -> OwnerReading:
        row = self.watches.find(watch_id_of(mailbox))
        watch = row if isinstance(row, Watch) else None
        reading = self._stored(mailbox) if watch is None else reading_of(watch)
        if reading.is_fresh(self.now()) or not self._needs_check(mailbox):
            return reading
        answer, exists = self._answer(mailbox, reading, "" if watch is None else watch.user_id)
        with suppress(RelayError):  # then the next call asks again
            if watch is not None:
                self._note(watch, answer)
            elif exists:
                self.readings.write(replace(answer, state=self.state(mailbox, answer)))
        return answer

    def _stored(self, mailbox: str) -> OwnerReading:
        stored = self.readings.find(watch_id_of(mailbox))
        return stored if isinstance(stored, OwnerReading) else new_reading(mailbox)

    def _needs_check(self, mailbox: str) -> bool:
        return self.allow_list.is_by_suffix(mailbox) and not self.allow_list.is_listed_room(mailbox)

    def _answer(self, mailbox: str, reading: OwnerReading, user_id: str) -> tuple[OwnerReading, bool]:
        """Ask Graph; return what is known then, and whether the mailbox may exist. `user_id`: its object id, by which
        a mailbox is found after its address has changed; "" if unknown.
        """
        owner, exists = "", True
        try:
            owner = self.read(mailbox)
        except GraphNotFound:
            exists = bool(user_id)
            owner = self._owner_by_id(user_id)
        except RelayError:
            pass  # it is counted as unknown
        after = reading.after(owner, self.now())
        if not owner or after.unknown_since is not None:
            telemetry.count("owner_checks", end="unknown")
        elif self.state(mailbox, after) == "other":
            telemetry.count("owner_checks", end="other")
        return after, exists

    def _owner_by_id(self, user_id: str) -> str:
        try:
            return self.read(user_id) if user_id else ""
        except RelayError:
            return ""

    def _note(self, watch: Watch, answer: OwnerReading) -> Watch | None:
        """Write an answer to the watch's row; None if it was deleted. One that changes what is known makes it due."""
        changes = answer.columns()
        if answer.owner != watch.owner:
            changes["due_at"] = self.now()
        self._forget(watch.id)
        return self.watches.merge(watch, **changes)

    def _remember(self, reading: OwnerReading) -> OwnerReading:
        with self._lock:
            self._remembered.pop(reading.id, None)
            while len(self._remembered) >= MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[reading.id] = self.now() + REMEMBERED_FOR, reading
        return reading

    def _forget(self, reading_id: str) -> None:
        with self._lock:
            self._remembered.pop(reading_id, None)
