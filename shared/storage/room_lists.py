"""The room lists that the partner watches as a whole, a row each, beside the watches of their rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Table
from shared.storage.watches import watch_id_of

if TYPE_CHECKING:
    from azure.data.tables import TableClient


@dataclass(frozen=True, slots=True)
class RoomList:
    """A room list that the partner asked for. Moments are in UTC.

    `desired` is how many of its rooms are watched, `not_allowed` how many the allow-list keeps out, both as of
    `checked`, when Graph last told them; `last_error` is why it could not since. `empty_since` is when Graph first said
    that the list has no rooms.
    """

    id: str
    address: str
    created: datetime
    desired: int = 0
    not_allowed: int = 0
    checked: datetime | None = None
    last_error: str = ""
    empty_since: datetime | None = None
    etag: str = ""


def room_list_id_of(address: str) -> str:
    """Return the id of a room list: always the same for an address, and not that of a watch."""
    return watch_id_of(f"roomlist:{address}")


class RoomLists(Table[RoomList]):
    """The rows of room lists, in the table of watches."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, RoomList, "roomlist")
