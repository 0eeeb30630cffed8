"""What the feature remembers of Dataverse between its runs: one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.storage.pairs.row import change_row
from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

ONLY = "0" * 32
PARTITION = "tracking"


@dataclass(frozen=True, slots=True)
class Tracking:
    """The state of change tracking, and the environment that `start` noted.

    - `delta_link`: the address of the next changes, stored last: when all changes before it are on the queue.
      `delta_at`: when it was given. `token_days`: how long the organization keeps it.
    - `next_link`: where an unfinished walk goes on; `walk_began`: when that walk began.
    - `modified_since`: where the next reading by modifiedon begins, if change tracking is off.
    - `organization`, `environment`, `environment_type`: as `start` noted them. `started_at`: when.
    - `highest_version`: the highest versionnumber seen; a lower one later shows that the environment was restored.
      `walk_version`: the highest one of an unfinished walk.
    - `held_since`: since when an administrator holds the whole feature.
    - `hooked_at`: when the last webhook arrived, a minute older at most.
    """

    id: str = ONLY
    delta_link: str = ""
    delta_at: datetime | None = None
    token_days: int = 0
    next_link: str = ""
    walk_began: datetime | None = None
    modified_since: datetime | None = None
    organization: str = ""
    environment: str = ""
    environment_type: str = ""
    started_at: datetime | None = None
    highest_version: str = ""
    walk_version: str = ""
    held_since: datetime | None = None
    hooked_at: datetime | None = None
    etag: str = ""


class TrackingRow:
    """The row. Methods raise ServiceUnavailable or ConfigurationError when storage fails, or the row is unreadable:
    without it, it is not known of which organization the pairs are.
    """

    def __init__(self, table: Callable[[], TableClient]) -> None:
        self._rows = Table(table, Tracking, PARTITION)

    def read(self) -> Tracking:
        """Return the row, or a blank one before the first start."""
        return self._rows.get(ONLY) or Tracking()

    def change(self, decide: Callable[[Tracking], dict[str, Any]]) -> Tracking:
        """Apply the changes that `decide` returns for the present row, again if it was changed meanwhile."""
        return change_row(self._rows, Tracking(), decide)
