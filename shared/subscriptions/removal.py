"""Delete subscriptions: each for a recorded reason, and none that another process takes over meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import GraphError, RelayError
from shared.graph.subscriptions import DeleteReason, Subscriptions
from shared.moments import is_impossible
from shared.storage.tombstones import Tombstones
from shared.storage.unknown_subscriptions import UnknownSubscriptions
from shared.storage.watches import Watch, Watches, is_being_created

AT_WORK = timedelta(minutes=15)  # longer than the host lets a process work on, which wrote a tombstone


@dataclass(frozen=True)
class Removal:
    """Deletes subscriptions. Methods raise GraphError, ConfigurationError or ServiceUnavailable.

    Who deletes a subscription writes its tombstone first, and reads the row of its mailbox afterwards. Who takes one
    over writes that row first (the claim), and reads the tombstone afterwards. So of two processes at least one sees
    the other, and no watch becomes live with a subscription that is about to be deleted.
    """

    subscriptions: Subscriptions
    tombstones: Tombstones
    watches: Watches
    unknown: UnknownSubscriptions
    now: Callable[[], datetime]

    def delete(self, subscription_id: str, reason: DeleteReason, is_still: Callable[[], bool]) -> bool:
        """Delete a subscription if `is_still` says so after its tombstone was written; return whether it did.

        `is_still` reads the row again. A tombstone that is written in vain stays: its subscription is not deleted while
        a row names it, and another process may be deleting it, too.
        """
        self.announce(subscription_id)
        if not is_still():
            return False
        self.subscriptions.delete(subscription_id, reason)
        return True

    def announce(self, subscription_id: str) -> None:
        """Write the tombstone of a subscription: from now on it is not taken over, and the audit deletes it."""
        self.tombstones.write(subscription_id, self.now())

    def is_announced(self, subscription_id: str) -> bool:
        """Return whether a subscription must not be taken over, because a process may be deleting it now."""
        at, now = self.tombstones.written_at(subscription_id), self.now()
        if at is not None and is_impossible(at, now):
            self.announce(subscription_id)  # its time is that of a wrong clock: the wait counts from now
            return True
        return at is not None and now - at < AT_WORK

    def withdraw(self, subscription_id: str) -> None:
        """Drop a tombstone after Graph refused the DELETE. The row has named the subscription all the time."""
        self.tombstones.drop(subscription_id)

    def adopted(self, subscription_id: str) -> None:
        """Forget what is stored against a subscription that a row names now. If this fails, it does no harm: what a row
        names is not deleted, and the next audit does not count it.
        """
        with suppress(RelayError):
            self.tombstones.drop(subscription_id)
            self.unknown.forget(subscription_id)

    def of_lost_race(self, watch: Watch, subscription_id: str) -> Watch | None:
        """Delete a subscription of a watch whose row does not name it, and return the row.

        It is deleted only if the watch was deleted, or if the one that the row names answers a GET just now. Otherwise
        it stays: Graph names it at the next attempt to create one, and it is adopted.
        """
        current = self.watches.get(watch.id)
        if current is None:
            self.delete(subscription_id, DeleteReason.TOMBSTONE, lambda: self.watches.get(watch.id) is None)
        elif current.subscription_id and current.subscription_id != subscription_id:
            try:
                self.subscriptions.get(current.subscription_id)
            except GraphError:
                return current
            self.delete(subscription_id, DeleteReason.TWIN, lambda: self._names(watch.id, current.subscription_id))
        return current

    def _names(self, watch_id: str, subscription_id: str) -> bool:
        row = self.watches.get(watch_id)
        is_claimed = row is not None and is_being_created(row, self.now())
        return row is not None and not is_claimed and row.subscription_id == subscription_id
