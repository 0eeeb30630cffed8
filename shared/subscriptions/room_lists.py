"""Watch whole room lists: watch the rooms that join a list, and remove the watches of rooms that leave it.

A room list that cannot be read changes nothing. A list that is empty or not found changes nothing either until this has
lasted for EMPTY_FOR: a mistake in the directory must not delete the watches and the ledger of a building.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import problems
from shared.errors import GraphError, GraphNotFound, RelayError, RequestRejected
from shared.graph.rooms import Rooms
from shared.messages import Job
from shared.policy.allow_list import AllowList
from shared.queues import JobQueue
from shared.storage.room_lists import RoomList, RoomLists, room_list_id_of
from shared.storage.watches import Watch, Watches, watch_id_of
from shared.subscriptions.subscribe import WatchSetup
from shared.threads import side_by_side
from shared.watches.graph_errors import room_list_rejection
from shared.watches.sources import PARTNER, WatchSources

EMPTY_FOR = timedelta(minutes=20)  # before an empty list takes effect; by default that is the timer's second run
AT_ONCE = 8
OVER_QUOTA = "without-place"  # the counted value; MOST_WATCHES is reached

_logger = logging.getLogger("relay.room_lists")


@dataclass(frozen=True, slots=True)
class _Matched:
    """A room list with its allowed rooms; None while they are unknown."""

    room_list: RoomList
    rooms: set[str] | None


@dataclass(frozen=True)
class RoomListService:
    """Watches room lists. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    allow_list: AllowList
    rooms: Rooms
    room_lists: RoomLists
    watches: Watches
    sources: WatchSources
    watch_setup: WatchSetup
    jobs: JobQueue
    now: Callable[[], datetime]

    def watch(self, address: str) -> RoomList:
        """Store a room list and queue a reconcile that watches its rooms. Idempotent.

        Raises RequestRejected when the allow-list does not include the list, or Graph does not return its rooms.
        """
        address = address.lower()
        if not self.allow_list.allows_list(address):
            text = "The customer's ALLOWED_MAILBOXES does not name this list."
            raise RequestRejected(problems.ROOM_LIST_NOT_ALLOWED, text)
        try:
            rooms = list(self.rooms.of_list(address))
        except GraphError as error:
            raise room_list_rejection(error) from error
        if self.room_lists.get(room_list_id_of(address)) is None:
            self.sources.quota.check()
        new = RoomList(room_list_id_of(address), address, self.now(), desired=len(rooms))
        stored = self.room_lists.insert(new) or self.room_lists.get(new.id) or new
        self.jobs.send(Job("", "reconcile"))
        return stored

    def release(self, room_list_id: str) -> None:
        """Delete a room list, and queue a reconcile that removes the watches without another source."""
        while (stored := self.room_lists.get(room_list_id)) is not None:
            if self.room_lists.delete(stored):
                self.jobs.send(Job("", "reconcile"))

    def progress(self, room_list: RoomList) -> Counter[str]:
        """Return the number of a list's rooms in each state."""
        rooms = (watch for watch in self.watches.all() if room_list.id in self.sources.held_by(watch))
        return Counter(watch.state for watch in rooms)

    def match_room_lists(self) -> Counter[str]:
        """Make the watches match the room lists; return how many rooms joined and left. Safe to run concurrently."""
        matched = [self._match(stored) for stored in self.room_lists.all()]
        watches = {watch.id: watch for watch in self.watches.all()}
        unread = {match.room_list.id for match in matched if match.rooms is None}
        lists_of: dict[str, set[str]] = {
            watch.id: unread & set(watch.room_lists.split()) for watch in watches.values() if watch.room_lists
        }
        addresses: dict[str, str] = {}
        for match in matched:
            for room in match.rooms or ():
                lists_of.setdefault(watch_id_of(room), set()).add(match.room_list.id)
                addresses[watch_id_of(room)] = room

        def update(watch_id: str) -> str:
            watch = watches.get(watch_id)
            if watch is None:
                return self._add(addresses[watch_id], lists_of[watch_id])
            return self._update(watch, lists_of[watch_id])

        results = dict(zip(lists_of, side_by_side(update, lists_of, AT_ONCE, "rooms"), strict=True))
        self._record_missing([lists_of[watch_id] for watch_id, result in results.items() if result == OVER_QUOTA])
        return Counter(result for result in results.values() if result)

    def _record_missing(self, lists: list[set[str]]) -> None:
        """Record on each list how many of its rooms the quota excludes. `lists` holds the lists of each such room."""
        for room_list_id, number in Counter(each for of_room in lists for each in of_room).items():
            stored = self.room_lists.get(room_list_id)
            if stored is not None:
                rejection = self.sources.quota.rejection()
                text = f"{number} of its rooms are not watched. {rejection}"
                self.room_lists.change(stored, last_error=text)

    def _match(self, stored: RoomList) -> _Matched:
        """Read a list's rooms and record the result in its row."""
        try:
            members = set(self.rooms.of_list(stored.address))
            self.allow_list.learn(stored.address, members)  # otherwise a room that just joined would not be allowed
            allowed = {room for room in members if self.allow_list.allows(room)}
        except GraphNotFound:
            members = allowed = set()
        except RelayError as error:
            _logger.warning("Room list %s cannot be read: %s", stored.id, error)
            self.room_lists.change(stored, last_error=str(error))
            return _Matched(stored, None)
        if not members:
            return self._emptied(stored)
        counts: dict[str, Any] = {"desired": len(allowed), "not_allowed": len(members - allowed)}
        self.room_lists.change(stored, checked=self.now(), last_error="", empty_since=None, **counts)
        return _Matched(stored, allowed)

    def _emptied(self, stored: RoomList) -> _Matched:
        """Treat a list without rooms as unknown until it has been empty for EMPTY_FOR."""
        since = stored.empty_since or self.now()
        is_empty = self.now() - since >= EMPTY_FOR
        text = (
            "Graph returns no rooms for this list. Check that the list exists and has rooms: "
            "if it stays empty, the relay stops watching its rooms."
        )
        counts = {"desired": 0, "not_allowed": 0} if is_empty else {}
        self.room_lists.change(stored, checked=self.now(), last_error=text, empty_since=since, **counts)
        return _Matched(stored, set() if is_empty else None)

    def _add(self, address: str, lists: set[str]) -> str:
        """Watch a room that joined; return "joined" if this created its watch, "" if one exists, or OVER_QUOTA."""
        now, room_lists = self.now(), " ".join(sorted(lists))
        new = Watch(watch_id_of(address), address, "relay", now, since=now, by_partner=False, room_lists=room_lists)
        try:
            return "joined" if self.sources.add(new) else ""
        except RequestRejected:
            return OVER_QUOTA

    def _update(self, watch: Watch, lists: set[str]) -> str:
        """Update the lists of a room's watch, or remove a watch without a source; return the result, "" for none."""
        held = self.sources.held_by(watch)
        if not lists and PARTNER not in held:
            try:
                self.watch_setup.remove(watch.id)
            except RelayError as error:  # the next run tries again
                _logger.warning("Watch %s could not be removed: %s", watch.id, error)
                return "kept"
            return "left"
        changed: Watch | None = watch
        for room_list in sorted(lists - held):
            changed = self.sources.hold(room_list, changed) if changed else None
        for room_list in sorted(held - lists - {PARTNER}):
            changed = self.sources.release(room_list, changed) if changed else None
        return ""
