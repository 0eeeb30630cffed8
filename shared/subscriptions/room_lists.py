"""Watches of whole room lists: rooms that join a list are watched, rooms that leave it are let go.

A room list that cannot be read changes nothing. Nor does one that is suddenly empty or unknown, until it was so for a
while: a slip in the directory must not cost a building its subscriptions, and the partner what it knows.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.api.graph_errors import trace_of
from shared.errors import GraphError, GraphForbidden, GraphNotFound, GraphUnavailable, RelayError, RequestRejected
from shared.messages import Job
from shared.parts import Parts
from shared.storage.room_lists import RoomList, room_list_id_of
from shared.storage.watches import Watch, watch_id_of
from shared.subscriptions.subscribe import let_go
from shared.threads import side_by_side

EMPTY_FOR = timedelta(minutes=20)  # before an empty list is believed: two runs of the timer
AT_ONCE = 8
NO_PLACE = "without-place"

_logger = logging.getLogger("relay.room_lists")


def watch_room_list(parts: Parts, address: str) -> RoomList:
    """Store the wish to watch a room list, and queue a reconcile that watches its rooms. Safe to call often.

    Raises RequestRejected when the allow-list does not name it, or Graph does not tell its rooms.
    """
    address = address.lower()
    if not parts.allow_list.allows_list(address):
        raise RequestRejected(403, "Room list not allowed", "The customer's ALLOWED_MAILBOXES does not name this list.")
    rooms = _asked(parts, address)
    if parts.room_lists.get(room_list_id_of(address)) is None:
        parts.places.check()
    new = RoomList(room_list_id_of(address), address, parts.now(), desired=len(rooms))
    stored = parts.room_lists.insert(new) or parts.room_lists.get(new.id) or new
    _queue_reconcile(parts)
    return stored


def release_room_list(parts: Parts, room_list_id: str) -> None:
    """Forget a room list, and queue a reconcile that lets go of the rooms that nobody else asked for."""
    while (stored := parts.room_lists.get(room_list_id)) is not None:
        if parts.room_lists.delete(stored):
            _queue_reconcile(parts)


def progress(parts: Parts, room_list: RoomList) -> Counter[str]:
    """Return how many of a list's rooms are in which state."""
    rooms = (watch for watch in parts.watches.all() if room_list.id in watch.room_lists.split())
    return Counter(watch.state for watch in rooms)


def match_room_lists(parts: Parts) -> Counter[str]:
    """Bring the watches in step with the room lists; returns how many joined and left. Safe to run twice at once."""
    matched = [_match(parts, stored) for stored in parts.room_lists.all()]
    watches = {watch.id: watch for watch in parts.watches.all()}
    unread = {one.room_list.id for one in matched if one.rooms is None}
    lists_of: dict[str, set[str]] = {
        watch.id: unread & set(watch.room_lists.split()) for watch in watches.values() if watch.room_lists
    }
    addresses: dict[str, str] = {}
    for one in matched:
        for room in one.rooms or ():
            lists_of.setdefault(watch_id_of(room), set()).add(one.room_list.id)
            addresses[watch_id_of(room)] = room

    def brought_in_step(watch_id: str) -> str:
        return _in_step(parts, watches.get(watch_id), addresses.get(watch_id, ""), lists_of[watch_id])

    ends = dict(zip(lists_of, side_by_side(brought_in_step, lists_of, AT_ONCE, "rooms"), strict=True))
    _tell_of_those_without_a_place(parts, [lists_of[watch_id] for watch_id, end in ends.items() if end == NO_PLACE])
    return Counter(end for end in ends.values() if end)


@dataclass(frozen=True, slots=True)
class _Matched:
    """A room list with its allowed rooms, None when they are not known."""

    room_list: RoomList
    rooms: set[str] | None


def _tell_of_those_without_a_place(parts: Parts, lists: list[set[str]]) -> None:
    """Note on each list how many of its rooms are not watched, because there are as many watches as there may be."""
    for room_list_id, number in Counter(one for of_room in lists for one in of_room).items():
        stored = parts.room_lists.get(room_list_id)
        if stored is not None:
            text = f"{number} of its rooms are not watched: there is no place left. {parts.places.refusal()}"
            parts.room_lists.change(stored, last_error=text)


def _match(parts: Parts, stored: RoomList) -> _Matched:
    """Read a list's rooms and note on its row how that went."""
    try:
        members = set(parts.rooms.of_list(stored.address))
        parts.allow_list.learn(stored.address, members)  # a room that joins is allowed with its list
        allowed = {room for room in members if parts.allow_list.allows(room)}
    except GraphNotFound:
        members = allowed = set()
    except RelayError as error:
        _logger.warning("Room list %s cannot be read: %s", stored.id, error)
        parts.room_lists.change(stored, last_error=str(error))
        return _Matched(stored, None)
    if not members:
        return _emptied(parts, stored)
    counts: dict[str, Any] = {"desired": len(allowed), "not_allowed": len(members - allowed)}
    parts.room_lists.change(stored, checked=parts.now(), last_error="", empty_since=None, **counts)
    return _Matched(stored, allowed)


def _emptied(parts: Parts, stored: RoomList) -> _Matched:
    """Believe that a list has no rooms only when it was so for a while."""
    since = stored.empty_since or parts.now()
    believed = parts.now() - since >= EMPTY_FOR
    text = "Graph finds no rooms in this list. Is it still there? Its rooms are let go when that lasts."
    counts = {"desired": 0, "not_allowed": 0} if believed else {}
    parts.room_lists.change(stored, checked=parts.now(), last_error=text, empty_since=since, **counts)
    return _Matched(stored, set() if believed else None)


def _in_step(parts: Parts, watch: Watch | None, address: str, lists: set[str]) -> str:
    """Give one room its lists, and return "joined" or "left" if that made or ended its watch, or NO_PLACE."""
    text, now = " ".join(sorted(lists)), parts.now()
    if watch is None:
        new = Watch(watch_id_of(address), address, "relay", now, since=now, asked=False, room_lists=text)
        if not parts.places.take():
            return NO_PLACE
        if parts.watches.insert(new):
            return "joined"
        parts.places.give_back()
        return ""
    if not lists and not watch.asked:
        try:
            let_go(parts, watch.id)
        except RelayError as error:  # the next run does it
            _logger.warning("Watch %s could not be let go: %s", watch.id, error)
            return "kept"
        return "left"
    if watch.room_lists != text:
        parts.watches.change(watch, room_lists=text)
    return ""


def _asked(parts: Parts, address: str) -> list[str]:
    """Return a list's rooms, or raise what the partner has to know."""
    try:
        return list(parts.rooms.of_list(address))
    except GraphError as error:
        raise _refusal_of(error) from error


def _refusal_of(error: GraphError) -> RequestRejected:
    trace = trace_of(error)
    if isinstance(error, GraphNotFound):
        return RequestRejected(422, "Unknown room list", "Graph finds no room list with this address." + trace)
    if isinstance(error, GraphForbidden):
        text = "The relay may not read room lists: the customer's IT has to grant Place.Read.All."
        return RequestRejected(502, "Permission missing at Microsoft Graph", text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return RequestRejected(503, "Microsoft Graph is busy", "Try again after the time in Retry-After." + trace, wait)
    return RequestRejected(502, "Refused by Microsoft Graph", "Graph does not tell the rooms of this list." + trace)


def _queue_reconcile(parts: Parts) -> None:
    parts.repairs.send(Job("", "reconcile"))
