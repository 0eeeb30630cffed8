"""Appointments that are being made: one row for each, so that the same is never made twice at once.

The id is a fingerprint of business, service, start and customer, or of a business whose staff is being given away;
nothing else of them is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient


@dataclass(frozen=True, slots=True)
class Lease:
    """An appointment that somebody is making, and until when nobody else may try."""

    id: str
    until: datetime | None
    etag: str = ""


class Leases(Table[Lease]):
    """The table of them. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Lease, "attempt")

    def begin(self, attempt_id: str, now: datetime, until: datetime) -> Lease | None:
        """Return the row if the attempt is ours to make now; None while somebody else's stands."""
        made = self.insert(Lease(attempt_id, until))
        if made is not None:
            return made
        standing = self.get(attempt_id)
        if standing is None or (standing.until is not None and standing.until > now):
            return None
        return self.change(standing, until=until)
