"""Each night, look for what is stored of mailboxes that left the allow-list, and forget those that stay away.

A watch that is not allowed was paused by the run of the timer; nothing of it is read or sent. It is forgotten when the
list was readable and did not name its mailbox for FORGET_AFTER, in each night (shared/forgetting/off_list.py).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from shared.errors import RelayError
from shared.forgetting.off_list import FORGET_AFTER, OffListRows
from shared.policy.permission import Permission
from shared.storage.deletion.slot_rows import SlotRows
from shared.storage.watches import Watch, Watches, watch_id_of
from shared.subscriptions.forgotten.mailbox import MailboxForgetting
from shared.unreadable_rows import Unreadable

AT_ONCE = 100  # watches of a step
BUDGET = timedelta(seconds=60)  # of a step; forgetting one mailbox may exceed it by as much
SLOTS = "slots"  # the cursor after the last watch; then an id follows

_logger = logging.getLogger("relay.forgetting")


@dataclass(frozen=True)
class OffListMailboxes:
    """Finds and forgets them. Methods raise ServiceUnavailable or ConfigurationError when storage fails."""

    watches: Watches
    slots: SlotRows
    rows: OffListRows
    permission: Permission
    forgetting: MailboxForgetting
    now: Callable[[], datetime]

    def step(self, cursor: str) -> str:
        """Look at the next paused watches after an id, and at last at the mailboxes of slot bookings; return the cursor
        of the next step, "" at the end.
        """
        stop = self.now() + BUDGET
        if cursor.startswith(SLOTS):
            return self._look_at_slots(cursor.removeprefix(SLOTS), stop)
        condition = "state eq 'paused' and RowKey gt @after"
        rows = list(islice(self.watches.select(condition, {"after": cursor}), AT_ONCE))
        for row in rows:
            if self.now() >= stop:
                return cursor
            cursor = row.key if isinstance(row, Unreadable) else row.id
            if isinstance(row, Watch):
                self._look_at(row.mailbox, row.since)
        return SLOTS if len(rows) < AT_ONCE else cursor

    def _look_at_slots(self, after: str, stop: datetime) -> str:
        """Look at the mailboxes of slot bookings that are not watched, after the id that a watch would have."""
        by_id = {watch_id_of(mailbox): mailbox for mailbox in self.slots.mailboxes()}
        for watch_id in sorted(each for each in by_id if each > after):
            if self.now() >= stop:
                return SLOTS + after
            after = watch_id
            if self.watches.find(watch_id) is None:
                self._look_at(by_id[watch_id])
        return ""

    def _look_at(self, mailbox: str, paused_since: datetime | None = None) -> None:
        """Record that a mailbox is not on the list, or that it is, or that this is unknown; forget it after a time."""
        watch_id = watch_id_of(mailbox)
        if not self._is_off_list(mailbox):
            self.rows.forget(watch_id)
        elif self.rows.saw(watch_id, self.now(), paused_since) >= FORGET_AFTER:
            self._forget(mailbox, watch_id)

    def _forget(self, mailbox: str, watch_id: str) -> None:
        try:
            counts = self.forgetting.forget_if(
                mailbox, lambda row: row.state == "paused" and self._is_off_list(mailbox)
            )
        except RelayError as error:  # the next night tries again
            _logger.warning("The mailbox of watch %s cannot be forgotten: %s", watch_id, error)
            counts = Counter()
        if counts:
            _logger.warning("The mailbox of watch %s left ALLOWED_MAILBOXES %s ago: its %d rows are deleted",
                            watch_id, FORGET_AFTER, counts.total())  # fmt: skip

    def _is_off_list(self, mailbox: str) -> bool:
        """Return whether the list certainly does not name a mailbox. An empty list proves nothing: it allows nobody,
        and may be a mistake.
        """
        decision = self.permission.may(None, mailbox, "", "relay", "audit")
        return self.permission.allow_list.is_certain() and decision.allowed is False and decision.cause == "mailbox"
