"""The row that says until when nobody calls Dataverse, read by each process at most twice a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.storage.pairs.row import change_row
from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient

ONLY, PARTITION = "0" * 32, "pause"
FRESH = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class CallPause:
    """`until`: no call before; `failures`: in a row, without a Retry-After. One probe at a time goes after `until`."""

    id: str = ONLY
    until: datetime | None = None
    failures: int = 0
    etag: str = ""


class CallPauses:
    """The row. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient], now: Callable[[], datetime]) -> None:
        self._rows = Table(table, CallPause, PARTITION)
        self._now = now
        self._read: tuple[datetime, CallPause] | None = None

    def read(self) -> CallPause:
        """Return the row, at most FRESH old."""
        if self._read is None or self._now() - self._read[0] >= FRESH:
            self._read = (self._now(), self._rows.get(ONLY) or CallPause())
        return self._read[1]

    def pause(self, until: datetime, failures: int) -> None:
        """Pause all calls; a longer pause stays."""

        def longer(row: CallPause) -> dict[str, object]:
            is_longer = row.until is None or until > row.until
            return {"until": until if is_longer else row.until, "failures": max(failures, row.failures)}

        self._read = (self._now(), change_row(self._rows, CallPause(), longer))

    def take_probe(self, seen: CallPause, until: datetime) -> bool:
        """Let this process make the one call of a probe; False if another does."""
        taken = self._rows.change(seen, until=until)
        self._read = None
        return taken is not None

    def end(self) -> None:
        """End the pause: a call was answered."""
        self._read = (self._now(), change_row(self._rows, CallPause(), lambda _: {"until": None, "failures": 0}))
