"""Which room lists a room belongs to: what readings show, and what is kept while they do not show it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.storage.room_lists import RoomList
from shared.storage.watches import Watch, watch_id_of


@dataclass(frozen=True, slots=True)
class MatchedList:
    """A watched room list with its allowed rooms. Unless it is complete, other rooms may belong to it, too."""

    room_list: RoomList
    rooms: frozenset[str] = frozenset()
    is_complete: bool = False


@dataclass(frozen=True)
class Membership:
    """Which room lists the rooms belong to, by ids.

    `lists_of`: the lists whose readings contain a room, by its watch's id. `complete`: the lists of which all rooms are
    known; `incomplete`: others whose rows exist. `exists` returns whether a list that is neither is watched by now.
    """

    lists_of: Mapping[str, set[str]]
    complete: frozenset[str]
    incomplete: frozenset[str]
    exists: Callable[[str], bool]

    def lists(self, watch: Watch) -> set[str]:
        """Return the lists that a room belongs to, or may still belong to."""
        kept = {each for each in watch.room_lists.split() if not self._is_left(each)}
        return kept | self.lists_of.get(watch.id, set())

    def _is_left(self, room_list_id: str) -> bool:
        """Return whether a room has left a list, if no reading of the list contains it."""
        return room_list_id in self.complete or not (room_list_id in self.incomplete or self.exists(room_list_id))


def membership_of(
    matched: Sequence[MatchedList], unreadable: Iterable[str], exists: Callable[[str], bool]
) -> Membership:
    """Return the membership after readings of lists; `unreadable` are the ids of lists whose rows cannot be read."""
    lists_of: dict[str, set[str]] = {}
    for match in matched:
        for room in match.rooms:
            lists_of.setdefault(watch_id_of(room), set()).add(match.room_list.id)
    complete = frozenset(match.room_list.id for match in matched if match.is_complete)
    incomplete = {match.room_list.id for match in matched if not match.is_complete}
    return Membership(lists_of, complete, frozenset(incomplete.union(unreadable)), exists)
