"""The watches: what the partner asked for, a row each. The desired state; subscriptions are the actual one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from shared.storage.connection import storage_errors
from shared.storage.table import Table, stored_as

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PARTITION = "watch"
ABANDONED = timedelta(seconds=60)  # who began to make a subscription and has not ended by then was killed
SEEN_EVERY = timedelta(seconds=10)  # else every change would cost one more write
State = Literal["pending", "live", "refused", "gone", "paused"]
NEEDS_A_PERSON = ("refused", "gone")
_NAMESPACE = uuid.UUID("6f0c2a52-9f4e-5d0b-8a39-54f1c4d2f7b1")


@dataclass(frozen=True, slots=True)
class Watch:
    """A mailbox that the partner asked for, and what is known of its subscription. Moments are in UTC.

    `state` is what an administrator reads, with `since` and `last_error` (docs/operations.md explains each):
    pending until the subscription exists, then live; refused when Graph wants a permission or a scope; gone when there
    is no such mailbox; paused when the allow-list does not name it any more. `tried` is the last failed try.

    `pending_since` is when somebody began to make the subscription, which is theirs to finish for ABANDONED;
    `renewed` is when it was last made or renewed; `former_id` is the subscription before it, which may still stand.
    `gap_since` says that changes since then may have been missed: a
    resync is owed. `by_partner` says that the partner named the mailbox itself; `room_lists` holds the ids of the
    watched room lists that it belongs to, separated by spaces.
    `user_id` is the mailbox's object id, learnt from what Graph sends. `key_version` names the key of the
    subscription's clientState. `etag` is the row's.
    """

    id: str
    mailbox: str
    delivery: Literal["relay", "direct"]
    created: datetime
    notification_url: str = ""
    state: State = "pending"
    since: datetime | None = None
    last_error: str = ""
    tried: datetime | None = None
    pending_since: datetime | None = None
    subscription_id: str = ""
    former_id: str = ""
    expires: datetime | None = None
    renewed: datetime | None = None
    gap_since: datetime | None = None
    by_partner: bool = field(default=True, metadata=stored_as("asked"))
    room_lists: str = ""
    key_version: str = ""
    user_id: str = ""
    last_change: datetime | None = None
    etag: str = ""


def is_being_created(watch: Watch, now: datetime) -> bool:
    """Return whether somebody is making the subscription of a watch at this moment."""
    return watch.pending_since is not None and now - watch.pending_since < ABANDONED


def watch_id_of(mailbox: str) -> str:
    """Return the id of a mailbox's watch: always the same, so that two calls at once can make only one row."""
    return uuid.uuid5(_NAMESPACE, mailbox.lower()).hex


class Watches(Table[Watch]):
    """The table of watches."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Watch, PARTITION)

    def claim(self, watch: Watch, now: datetime) -> Watch | None:
        """Begin to make a watch's subscription (anew); None when somebody else has changed the row meanwhile.

        If there was one before, changes may have been missed since: the row says so until a resync is queued. One that
        was refused stays so, with its moment, until it is live: how long it lasts decides how soon it is tried again.
        """
        gap = watch.gap_since or (now if watch.renewed else None)
        news: dict[str, Any] = {} if watch.state in ("pending", *NEEDS_A_PERSON) else {"state": "pending", "since": now}
        news["former_id"] = watch.subscription_id or watch.former_id
        return self.change(watch, **news, pending_since=now, subscription_id="", expires=None, gap_since=gap)

    def saw_change(self, watch: Watch, moment: datetime, user_id: str) -> None:
        """Note when a change of this mailbox was last seen, to SEEN_EVERY, whoever else writes to the row.

        A watch that was deleted meanwhile stays deleted.
        """
        from azure.core.exceptions import ResourceNotFoundError

        if watch.last_change is not None and moment - watch.last_change < SEEN_EVERY and watch.user_id == user_id:
            return
        row = {"PartitionKey": PARTITION, "RowKey": watch.id, "last_change": moment.isoformat(), "user_id": user_id}
        with storage_errors():
            try:
                self._table().update_entity(row)
            except ResourceNotFoundError:
                return
