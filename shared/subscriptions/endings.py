"""End the subscriptions of a watch: because the watch is removed, or because the settings or the stop forbid it.

The row is claimed first, so that a set-up call waits, and is not told of a live watch that loses its subscription.
Then come the tombstones, the DELETEs, the row, and at last what else names the mailbox. After a crash the tombstones
say what to finish.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared import problems
from shared.errors import GraphError, RequestRejected, ServiceUnavailable
from shared.forgetting.rows import MailboxRows
from shared.graph.subscriptions import DeleteReason
from shared.policy.allow_list import Decision
from shared.policy.permission import Permission
from shared.storage.watches import Watch, Watches, is_being_created, new_born
from shared.subscriptions.records import Records
from shared.subscriptions.removal import Removal
from shared.watches.graph_errors import rejection_of

ATTEMPTS = 8  # to claim or delete a row that other processes write to as well
# What Watches.claim writes: a claim is undone by writing the former values.
CLAIMED = (
    "state", "since", "subscription_id", "expires", "former_id", "former_expires", "pending_since", "failing_since",
    "missing_since", "looked_up_at", "gap_since",
)  # fmt: skip
# What a row says that names no subscription.
NONE_LEFT: dict[str, Any] = {
    "subscription_id": "", "expires": None, "former_id": "", "former_expires": None, "pending_since": None,
    "missing_since": None,
}  # fmt: skip


@dataclass(frozen=True)
class Endings:
    """Removes and pauses watches. Methods raise GraphError, ConfigurationError or ServiceUnavailable."""

    watches: Watches
    records: Records
    removal: Removal
    permission: Permission
    rows: MailboxRows
    now: Callable[[], datetime]

    def unsubscribe(self, watch_id: str) -> None:
        """Remove a watch for the partner; if it does not exist, only what an interrupted removal left. Raises
        RequestRejected.
        """
        watch = self.watches.get(watch_id)
        if watch is None:
            self._forget_rest(watch_id)
            return
        if watch.is_features_alone:
            self.rows.forget(watch_id)
            return
        if watch.room_lists:
            lists = ", ".join(f"DELETE /api/room-lists/{room_list}" for room_list in watch.room_lists.split())
            text = f"The room is watched as part of a room list. Remove the room list instead: {lists}."
            raise RequestRejected(problems.PART_OF_ROOM_LIST, text)
        try:
            if not self._left_to_features(watch_id):
                self.remove(watch_id, lambda row: not row.features)
        except GraphError as error:
            raise rejection_of(error) from error

    def _left_to_features(self, watch_id: str) -> bool:
        """Remove what the partner has of a watch that features hold, too; return False if none does.

        The subscription stays. Another `born` makes it a new watch for the partner, should that set it up again.
        """
        for _ in range(ATTEMPTS):
            watch = self.watches.get(watch_id)
            if watch is None or not watch.features:
                return False
            self.removal.tombstones.write_slots(watch_id, self.now())
            if self.watches.change(watch, by_partner=False, born=new_born()) is not None:
                self.rows.forget_slots(watch.mailbox)
                self.rows.forget(watch_id, watch.born)
                return True
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def remove(
        self, watch_id: str, only_if: Callable[[Watch], bool] = lambda _: True, *, keeps_slots: bool = False
    ) -> Counter[str] | None:
        """Remove a watch, its subscriptions, and every row that names its mailbox. Return the numbers by kind, or None
        if it was not removed. `keeps_slots`: the slot bookings of its mailbox stay.

        `only_if` is evaluated on the row that is claimed, and on the row that is deleted: what was decided on an older
        row may no longer be so.
        """
        for _ in range(ATTEMPTS):
            watch = self.watches.get(watch_id)
            if watch is None or not only_if(watch):
                return None
            if not keeps_slots:
                self.removal.tombstones.write_slots(watch_id, self.now())
            is_removed = self._left(watch) if is_being_created(watch, self.now()) else self._removed(watch, only_if)
            if is_removed:  # not again: a row that exists now is a new watch
                slots = Counter[str]() if keeps_slots else self.rows.forget_slots(watch.mailbox)
                removed = Counter({"watches": 1, "subscriptions": len(_living(watch, self.now()))})
                return removed + slots + self.rows.forget(watch_id, watch.born)
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def pause(self, watch: Watch) -> Watch | None:
        """Delete the subscriptions of a watch that is no longer allowed, and return its row; None if it was deleted.

        The watch is kept so that it resumes when it is allowed again. One that is allowed by now, or whose subscription
        is being created, stays as it is. While the relay is stopped, a subscription that posts to the relay is kept: it
        ends by itself, and is renewed if the relay starts before.
        """
        current: Watch | None = watch
        for _ in range(ATTEMPTS):
            if current is None or is_being_created(current, self.now()):
                return current
            decision = self._decision(current)
            if decision.allowed is not False:
                return current
            if decision.cause == "stop" and current.delivery == "relay":
                return self._recorded(current, decision)
            if not _living(current, self.now()):
                return self._recorded(current, decision, **NONE_LEFT)
            claimed = self._claimed(current)
            if claimed is not None:
                return self._paused(current, claimed)
            current = self.watches.get(watch.id)
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def _left(self, watch: Watch) -> bool:
        """Delete the row of a watch whose subscription another process creates now; return False if the row changed.

        That process finds no row, and deletes what it made; the audit deletes the former one.
        """
        for subscription_id in _living(watch, self.now()):
            self.removal.announce(subscription_id)
        return self._row_deleted_as_read(watch)

    def _removed(self, watch: Watch, only_if: Callable[[Watch], bool]) -> bool:
        """Remove a watch; return False if its row was changed by another process."""
        if not _living(watch, self.now()):
            return self._row_deleted_as_read(watch)
        claimed = self._claimed(watch)
        if claimed is None:
            return False
        if not only_if(claimed):
            self._give_back(watch, claimed)
            return False
        return self._delete_living(watch, claimed, DeleteReason.TOMBSTONE) and self._row_deleted(claimed, only_if)

    def _row_deleted(self, claimed: Watch, only_if: Callable[[Watch], bool]) -> bool:
        """Delete a claimed row. If the watch is wanted again meanwhile, end the claim: a new subscription is made."""
        current: Watch | None = claimed
        for _ in range(ATTEMPTS):
            if current is None or not self.records.is_same_claim(current, claimed):
                return False
            if not only_if(current):
                self.records.write(current, pending_since=None)
                return False
            if self._row_deleted_as_read(current):
                return True
            current = self.watches.get(claimed.id)
        return False

    def _row_deleted_as_read(self, watch: Watch) -> bool:
        """Delete a row unless it has changed since it was read; return whether it was deleted.

        Its tombstone comes first, so that a sweep deletes the ledger entries that are left, whatever fails. The entries
        are deleted after the row: if it stays after all, the partner has its events still.
        """
        self.removal.tombstones.write_watch(watch.id, self.now())
        return self.watches.delete(watch)

    def _forget_rest(self, watch_id: str) -> None:
        if self.removal.tombstones.names_watch(watch_id):
            self.rows.forget(watch_id)
            self.rows.forget_slots_left(watch_id)

    def _paused(self, before: Watch, claimed: Watch) -> Watch | None:
        decision = self._decision(claimed)
        if decision.allowed is not False:
            self._give_back(before, claimed)
            return self.watches.get(claimed.id)
        if not self._delete_living(before, claimed, DeleteReason.FORBIDDEN):
            return self.watches.get(claimed.id)
        return self._recorded(claimed, decision, **NONE_LEFT)

    def _recorded(self, watch: Watch, decision: Decision, **changes: Any) -> Watch | None:
        """Write that a watch is paused, and why."""
        why = "" if decision.cause == "mailbox" else decision.why
        pause: dict[str, Any] = {
            "state": "paused", "since": self.now(), "gap_since": watch.gap_since or self.now(), "last_error": why,
            "paused_by": decision.cause, "retry_at": None, "failing_since": None,
        }  # fmt: skip
        return self.records.write(watch, **pause, **changes) or self.watches.get(watch.id)

    def _decision(self, watch: Watch) -> Decision:
        return self.permission.may(watch, watch.mailbox, "", "relay", "renew")

    def _claimed(self, watch: Watch) -> Watch | None:
        """Claim a row; return None if it has changed. The claim drops an older former subscription from the row."""
        self.removal.subscriptions.wait_for_rate()  # before the claim, which must outlast the calls that follow
        for older in _living(watch, self.now())[1:]:
            self.removal.announce(older)
        return self.watches.claim(watch, self.now())

    def _delete_living(self, before: Watch, claimed: Watch, reason: DeleteReason) -> bool:
        """Delete the subscriptions of a claimed watch; return False if the claim was lost."""
        living = _living(before, self.now())
        for subscription_id in living:
            try:
                if not self.removal.delete(subscription_id, reason, lambda: self._holds(claimed)):
                    return False
            except GraphError as error:
                self._failed(before, claimed, error, is_first=subscription_id == living[0])
                raise
        return True

    def _failed(self, before: Watch, claimed: Watch, error: GraphError, *, is_first: bool) -> None:
        """End a claim after an error. Unless Graph refused the DELETE, it may still be carried out: then the tombstone
        stays, and the next attempt replaces the subscription if it is still there.
        """
        if is_first and 400 <= error.status < 500:
            self._give_back(before, claimed)
            self.removal.withdraw(claimed.former_id)
        else:
            self.records.write(claimed, pending_since=None, failing_since=self.now())

    def _holds(self, claimed: Watch) -> bool:
        current = self.watches.get(claimed.id)
        return current is not None and self.records.is_same_claim(current, claimed)

    def _give_back(self, before: Watch, claimed: Watch) -> None:
        self.records.write(claimed, **{name: getattr(before, name) for name in CLAIMED})


def _living(watch: Watch, now: datetime) -> list[str]:
    """Return the ids of a watch's subscriptions that may be live: the present one, and a former one before its end."""
    may_live = watch.former_expires is None or watch.former_expires > now
    return [each for each in (watch.subscription_id, watch.former_id if may_live else "") if each]
