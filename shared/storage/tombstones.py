"""Tombstones: the subscriptions whose watches were deleted, so that a deletion that was interrupted can be finished.

A row holds a hash of the subscription's id and a time, nothing else, for KEEP. A removed watch has one of its own, and
one if the slot bookings of its mailbox are deleted, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.messages import Change
from shared.storage.table import Table, compared, text_of
from shared.storage.watches import Watches
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_WATCH = "watch "  # before the id of a watch
_SLOTS = "slots "  # before the id of the watch whose mailbox's slot bookings are deleted, too
KEEP = timedelta(days=10)  # longer than a subscription lives: Graph allows 10,080 minutes


@dataclass(frozen=True, slots=True)
class Tombstone:
    """`id` is a hash of the id of a subscription or of a watch; `at` is when the watch was deleted."""

    id: str
    at: datetime | None = field(default=None, metadata=compared())
    etag: str = ""


class Tombstones(Table[Tombstone]):
    """The rows of tombstones. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Tombstone, "tombstone")

    def write(self, subscription_id: str, moment: datetime) -> None:
        """Record that a subscription is being deleted, from `moment` on also if this was recorded before."""
        row = Tombstone(_hash(subscription_id), moment)
        if self.insert(row) is None and self.merge(row, at=moment) is None:
            self.insert(row)  # it was dropped in between

    def names(self, subscription_id: str) -> bool:
        """Return whether a tombstone names a subscription: by its key, so an unreadable one does, too."""
        return self.find(_hash(subscription_id)) is not None

    def written_at(self, subscription_id: str) -> datetime | None:
        """Return when a tombstone was last written; None if there is none. An unreadable time is the last of all."""
        row = self.find(_hash(subscription_id))
        return datetime.max.replace(tzinfo=UTC) if isinstance(row, Unreadable) else row.at if row is not None else None

    def write_watch(self, watch_id: str, moment: datetime) -> None:
        """Record that a watch is being removed, so that what is left of it can be deleted."""
        self.write(_WATCH + watch_id, moment)

    def names_watch(self, watch_id: str) -> bool:
        """Return whether a tombstone names a watch."""
        return self.names(_WATCH + watch_id)

    def write_slots(self, watch_id: str, moment: datetime) -> None:
        """Record that the slot bookings of a watch's mailbox are being deleted, so that the rest can be."""
        self.write(_SLOTS + watch_id, moment)

    def slots_deleted_at(self, watch_id: str) -> datetime | None:
        """Return when the slot bookings of a watch's mailbox were last deleted; None if no tombstone says so."""
        return self.written_at(_SLOTS + watch_id)

    def drop(self, subscription_id: str) -> None:
        """Delete the tombstone of a subscription, if there is one."""
        row = self.find(_hash(subscription_id))
        if row is not None:
            self.delete(Tombstone(row.key, etag=row.etag) if isinstance(row, Unreadable) else row)

    def drop_old(self, now: datetime) -> int:
        """Delete the rows older than KEEP, and return their number."""
        old = list(self.select("at lt @before", {"before": text_of(now - KEEP)}))
        return sum(self.delete(each) for each in old if not isinstance(each, Unreadable))


class RemovedWatches:
    """Knows which watches were removed. That a watch has no row is no proof: its tombstone is.

    Methods raise ServiceUnavailable or ConfigurationError when storage fails.
    """

    def __init__(self, watches: Watches, tombstones: Tombstones) -> None:
        self._watches = watches
        self._tombstones = tombstones

    def names(self, watch_id: str) -> bool:
        """Return whether a watch was removed and is not watched again. An unreadable row is a row."""
        return self._watches.find(watch_id) is None and self._tombstones.names_watch(watch_id)

    def without(self, changes: Sequence[Change]) -> list[Change]:
        """Return changes without those of removed watches."""
        removed = {each for each in {change.watch_id for change in changes} if self.names(each)}
        return [change for change in changes if change.watch_id not in removed]


def _hash(subscription_id: str) -> str:
    return hashlib.sha256(subscription_id.encode("utf-8", "replace")).hexdigest()[:32]
