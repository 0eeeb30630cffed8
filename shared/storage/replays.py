"""Replays of dead letters, and how far each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Rows

if TYPE_CHECKING:
    from azure.data.tables import TableClient


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay: when it was asked for, the selection as JSON, how many letters are queued, the last one's id (`after`),
    and when it was done.
    """

    id: str
    asked: datetime | None
    selection: str
    queued: int = 0
    after: str = ""
    done: datetime | None = None
    etag: str = ""


class Replays(Rows[Replay]):
    """The table of them. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Replay, "replay")
