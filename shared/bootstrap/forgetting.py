"""The parts that forget mailboxes and delete old rows, each built at its first use (see shared/bootstrap/app.py)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.maintenance import MaintenanceParts

if TYPE_CHECKING:
    from shared.forgetting.old_rows import OldRows
    from shared.storage.deletion.call_rows import CallRows
    from shared.subscriptions.forgotten.mailbox import MailboxForgetting
    from shared.subscriptions.forgotten.night import NightlyCleanup
    from shared.subscriptions.forgotten.off_list import OffListMailboxes


class ForgettingParts(MaintenanceParts):
    """The parts that delete what is stored about mailboxes."""

    @cached_property
    def mailbox_forgetting(self) -> MailboxForgetting:
        """Forgets a mailbox."""
        from shared.storage.followed.deletion import FollowedRows
        from shared.storage.rooms.readings import RoomReadings
        from shared.subscriptions.forgotten.mailbox import MailboxForgetting

        return MailboxForgetting(
            self.watches, self.room_lists, self.endings, self.unknown_cleanup, self.mailbox_rows, self.permission,
            FollowedRows(self.followed_appointments, self.followed_businesses),
            RoomReadings(lambda: self.watches_table),
        )  # fmt: skip

    @cached_property
    def off_list_mailboxes(self) -> OffListMailboxes:
        """Forgets mailboxes that left the allow-list."""
        from shared.subscriptions.forgotten.off_list import OffListMailboxes

        return OffListMailboxes(
            self.watches, self.rows_of_slots, self.off_list_rows, self.permission, self.mailbox_forgetting, self.now
        )

    @cached_property
    def rows_of_calls(self) -> CallRows:
        """Deletes what the features keep about calls."""
        from shared.storage.deletion.call_rows import CallRows

        return CallRows(lambda: self.watches_table, lambda: self.attempts_table, self.appointments_table)

    @cached_property
    def old_rows(self) -> OldRows:
        """Deletes rows that nobody needs."""
        from shared.forgetting.old_rows import OldRows

        return OldRows(
            self.mailbox_rows, self.leases, self.replays, self.rows_of_slots, self.rows_of_calls,
            self.off_list_rows, self.removed_watches, self.now,
        )  # fmt: skip

    @cached_property
    def nightly_cleanup(self) -> NightlyCleanup:
        """Runs every night."""
        from shared.reliability.awaited_queue import AwaitedQueue
        from shared.subscriptions.forgotten.night import NightlyCleanup

        work = AwaitedQueue(self.work, self.awaited_jobs, self.now)
        return NightlyCleanup(self.old_rows, self.off_list_mailboxes, work, self.stop.is_stopped, self.now)
