"""Watch whole room lists: watch the rooms that join a list, and remove the watches of rooms that leave it.

A room joins when a reading contains it, and leaves when a confirmed reading does not (shared/policy/room_list_rule.py).
A room list that cannot be read, and a row that this version cannot read, change nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from shared import problems
from shared.errors import GraphError, RelayError, RequestRejected, ServiceUnavailable
from shared.messages import Job
from shared.policy.allow_list import AllowList
from shared.policy.permission import Permission
from shared.policy.room_lists import ListedRooms
from shared.queues import JobQueue
from shared.storage.ledger_entry import is_left_before
from shared.storage.room_lists import RoomList, RoomLists, room_list_id_of
from shared.storage.watches import Watch, Watches, new_born, watch_id_of
from shared.subscriptions.endings import Endings
from shared.subscriptions.rooms.room_list_sources import MatchedList, Membership, membership_of
from shared.threads import side_by_side
from shared.unreadable_rows import Unreadable
from shared.watches.graph_errors import room_list_rejection
from shared.watches.sources import WatchSources

AT_ONCE = 8
READING_BUDGET = timedelta(minutes=1)  # of a run; the lists that are left wait for the next, which reads them first
NOW = timedelta(0)  # the age of an answer that is read now
OVER_QUOTA = "without-place"  # the counted value; MOST_WATCHES is reached

_NEVER = datetime.min.replace(tzinfo=UTC)
_logger = logging.getLogger("relay.room_lists")


@dataclass(frozen=True)
class RoomListService:
    """Watches room lists. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    allow_list: AllowList
    permission: Permission
    room_lists: RoomLists
    watches: Watches
    sources: WatchSources
    endings: Endings
    jobs: JobQueue
    now: Callable[[], datetime]

    def watch(self, address: str) -> RoomList:
        """Store a room list and queue a reconcile that watches its rooms. Idempotent.

        Raises RequestRejected when the allow-list does not include the list, or Graph does not return its rooms.
        """
        address = address.lower()
        self.permission.require_running()
        if not self.allow_list.allows_list(address):
            text = "The customer's ALLOWED_MAILBOXES does not name this list."
            raise RequestRejected(problems.ROOM_LIST_NOT_ALLOWED, text)
        stored = self.room_lists.get(room_list_id_of(address))
        rooms = self._rooms_now(address, stored)
        if stored is None:
            self.sources.quota.check()
        new = RoomList(room_list_id_of(address), address, self.now(), desired=len(rooms.addresses))
        stored = self.room_lists.insert(new) or self.room_lists.get(new.id) or new
        self.jobs.send(Job("", "reconcile"))
        return stored

    def release(self, room_list_id: str) -> None:
        """Delete a room list, and queue a reconcile that removes the watches without another source."""
        while (stored := self.room_lists.get(room_list_id)) is not None:
            if self.room_lists.delete(stored):
                self.jobs.send(Job("", "reconcile"))
                self._forget(stored.address)

    def match_room_lists(self) -> Counter[str]:
        """Make the watches match the room lists; return how many rooms joined and left. Safe to run concurrently."""
        rows = list(self.room_lists.rows())
        matched = self._match_each([row for row in rows if isinstance(row, RoomList)])
        addresses = {watch_id_of(room): room for match in matched for room in sorted(match.rooms)}
        stored = self.watches.rows() if addresses else self.watches.of_room_lists()
        watches = {row.key if isinstance(row, Unreadable) else row.id: row for row in stored}
        unreadable = [row.key for row in rows if isinstance(row, Unreadable)]
        membership = membership_of(matched, unreadable, cache(self._exists))

        def update(watch_id: str) -> str:
            watch = watches.get(watch_id)
            if watch is None:
                return self._add(addresses[watch_id], membership.lists_of[watch_id])
            return "" if isinstance(watch, Unreadable) else self._update(watch, membership)

        of_lists = [row.id for row in watches.values() if isinstance(row, Watch) and row.room_lists]
        ids = list(dict.fromkeys([*of_lists, *addresses]))
        results = dict(zip(ids, side_by_side(update, ids, AT_ONCE, "rooms"), strict=True))
        self._record_missing([membership.lists_of[each] for each, result in results.items() if result == OVER_QUOTA])
        return Counter(result for result in results.values() if result)

    def _rooms_now(self, address: str, stored: RoomList | None) -> ListedRooms:
        """Read the rooms of a list for a caller. Raises RequestRejected; nothing is kept of a list unknown to Graph."""
        try:
            rooms = self.allow_list.reader.rooms(address, NOW, stored.earlier_reading() if stored else None)
            if failure := rooms.failure or rooms.missing:
                raise failure.with_traceback(None)
        except GraphError as error:
            if stored is None:
                self._forget(address)
            raise room_list_rejection(error) from error
        return rooms

    def _forget(self, address: str) -> None:
        if address not in self.allow_list.room_lists:
            self.allow_list.reader.forget(address)

    def _match_each(self, lists: list[RoomList]) -> list[MatchedList]:
        """Read the lists in parallel, those first that have waited longest, for READING_BUDGET."""
        stop = self.now() + READING_BUDGET
        ordered = sorted(lists, key=lambda stored: stored.checked or _NEVER)

        def match(stored: RoomList) -> MatchedList:
            return self._match(stored) if self.now() < stop else MatchedList(stored)

        return side_by_side(match, ordered, AT_ONCE, "room-lists")

    def _match(self, stored: RoomList) -> MatchedList:
        """Read a list's rooms and record the result in its row."""
        try:
            rooms = self.allow_list.reader.rooms(stored.address, NOW, stored.earlier_reading())
            if rooms.failure:
                raise rooms.failure.with_traceback(None)
            allowed = frozenset(room for room in sorted(rooms.addresses) if self._may_be_watched(room))
        except RelayError as error:
            _logger.warning("Room list %s cannot be read: %s", stored.id, error)
            self.room_lists.change(stored, last_error=str(error))
            return MatchedList(stored)
        empty_since = (stored.empty_since or self.now()) if rooms.is_empty else None
        changes: dict[str, Any] = {"checked": self.now(), "last_error": rooms.warning, "empty_since": empty_since}
        if rooms.is_confirmed:
            changes |= {"desired": len(allowed), "not_allowed": len(rooms.addresses - allowed)}
        self.room_lists.change(stored, **changes)
        return MatchedList(stored, allowed, rooms.is_confirmed)

    def _may_be_watched(self, room: str) -> bool:
        """Return whether the settings allow a room. Raises ServiceUnavailable while that is unknown."""
        decision = self.permission.may(None, room, "", "relay", "list")
        if decision.allowed is None:
            raise ServiceUnavailable("ALLOWED_MAILBOXES", f"is unknown: {decision.why}")
        return decision.allowed

    def _exists(self, room_list_id: str) -> bool:
        return self.room_lists.get(room_list_id) is not None

    def _record_missing(self, lists: list[set[str]]) -> None:
        """Record on each list how many of its rooms the quota excludes. `lists` holds the lists of each such room."""
        for room_list_id, number in Counter(each for of_room in lists for each in of_room).items():
            stored = self.room_lists.get(room_list_id)
            if stored is not None:
                rejection = self.sources.quota.rejection()
                text = f"{number} of its rooms are not watched. {rejection}"
                self.room_lists.change(stored, last_error=text)

    def _add(self, address: str, lists: set[str]) -> str:
        """Watch a room that joined; return "joined" if this created its watch, "" if one exists, or OVER_QUOTA."""
        now, room_lists = self.now(), " ".join(sorted(lists))
        sources: dict[str, Any] = {"by_partner": False, "room_lists": room_lists}
        new = Watch(watch_id_of(address), address, "relay", now, since=now, due_at=now, born=new_born(), **sources)
        try:
            if not self.sources.add(new):
                return ""
        except RequestRejected:
            return OVER_QUOTA
        with suppress(RelayError):  # entries of an earlier watch are those of another `born`, and are not read
            self.endings.rows.ledger.forget(new.id, is_left_before(new))
        return "joined"

    def _update(self, watch: Watch, membership: Membership) -> str:
        """Update the lists of a room's watch, or remove a watch without a source; return the result, "" for none."""
        held, lists = set(watch.room_lists.split()), membership.lists(watch)
        if not lists and not self.sources.others(watch):
            return self._remove(watch, membership)
        changed: Watch | None = watch
        for room_list in sorted(lists - held):
            changed = self.sources.hold(room_list, changed) if changed else None
        for room_list in sorted(held - lists):
            changed = self.sources.release(room_list, changed) if changed else None
        return ""

    def _remove(self, watch: Watch, membership: Membership) -> str:
        """Remove a watch that has no source; return the result, "" if it was given one meanwhile, or is gone.

        The rows were read minutes ago, so its sources are looked at again in the row that is deleted.
        """
        current = replace(membership, exists=self._exists)
        try:
            removed = self.endings.remove(
                watch.id,
                lambda row: not self.sources.others(row) and not current.lists(row),
                keeps_slots=True,  # the room may be booked without being watched, or come back
            )
        except RelayError as error:  # the next run tries again
            _logger.warning("Watch %s could not be removed: %s", watch.id, error)
            return "kept"
        return "left" if removed else ""
