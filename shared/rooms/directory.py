"""The rooms of the allow-list with their properties, from at most one reading of each source an hour.

A source is a room list of the allow-list, or all rooms of the tenant, of which those are kept that another entry names.
A reading is stored for all instances. The allow-list reads the room lists anyway: one of its readings in an hour asks
for the properties, too, so that callers wait for none.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.errors import GraphError, RelayError
from shared.graph.client import LIST_SECONDS
from shared.graph.rooms import PATIENT_SECONDS
from shared.rooms.reading_rules import Reading, after, claimed, is_due
from shared.rooms.room import PROPERTIES, room_of
from shared.rooms.room_answer import SourceAnswer, answer_of
from shared.storage.rooms.readings import RoomReading, RoomReadings, source_id_of
from shared.storage.watches import watch_id_of
from shared.threads import side_by_side_within

if TYPE_CHECKING:
    from shared.graph.rooms import Rooms
    from shared.policy.allow_list import AllowList
    from shared.policy.permission import Permission

TENANT = ""  # the source of all rooms of the tenant
AT_ONCE = 4  # sources
WAIT_SECONDS = 20.0  # for readings; one that takes longer goes on, and its result is stored


@dataclass(frozen=True, slots=True)
class ListedRooms:
    """Rooms in the order of their ids. `as_of`: when the oldest reading began; None if nothing is allowed.

    `missing`: why rooms may be missing, or their properties be old; "" if neither.
    """

    rooms: list[dict[str, Any]]
    as_of: datetime | None
    missing: str = ""


@dataclass(frozen=True)
class RoomDirectory:
    """Knows the rooms of the allow-list. One instance for all calls; thread-safe."""

    allow_list: AllowList
    permission: Permission
    graph: Rooms
    readings: RoomReadings
    now: Callable[[], datetime]
    wait_seconds: float = WAIT_SECONDS
    _kept: dict[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict, init=False)

    def rooms(self) -> ListedRooms:
        """Return the rooms that the allow-list names now.

        Raises RequestRejected 503 if nothing is known of them, also without the permission Place.Read.All; and
        ConfigurationError or ServiceUnavailable.
        """
        self.permission.require_running()
        sources = [*self.allow_list.room_lists, *([TENANT] if self.allow_list.has_names else [])]
        read = side_by_side_within(self._refreshed, sources, AT_ONCE, self.wait_seconds, "rooms")
        answers = [each or self._answer_of(source) for source, each in zip(sources, read, strict=True)]
        answer = answer_of(answers, self.now())
        rooms = {room["mailbox"]: {"id": watch_id_of(room["mailbox"]), **room} for room in answer.rooms}
        return ListedRooms(sorted(rooms.values(), key=lambda room: room["id"]), answer.as_of, answer.missing)

    def of_list(self, address: str) -> Iterable[str]:
        """Return the addresses of a room list's rooms, in lower case, for the allow-list. Raises GraphError.

        If a reading for callers is due, this is one.
        """
        address = address.lower()
        claim = self._claim_quietly(address) if address in self.allow_list.room_lists else None
        if claim is None:
            return self.graph.of_list(address)
        reading = self._read_claimed(address, claim, LIST_SECONDS)
        with suppress(RelayError):  # of storage: another reading stores it
            self._store(address, claim, reading)
        if reading.failure is not None:
            raise reading.failure
        return [room["mailbox"] for room in reading.rooms]

    def _claim_quietly(self, source: str) -> str | None:
        """Claim a reading; None while storage fails, which must not keep the allow-list from its rooms."""
        with suppress(RelayError):
            return self._claim(source)
        return None

    def _refreshed(self, source: str) -> SourceAnswer | RelayError:
        """Read a source if that is due, and return what is known of it then."""
        try:
            claim = self._claim(source)
            if claim is not None:
                self._store(source, claim, self._read_claimed(source, claim, PATIENT_SECONDS))
        except RelayError as error:
            return error
        return self._answer_of(source)

    def _claim(self, source: str) -> str | None:
        """Claim the next reading of a source; None if none is due, or another instance makes it."""
        row, now, claim = self.readings.get(source), self.now(), uuid.uuid4().hex
        if row is not None and not is_due(row, now):
            return None
        row = self.readings.change(source, lambda each: claimed(each, claim, now) if is_due(each, now) else None)
        return claim if row is not None else None

    def _read_claimed(self, source: str, claim: str, seconds: float) -> Reading:
        """Read a source, and give the claim back if the relay itself fails, such as for want of a token."""
        try:
            return self._read(source, seconds)
        except RelayError:
            with suppress(RelayError):
                self.readings.change(source, lambda row: replace(row, claim="") if row.claim == claim else None)
            raise

    def _read(self, source: str, seconds: float) -> Reading:
        """Read a source from Graph: what was read before an error is part of the result. `seconds`: for a room list."""
        rooms, count, failure, names = dict[str, dict[str, Any]](), 0, None, self._names_for(source)
        try:
            for place in self._all_of(source, seconds):
                room, count = room_of(place), count + 1
                if room is not None and (source != TENANT or self.allow_list.is_named(room["mailbox"])):
                    rooms[room["mailbox"]] = room
        except GraphError as error:
            failure = error
        return Reading(list(rooms.values()), count, names, failure)

    def _all_of(self, source: str, seconds: float) -> Iterator[dict[str, Any]]:
        if source == TENANT:
            return self.graph.of_tenant(PROPERTIES)
        return self.graph.with_properties(source, PROPERTIES, seconds)

    def _store(self, source: str, claim: str, reading: Reading) -> None:
        """Store the result of a reading, unless another was begun since."""
        before, rooms = self._stored(source)
        result = after(before, reading, rooms or [], self.now())
        if result.rooms is not None:
            token, parts = self.readings.write_parts(result.rooms, self.now())
            result = replace(result, row=replace(result.row, token=token, parts=parts))
        stored = self.readings.change(
            source, lambda row: replace(result.row, etag=row.etag) if row.claim == claim else None
        )
        unused = before if stored is not None else result.row
        if result.rooms is not None and unused.token:
            self.readings.delete_parts(unused.token, unused.parts)

    def _answer_of(self, source: str) -> SourceAnswer | RelayError:
        """Return what is known of a source."""
        try:
            row, rooms = self._stored(source)
            if row.as_of is not None and rooms is None:  # a newer reading has just replaced it
                row, rooms = self._stored(source)
        except RelayError as error:
            return error
        if rooms is not None and not source:
            rooms = [room for room in rooms if self.allow_list.is_named(room["mailbox"])]
        return SourceAnswer(row, rooms, has_new_names=row.names != self._names_for(source))

    def _names_for(self, source: str) -> str:
        return self.allow_list.names_hash() if source == TENANT else ""

    def _stored(self, source: str) -> tuple[RoomReading, list[dict[str, Any]] | None]:
        row = self.readings.get(source) or RoomReading(source_id_of(source))
        return row, self._rooms_of(source, row)

    def _rooms_of(self, source: str, row: RoomReading) -> list[dict[str, Any]] | None:
        """Return the rooms of a stored reading; None if there is none. Its parts are read once, until the row changes:
        with a new reading, or when a mailbox was forgotten.
        """
        if row.as_of is None:
            return None
        etag, rooms = self._kept.get(source, ("", []))
        if etag == row.etag:
            return rooms
        stored = self.readings.rooms(row)
        if stored is not None:
            self._kept[source] = row.etag, stored
        return stored
