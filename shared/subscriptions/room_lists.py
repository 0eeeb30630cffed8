"""Watches of whole room lists: rooms that join a list are watched, rooms that leave it are let go.

A room list that cannot be read changes nothing. Nor does one that is suddenly empty or unknown, until it was so for a
while: a slip in the directory must not cost a building its subscriptions, and the partner what it knows.
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

EMPTY_FOR = timedelta(minutes=20)  # before an empty list is believed: two runs of the timer
AT_ONCE = 8
NO_ROOM = "without-place"  # there are as many watches as there may be

_logger = logging.getLogger("relay.room_lists")


@dataclass(frozen=True, slots=True)
class _Matched:
    """A room list with its allowed rooms, None when they are not known."""

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
        """Store a room list that is to be watched, and queue a reconcile that watches its rooms. Safe to call often.

        Raises RequestRejected when the allow-list does not name it, or Graph does not tell its rooms.
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
        """Forget a room list, and queue a reconcile that lets go of the rooms that nobody else wants."""
        while (stored := self.room_lists.get(room_list_id)) is not None:
            if self.room_lists.delete(stored):
                self.jobs.send(Job("", "reconcile"))

    def progress(self, room_list: RoomList) -> Counter[str]:
        """Return how many of a list's rooms are in which state."""
        rooms = (watch for watch in self.watches.all() if room_list.id in self.sources.held_by(watch))
        return Counter(watch.state for watch in rooms)

    def match_room_lists(self) -> Counter[str]:
        """Bring the watches in step with the room lists; returns how many joined and left.
        Safe to run twice at once.
        """
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

        def bring_in_step(watch_id: str) -> str:
            watch = watches.get(watch_id)
            if watch is None:
                return self._add(addresses[watch_id], lists_of[watch_id])
            return self._bring_in_step(watch, lists_of[watch_id])

        results = dict(zip(lists_of, side_by_side(bring_in_step, lists_of, AT_ONCE, "rooms"), strict=True))
        self._note_missing([lists_of[watch_id] for watch_id, result in results.items() if result == NO_ROOM])
        return Counter(result for result in results.values() if result)

    def _note_missing(self, lists: list[set[str]]) -> None:
        """Note on each list how many of its rooms are not watched, because there are as many watches as there may
        be.
        """
        for room_list_id, number in Counter(each for of_room in lists for each in of_room).items():
            stored = self.room_lists.get(room_list_id)
            if stored is not None:
                rejection = self.sources.quota.rejection()
                text = f"{number} of its rooms are not watched: there is no place left. {rejection}"
                self.room_lists.change(stored, last_error=text)

    def _match(self, stored: RoomList) -> _Matched:
        """Read a list's rooms and note on its row how that went."""
        try:
            members = set(self.rooms.of_list(stored.address))
            self.allow_list.learn(stored.address, members)  # a room that joins is allowed with its list
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
        """Believe that a list has no rooms only when it was so for a while."""
        since = stored.empty_since or self.now()
        believed = self.now() - since >= EMPTY_FOR
        text = "Graph finds no rooms in this list. Is it still there? Its rooms are let go when that lasts."
        counts = {"desired": 0, "not_allowed": 0} if believed else {}
        self.room_lists.change(stored, checked=self.now(), last_error=text, empty_since=since, **counts)
        return _Matched(stored, set() if believed else None)

    def _add(self, address: str, lists: set[str]) -> str:
        """Watch a room that joined, and return "joined" if that made its watch, or NO_ROOM."""
        now, room_lists = self.now(), " ".join(sorted(lists))
        new = Watch(watch_id_of(address), address, "relay", now, since=now, by_partner=False, room_lists=room_lists)
        try:
            return "joined" if self.sources.add(new) else ""
        except RequestRejected:
            return NO_ROOM

    def _bring_in_step(self, watch: Watch, lists: set[str]) -> str:
        """Give a room's watch its lists, and return "left" if that ended it."""
        held = self.sources.held_by(watch)
        if not lists and PARTNER not in held:
            try:
                self.watch_setup.remove(watch.id)
            except RelayError as error:  # the next run does it
                _logger.warning("Watch %s could not be let go: %s", watch.id, error)
                return "kept"
            return "left"
        changed: Watch | None = watch
        for room_list in sorted(lists - held):
            changed = self.sources.hold(room_list, changed) if changed else None
        for room_list in sorted(held - lists - {PARTNER}):
            changed = self.sources.release(room_list, changed) if changed else None
        return ""
