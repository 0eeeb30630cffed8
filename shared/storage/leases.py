"""Leases: named locks with one holder at a time across all instances. The lease of a crashed holder expires.

The row's key is a hash of the name, so a name may be any text and cannot be read in storage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.storage.table import Table

if TYPE_CHECKING:
    from azure.data.tables import TableClient


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease. `id` is the hash of its name; until `until` no other holder can acquire it."""

    id: str
    until: datetime | None
    etag: str = ""


class Leases(Table[Lease]):
    """The table of leases. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Lease, "attempt")

    def acquire(self, name: str, now: datetime, until: datetime) -> Lease | None:
        """Acquire the lease of a name until `until`. Return None while another holder has it."""
        return self._acquire(lease_id_of(name), now, until)

    def release(self, lease: Lease) -> None:
        """Release a lease, unless it expired and another holder acquired it."""
        self.delete(lease)

    def _acquire(self, lease_id: str, now: datetime, until: datetime) -> Lease | None:
        created = self.insert(Lease(lease_id, until))
        if created is not None:
            return created
        existing = self.get(lease_id)
        if existing is None or (existing.until is not None and existing.until > now):
            return None
        return self.change(existing, until=until)


def lease_id_of(name: str) -> str:
    """Return the row key of a lease: 32 hex digits, a hash of its name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
