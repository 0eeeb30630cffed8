"""Delete each night the rows that are of no use any more, and what interrupted removals left.

Each kind is swept by itself: an error of one is logged, and neither stops the others nor deletes anything undecided.
Ledger entries have a sweep of their own (shared/resync/ledger_sweep.py); tombstones, retries and unknown subscriptions
end where they are read. docs/data-protection.md lists every kind with its end.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from shared.errors import RelayError
from shared.forgetting.off_list import OffListRows
from shared.forgetting.rows import MailboxRows
from shared.storage.deletion.call_rows import CallRows
from shared.storage.deletion.pair_rows import PairRows
from shared.storage.deletion.slot_rows import SlotRows
from shared.storage.leases import Leases
from shared.storage.parked import DEAD, WAITING, Parked, key_of
from shared.storage.replays import Replays
from shared.storage.tombstones import RemovedWatches
from shared.unreadable_rows import Unreadable

LEASES_KEPT = timedelta(days=7)  # after their end; clocks of instances have been five days apart
REPLAYS_KEPT = timedelta(days=30)  # after their beginning
SLOTS_KEPT = timedelta(days=7)  # after a booking's end
# A parked change or dead letter of a watch without a row and without a tombstone: its row may have been lost, and can
# be restored meanwhile.
ORPHANS_KEPT = timedelta(days=90)
BUDGET = timedelta(seconds=60)  # for the parked changes; the next night begins at another place

_logger = logging.getLogger("relay.forgetting")


class FeatureRows(NamedTuple):
    """The rows that features keep beside slot bookings."""

    calls: CallRows
    pairs: PairRows


@dataclass(frozen=True)
class OldRows:
    """Sweeps the tables. `beginning` returns the id at which the sweep of parked changes begins."""

    rows: MailboxRows
    leases: Leases
    replays: Replays
    slots: SlotRows
    features: FeatureRows
    off_list: OffListRows
    removed: RemovedWatches
    now: Callable[[], datetime]
    beginning: Callable[[], str] = lambda: uuid.uuid4().hex

    def sweep(self) -> int:
        """Sweep every kind of row, and return how many rows were deleted."""
        now = self.now()
        sweeps: dict[str, Callable[[], int]] = {
            "leases": lambda: self.leases.drop_old(now - LEASES_KEPT),
            "replays": lambda: self.replays.drop_old(now - REPLAYS_KEPT),
            "slot bookings": lambda: self.slots.drop_ended(now - SLOTS_KEPT),
            "calls of features": lambda: self.features.calls.drop_ended(now),
            "pairs": lambda: self.features.pairs.drop_ended(now),
            "slot bookings of forgotten mailboxes": self.rows.forget_slots_left,
            "mailboxes off the list": lambda: self.off_list.drop_old(now),
            "replays of removed watches": self._sweep_named,
            "parked changes": lambda: self._sweep_parked(WAITING),
            "dead letters": lambda: self._sweep_parked(DEAD),
        }
        return sum(_swept(kind, sweep) for kind, sweep in sweeps.items())

    def _sweep_named(self) -> int:
        """Delete a removed watch's id from the rows that are about other things."""
        named = self.replays.watch_ids() | {self.rows.rollout.read().first_id}
        removed = [each for each in sorted(named) if each and self.removed.names(each)]
        return sum(self.replays.forget(each) + self.rows.forget_rollout(each) for each in removed)

    def _sweep_parked(self, kind: str) -> int:
        """Delete the rows of removed watches, and those whose watch has had no row for a long time."""
        stop, swept, known = self.now() + BUDGET, 0, dict[str, bool | None]()
        for row in self._parked(kind):
            watch_id = row.watch_id if isinstance(row, Parked) else str(row.cells.get("watch_id") or "")
            if self.now() >= stop:
                break
            if not watch_id:
                continue  # a message that could not be read: it names nobody
            if watch_id not in known:
                known[watch_id] = self._is_removed(watch_id)
                swept += self.rows.forget_parked(kind, watch_id) if known[watch_id] else 0
            if known[watch_id] is None and isinstance(row, Parked) and row.at < self.now() - ORPHANS_KEPT:
                swept += self.rows.parked.drop(kind, [row])
        return swept

    def _parked(self, kind: str) -> Iterator[Parked | Unreadable]:
        first = self.beginning()
        yield from self.rows.parked.rows(kind, first)
        yield from takewhile(lambda row: key_of(row) <= first, self.rows.parked.rows(kind))

    def _is_removed(self, watch_id: str) -> bool | None:
        """Return whether a watch was removed; None if it has no row, and nothing says that it was removed."""
        if self.removed.names(watch_id):
            return True
        return None if self.rows.watches.find(watch_id) is None else False


def _swept(kind: str, sweep: Callable[[], int]) -> int:
    try:
        return sweep()
    except RelayError as error:
        _logger.warning("The sweep of %s failed; the next night tries again: %s", kind, error)
        return 0
