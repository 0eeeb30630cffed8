"""The rooms of a room list. ("List places")"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from shared.errors import GraphRejected
from shared.graph.client import LIST_PAGES, LIST_SECONDS, TOO_MANY_PAGES, GraphClient

PAGE_SIZE = 100  # the default


class Rooms:
    """Reads room lists. Needs Place.Read.All, which nothing else needs. Every method raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def of_list(self, address: str) -> Iterator[str]:
        """Yield the addresses of a list's rooms in lower case; rooms without an address have no calendar.

        The page documents nextLink, but Graph does not send it here: a full page without one is followed by a page
        with $skip, until a page is not full or has nothing new. More than LIST_PAGES full pages are GraphRejected.
        """
        known: set[str] = set()
        read, size = 0, PAGE_SIZE
        while size and size % PAGE_SIZE == 0:
            if read >= LIST_PAGES * PAGE_SIZE:
                raise GraphRejected(200, TOO_MANY_PAGES)
            page = self._page(address, read)
            new = {key: room for room in page if (key := _key(room)) not in known}
            for room in new.values():
                mailbox = room.get("emailAddress")
                if isinstance(mailbox, str) and mailbox:
                    yield mailbox.lower()
            known |= new.keys()
            read, size = read + len(page), len(page) if new else 0

    def _page(self, address: str, skip: int) -> list[dict[str, Any]]:
        path = f"/places/{quote(address, safe='@')}/microsoft.graph.roomList/rooms"
        params = {"$select": "id,emailAddress", "$top": str(PAGE_SIZE)} | ({"$skip": str(skip)} if skip else {})
        return list(self._graph.pages(path, params, most=LIST_PAGES, seconds=LIST_SECONDS))


def _key(room: dict[str, Any]) -> str:
    """Return what identifies a room within its list."""
    return str(room.get("id") or room.get("emailAddress") or room)
