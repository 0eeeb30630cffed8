"""The watches, one row each: the desired state. Graph's subscriptions are the actual state."""

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
ABANDONED = timedelta(seconds=60)  # a creation that takes longer than this has crashed
SEEN_EVERY = timedelta(seconds=10)  # limits the writes of last_change
State = Literal["pending", "live", "refused", "gone", "paused"]
NEEDS_A_PERSON = ("refused", "gone")
_NAMESPACE = uuid.UUID("6f0c2a52-9f4e-5d0b-8a39-54f1c4d2f7b1")


@dataclass(frozen=True, slots=True)
class Watch:
    """A watched mailbox and its subscription. Times are in UTC.

    `state` is shown to administrators, with `since` and `last_error` (docs/operations.md explains each): pending until
    the subscription exists, then live; refused when a permission or a scope is missing; gone when the mailbox does not
    exist; paused when the allow-list no longer has it.

    - `tried`: the last failed attempt.
    - `pending_since`: when creation of the subscription began; the creator has the row to itself for ABANDONED.
    - `former_id`: the previous subscription, which may still exist.
    - `renewed`: when the subscription was last created or renewed.
    - `gap_since`: changes since then may have been missed, and a resync is still to be queued.
    - `by_partner`: whether the partner named the mailbox itself; `room_lists`: ids of the watched room lists that it
      belongs to, separated by spaces.
    - `key_version`: the key of the subscription's clientState.
    - `user_id`: the mailbox's object id, taken from notifications.
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
    """Return whether the subscription of a watch is being created now."""
    return watch.pending_since is not None and now - watch.pending_since < ABANDONED


def watch_id_of(mailbox: str) -> str:
    """Return the id of a mailbox's watch: derived from its address, so that concurrent calls create only one row."""
    return uuid.uuid5(_NAMESPACE, mailbox.lower()).hex


class Watches(Table[Watch]):
    """The table of watches."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Watch, PARTITION)

    def claim(self, watch: Watch, now: datetime) -> Watch | None:
        """Claim a watch to create its subscription. Return None if the row has changed since it was read.

        If it had a subscription before, `gap_since` is set until a resync is queued. A refused watch keeps its state
        and `since` until it is live, because the delay between attempts depends on how long it has been refused.
        """
        gap = watch.gap_since or (now if watch.renewed else None)
        keeps_state = watch.state in ("pending", *NEEDS_A_PERSON)
        updates: dict[str, Any] = {} if keeps_state else {"state": "pending", "since": now}
        updates["former_id"] = watch.subscription_id or watch.former_id
        return self.change(watch, **updates, pending_since=now, subscription_id="", expires=None, gap_since=gap)

    def saw_change(self, watch: Watch, moment: datetime, user_id: str) -> None:
        """Record the last change of this mailbox, at most once in SEEN_EVERY, without an etag condition.

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
