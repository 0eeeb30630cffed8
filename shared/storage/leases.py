"""Leases: a name that one holder at a time may have, across instances. A holder that crashed loses it when it expires.

The row's key is a hash of the name, so a name may be any text, and nothing of it can be read in storage.
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
    """A lease that is held: `id` is the hash of its name; nobody else can acquire it before `until`."""

    id: str
    until: datetime | None
    etag: str = ""


class Leases(Table[Lease]):
    """The table of leases. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Lease, "attempt")

    def acquire(self, name: str, now: datetime, until: datetime) -> Lease | None:
        """Acquire the lease of a name until a moment. Return None while another holder has it."""
        return self._acquire(lease_id_of(name), now, until)

    def release(self, lease: Lease) -> None:
        """Release a lease. One that has expired and was acquired by another holder stays theirs."""
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
    """Return the row key of a lease: 32 hex digits, made of its name."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
