"""The rooms of a room list, and all rooms of the tenant. ("List places")"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from shared.errors import GraphRejected, GraphUnavailable
from shared.graph.client import LIST_PAGES, LIST_SECONDS, TOO_MANY_PAGES, TOO_SLOW, GraphClient

PAGE_SIZE = 100  # the default
TENANT_PAGES = 300  # of all rooms of a tenant
PATIENT_SECONDS = 120.0  # for what nobody waits for: hundreds of pages, one after the other


class Rooms:
    """Reads room lists. Needs Place.Read.All, which nothing else needs. Every method raises GraphError."""

    def __init__(self, graph: GraphClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._graph = graph
        self._clock = clock

    def of_list(self, address: str) -> Iterator[str]:
        """Yield the addresses of a list's rooms in lower case; rooms without an address have no calendar.

        More than LIST_PAGES full pages are GraphRejected.
        """
        for room in self._all(_path_of(address), {"$select": "id,emailAddress"}, LIST_PAGES, LIST_SECONDS):
            mailbox = room.get("emailAddress")
            if isinstance(mailbox, str) and mailbox:
                yield mailbox.lower()

    def with_properties(self, address: str, properties: str, seconds: float = LIST_SECONDS) -> Iterator[dict[str, Any]]:
        """Yield a list's rooms with some properties, separated by commas, among them `id` and `emailAddress`.

        More than LIST_PAGES full pages are GraphRejected, and more than `seconds` GraphUnavailable.
        """
        return self._all(_path_of(address), {"$select": properties}, LIST_PAGES, seconds)

    def of_tenant(self, properties: str) -> Iterator[dict[str, Any]]:
        """Yield all rooms of the tenant with some properties.

        More than TENANT_PAGES full pages are GraphRejected, and more than PATIENT_SECONDS GraphUnavailable.
        """
        return self._all("/places/microsoft.graph.room", {"$select": properties}, TENANT_PAGES, PATIENT_SECONDS)

    def _all(self, path: str, select: dict[str, str], most: int, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the rooms of all pages, each once.

        The page documents nextLink, but Graph does not send it here: a full page without one is followed by a page
        with $skip, until a page is not full or has nothing new.
        """
        known: set[str] = set()
        read, size, end = 0, PAGE_SIZE, self._clock() + seconds
        while size and size % PAGE_SIZE == 0:
            if read >= most * PAGE_SIZE:
                raise GraphRejected(200, TOO_MANY_PAGES)
            if self._clock() > end:
                raise GraphUnavailable(0, TOO_SLOW)
            params = select | {"$top": str(PAGE_SIZE)} | ({"$skip": str(read)} if read else {})
            size, before = 0, len(known)
            for size, room in enumerate(self._graph.pages(path, params, most=most, seconds=seconds), 1):  # noqa: B007
                if (key := _key(room)) not in known:
                    known.add(key)
                    yield room
            read, size = read + size, size if len(known) > before else 0


def _path_of(room_list: str) -> str:
    return f"/places/{quote(room_list, safe='@')}/microsoft.graph.roomList/rooms"


def _key(room: dict[str, Any]) -> str:
    """Return what identifies a room within its list."""
    return str(room.get("id") or room.get("emailAddress") or room)
