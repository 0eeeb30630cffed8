"""The row that says until when nobody calls Dataverse, read by each process at most twice a second."""

from __future__ import annotations

import json
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
    """`until`: no call before; `failures`: in a row, without a Retry-After. One probe at a time goes after `until`.

    `is_probing`: a probe is under way, and `until` is when it counts as lost. `refused`: moments and owners of the rows
    whose writes were refused since the last one that was not, as JSON.
    """

    id: str = ONLY
    until: datetime | None = None
    failures: int = 0
    is_probing: bool = False
    refused: str = ""
    etag: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError or TypeError if the column of JSON is damaged: the row is unreadable as a whole then."""
        self.refusals()

    def refusals(self) -> list[tuple[datetime, str]]:
        """Return when the write of a row of which owner was refused, oldest first."""
        return [(datetime.fromisoformat(moment), str(owner)) for moment, owner in json.loads(self.refused or "[]")]


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
        """Pause all calls; a longer pause stays, the time of a probe does not."""

        def longer(row: CallPause) -> dict[str, object]:
            is_longer = row.until is None or row.is_probing or until > row.until
            later = until if is_longer else row.until
            return {"until": later, "failures": max(failures, row.failures), "is_probing": False}

        self._read = (self._now(), change_row(self._rows, CallPause(), longer))

    def note_refused(self, owner: str, period: timedelta) -> set[str]:
        """Note a refused write of a row, and return the owners of those that were refused within a period."""
        now = self._now()

        def added(row: CallPause) -> dict[str, object]:
            recent = [(moment, each) for moment, each in row.refusals() if now - moment < period and each != owner]
            return {"refused": json.dumps([[moment.isoformat(), each] for moment, each in [*recent, (now, owner)]])}

        self._read = (now, change_row(self._rows, CallPause(), added))
        return {each for _, each in self._read[1].refusals()}

    def forget_refused(self) -> None:
        """Forget what was refused: a write was carried out, or a pause has begun. A no-op without any."""
        if self.read().refused:
            self._read = (self._now(), change_row(self._rows, CallPause(), lambda _: {"refused": ""}))

    def take_probe(self, seen: CallPause, until: datetime) -> bool:
        """Let this process make the one call of a probe; False if another does."""
        taken = self._rows.change(seen, until=until, is_probing=True)
        self._read = None
        return taken is not None

    def end(self) -> None:
        """End the pause, because the probe was answered. One that began since stays."""

        def ended(row: CallPause) -> dict[str, object]:
            return {"until": None, "failures": 0, "is_probing": False} if row.is_probing else {}

        self._read = (self._now(), change_row(self._rows, CallPause(), ended))
