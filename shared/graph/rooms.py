"""The rooms of a room list. ("List places")"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from shared.graph.client import GraphClient


class Rooms:
    """Reads room lists. Needs Place.Read.All, which nothing else needs. Every method raises GraphError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def of_list(self, address: str) -> Iterator[str]:
        """Yield the addresses of a list's rooms in lower case; rooms without an address have no calendar."""
        path = f"/places/{quote(address, safe='@')}/microsoft.graph.roomList/rooms"
        for room in self._graph.pages(path, {"$select": "id,emailAddress", "$top": "100"}):
            mailbox = room.get("emailAddress")
            if isinstance(mailbox, str) and mailbox:
                yield mailbox.lower()
