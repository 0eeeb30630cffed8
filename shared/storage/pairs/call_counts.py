"""How many calls of Dataverse all instances made in each hour of the last day: one row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.storage.pairs.row import change_row
from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

ONLY, PARTITION = "0" * 32, "calls"
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CallCount:
    """`hours`: the numbers by hour in UTC, as JSON: `{"2026-11-20T10": 120}`."""

    id: str = ONLY
    hours: str = ""
    etag: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError or TypeError if the column is damaged: the row is unreadable as a whole then."""
        self.by_hour()

    def by_hour(self) -> dict[str, int]:
        """Return the numbers by hour."""
        return {str(hour): int(number) for hour, number in dict(json.loads(self.hours or "{}")).items()}


class CallCounts:
    """The row. Methods raise ServiceUnavailable or ConfigurationError when storage fails, or the row is unreadable."""

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        self._rows = Table(table, CallCount, PARTITION)
        self._now = now

    def add(self, number: int) -> None:
        """Count calls of this hour, and forget those of more than a day ago."""
        hour = _name(self._now())

        def added(row: CallCount) -> dict[str, Any]:
            hours = self._recent(row)
            return {"hours": json.dumps({**hours, hour: hours.get(hour, 0) + number})}

        change_row(self._rows, CallCount(), added)

    def of_last_day(self) -> int:
        """Return about how many calls there were in the last 24 hours: whole hours are counted."""
        return sum(self._recent(self._rows.get(ONLY) or CallCount()).values())

    def _recent(self, row: CallCount) -> dict[str, int]:
        first = _name(self._now() - DAY)
        return {hour: number for hour, number in row.by_hour().items() if hour > first}


def _name(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H}"
