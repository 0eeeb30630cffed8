"""Delete the rows that name a mailbox. Its subscriptions at Graph must have been deleted before.

Every step may be repeated, and each can be the last before a crash: what is left then, the next call or the night
deletes. A watch of the same mailbox that was set up meanwhile keeps its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from shared.forgetting.off_list import OffListRows
from shared.policy.owner import OwnerReading, OwnerReadings
from shared.storage.deletion.slot_rows import SlotRows
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry
from shared.storage.maintenance import Rollout, SingleRow
from shared.storage.parked import DEAD, WAITING, Parked, ParkedChanges, key_of
from shared.storage.replays import Replays
from shared.storage.tombstones import Tombstones
from shared.storage.watches import Watch, Watches, watch_id_of
from shared.unreadable_rows import Unreadable

AT_ONCE = 100  # rows of a step


@dataclass(frozen=True)
class MailboxRows:
    """Deletes rows. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    ledger: Ledger
    parked: ParkedChanges
    replays: Replays
    rollout: SingleRow[Rollout]
    slots: SlotRows
    off_list: OffListRows
    owners: OwnerReadings
    tombstones: Tombstones

    def forget(self, watch_id: str, born: str | None = None) -> Counter[str]:
        """Delete the rows of a watch that was removed, and return how many of each kind. `born`: that of the removed
        watch, None if it is not known.
        """
        return Counter(
            {
                "ledgerEntries": self.ledger.forget(watch_id, lambda entry: self._is_left(entry, born)),
                "parkedChanges": self.forget_parked(WAITING, watch_id),
                "deadLetters": self.forget_parked(DEAD, watch_id),
                "replays": self.replays.forget(watch_id),
                "rollouts": self.forget_rollout(watch_id),
                "offList": self.off_list.forget(watch_id),
                "owners": self._forget_owner(watch_id),
            }
        )

    def forget_slots(self, mailbox: str) -> Counter[str]:
        """Delete the slot bookings of a mailbox, and return how many that were."""
        return Counter({"slotBookings": self.slots.forget(mailbox) if mailbox else 0})

    def forget_slots_left(self, watch_id: str = "") -> int:
        """Delete the slot bookings that an interrupted deletion left, of all mailboxes or of one watch's; return how
        many.

        Of the mailbox only the watch's id is known, which is derived from the address. What was booked after the
        deletion stays, and what belongs to a mailbox that is watched again.
        """
        deleted = 0
        for mailbox in self.slots.mailboxes():
            of = watch_id_of(mailbox)
            at = self.tombstones.slots_deleted_at(of) if watch_id in ("", of) else None
            if at is not None and self.watches.find(of) is None:
                deleted += self.slots.forget(mailbox, before=at)
        return deleted

    def forget_parked(self, kind: str, watch_id: str) -> int:
        """Delete the parked changes or the dead letters of a removed watch, and return how many."""
        deleted, after = 0, ""
        while rows := list(islice(self.parked.rows(kind, after, watch_id=watch_id, at_once=AT_ONCE), AT_ONCE)):
            after = key_of(rows[-1])
            present = self.watches.get(watch_id)  # after the rows, so that none of a new watch is taken for an old one
            deleted += self.parked.drop(kind, list(_older(rows, present)))
        return deleted

    def forget_rollout(self, watch_id: str) -> int:
        """Delete the watch's id from the row of the last change of many subscriptions; without it a rollout goes on as
        if the watch had been removed.
        """
        if self.rollout.read().first_id != watch_id:
            return 0
        self.rollout.write(lambda row: {"first_id": "", "first_url": ""} if row.first_id == watch_id else {})
        return 1

    def _forget_owner(self, watch_id: str) -> int:
        row = self.owners.find(watch_id)
        return int(row is not None and self.owners.delete(OwnerReading(watch_id, etag=row.etag)))

    def _is_left(self, entry: Entry, born: str | None) -> bool:
        """Return whether an entry is of the removed watch, or of no watch at all."""
        is_of_removed = born is not None and entry.watch_born in ("", born)
        return is_of_removed or self.watches.get(entry.watch_id) is None


def _older(rows: list[Parked | Unreadable], present: Watch | None) -> Iterator[Parked | Unreadable]:
    """Yield the rows that were parked before the present watch was set up; all if there is none."""
    for row in rows:
        if present is None or (isinstance(row, Parked) and row.at < present.created):
            yield row
