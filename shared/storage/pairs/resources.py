"""The rows of bookable resources that are, or were, followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Table, compared

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PARTITION = "resource"


@dataclass(frozen=True, slots=True)
class StoredResource:
    """A bookable resource. `id` is its id as 32 hex digits; its name is not stored.

    - `mailbox`, `watch_id`: its calendar. `user_id`: the user's id in Entra, "" for a room or a machine.
    - `state`: that of the last reading (shared.dataverse.look.ResourceState); `since`: since when.
    - `read_at`: when it was last read. `started_at`: when its first sync was released; None before.
    - `tagged_at`: when an event of Microsoft's own sync was last seen in the mailbox.
    - `titles`: the value of DATAVERSE_TITLES with which the names of its bookings were last written.
    """

    id: str
    mailbox: str = ""
    watch_id: str = ""
    user_id: str = ""
    state: str = ""
    since: datetime | None = None
    read_at: datetime | None = field(default=None, metadata=compared())
    started_at: datetime | None = None
    tagged_at: datetime | None = None
    titles: str = ""
    etag: str = ""


class Resources(Table[StoredResource]):
    """The rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, StoredResource, PARTITION)
