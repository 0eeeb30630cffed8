"""Replays of dead letters, and their progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Table, stored_as

if TYPE_CHECKING:
    from azure.data.tables import TableClient


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay: when it was requested, the selection as JSON, how many letters are queued, the id of the last of them
    (`after`), and when it was done.
    """

    id: str
    requested_at: datetime | None = field(metadata=stored_as("asked"))
    selection: str
    queued: int = 0
    after: str = ""
    done: datetime | None = None
    etag: str = ""


class Replays(Table[Replay]):
    """The rows of replays. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Replay, "replay")
