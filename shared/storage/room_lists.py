"""The watched room lists, one row each, in the table of watches."""

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
    """A room list that the partner watches. Times are in UTC.

    `desired` is the number of its rooms to watch, `not_allowed` the number that the allow-list excludes, both as of
    `checked`, the last successful read from Graph; `last_error` is why a later read failed. `empty_since` is when Graph
    first returned no rooms.
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
    """Return the id of a room list: derived from its address, and different from any watch's id."""
    return watch_id_of(f"roomlist:{address}")


class RoomLists(Table[RoomList]):
    """The rows of room lists, in the table of watches."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, RoomList, "roomlist")
