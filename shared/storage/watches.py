"""The watches, one row each: the desired state. Graph's subscriptions are the actual state."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from shared.moments import has_passed
from shared.storage.connection import storage_errors
from shared.storage.table import Table, compared, stored_as, text_of
from shared.unreadable_rows import Unreadable

if TYPE_CHECKING:
    from azure.data.tables import TableClient

PARTITION = "watch"
ABANDONED = timedelta(seconds=120)  # a creation that takes longer has crashed; two POSTs of 30 seconds take less
SEEN_EVERY = timedelta(seconds=10)  # limits the writes of last_change
State = Literal["pending", "live", "refused", "gone", "paused"]
NEEDS_A_PERSON = ("refused", "gone")
_NAMESPACE = uuid.UUID("6f0c2a52-9f4e-5d0b-8a39-54f1c4d2f7b1")


@dataclass(frozen=True, slots=True)
class Watch:
    """A watched mailbox and its subscription. Times are in UTC.

    `state` is stored: pending until the subscription exists, then live; refused when a permission or a scope is
    missing; gone when the mailbox does not exist; paused when the customer's settings or stop forbid it. What people
    see is `shared.watches.states.shown`, with `since` and `last_error` (docs/operations.md explains each).

    - `paused_by`: what paused the watch; "" in a row of an earlier version, and if it is not paused.
    - `tried`: the last failed attempt. `failing_since`: the first failed attempt since a confirmed loss.
    - `retry_at`: no attempt is made before.
    - `pending_since`: when creation of the subscription began; the creator has the row to itself for ABANDONED.
    - `former_id`, `former_expires`: the previous subscription, which may still exist.
    - `renewed`: when the subscription was last created or renewed.
    - `gap_since`: changes since then may have been missed, and a resync is still to be queued.
    - `by_partner`: whether the partner named the mailbox itself; `room_lists`: ids of the watched room lists that it
      belongs to, separated by spaces. `features`: the names of the features that hold it, separated by spaces.
    - `user_id`: the mailbox's object id, taken from notifications and from subscriptions.
    - `owner`, `owner_read_at`, `owner_unknown_since`: which mailbox answers under the address (shared/policy/owner.py).
    - `renamed_at`, `new_address`: when Graph last found the mailbox by its object id only, and the address that it then
      had ("" if unknown). Shown only.

    What the subscription was made with: `key_version` of its clientState, and `posts_to` and `lifecycle_url`, which
    describe the subscription `described_id`: an earlier version changes the subscription without them. `nonce` is that
    of the watch, in the clientState of described subscriptions.

    - `posted_end`, `posted_key`, `posted_nonce`: what the last POST without an answer requested, until one is live.
    - `due_at`: when the next work on the subscription is due; None in a row of an earlier version.
    - `settings_hash`: the settings under which `due_at` was written.
    - `missing_since`: the first evidence that the subscription is gone, which is still to be confirmed.
    - `looked_up_at`: when Graph last answered a GET of the subscription.
    - `reading_state`, `reading_since`, `reading_error`: the last reading of the calendar was refused. Shown only.
    - `silent_resyncs`: how many daily resyncs in a row found changes without a notification.
    - `replaced_at`: when a silent subscription was last replaced.
    - `born`: random, written with a new row and never changed; "" in a row of an earlier version. A watch that is
      removed and set up again has another.

    The resync that is owed, because it failed or was requested (see shared/resync/awaited_resyncs.py):

    - `resync_token`: the job on the queue that makes it; "" if none is owed. `resync_due`: when that job is due, or,
      after the last try, the earliest time of the next. `resync_started`: when it began, None before.
    - `resync_full`: whether it sends everything again.
    - `resynced`: when the last resync that succeeded began.
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
    described_id: str = field(default="", metadata=stored_as("described"))
    posts_to: str = ""
    lifecycle_url: str = field(default="", metadata=stored_as("lifecycle"))
    nonce: str = ""
    former_expires: datetime | None = None
    due_at: datetime | None = field(default=None, metadata=compared())
    settings_hash: str = ""
    retry_at: datetime | None = None
    failing_since: datetime | None = None
    missing_since: datetime | None = None
    looked_up_at: datetime | None = None
    reading_state: Literal["", "refused", "gone"] = ""
    reading_since: datetime | None = None
    reading_error: str = ""
    silent_resyncs: int = 0
    replaced_at: datetime | None = None
    renamed_at: datetime | None = None
    new_address: str = ""
    posted_end: datetime | None = None
    posted_key: str = ""
    posted_nonce: str = ""
    born: str = ""
    resync_token: str = ""
    resync_due: datetime | None = None
    resync_started: datetime | None = None
    resync_full: bool = False
    resynced: datetime | None = None
    paused_by: Literal["", "mailbox", "host", "owner", "stop"] = ""
    owner: str = ""
    owner_read_at: datetime | None = None
    owner_unknown_since: datetime | None = None
    features: str = ""
    etag: str = ""

    @property
    def is_features_alone(self) -> bool:
        """Whether only features hold the watch: the partner neither knows of it nor receives its changes."""
        return bool(self.features) and not self.by_partner and not self.room_lists


def is_being_created(watch: Watch, now: datetime) -> bool:
    """Return whether the subscription of a watch is being created now."""
    return watch.pending_since is not None and not has_passed(ABANDONED, watch.pending_since, now)


def watch_id_of(mailbox: str) -> str:
    """Return the id of a mailbox's watch: derived from its address, so that concurrent calls create only one row."""
    return uuid.uuid5(_NAMESPACE, mailbox.lower()).hex


def new_born() -> str:
    """Return the `born` of a new row."""
    return uuid.uuid4().hex


class Watches(Table[Watch]):
    """The table of watches."""

    def __init__(self, table: Callable[[], TableClient]) -> None:
        super().__init__(table, Watch, PARTITION)

    def due(self, now: datetime) -> Iterator[Watch | Unreadable]:
        """Yield the watches whose work is due. Rows of an earlier version have no `due_at` and are not among them."""
        yield from self.select("due_at le @now and due_at gt @none", {"now": text_of(now), "none": ""})

    def of_room_lists(self) -> Iterator[Watch | Unreadable]:
        """Yield the watches that belong to a room list."""
        yield from self.select("room_lists gt @none", {"none": ""})

    def claim(self, watch: Watch, now: datetime) -> Watch | None:
        """Claim a watch to create its subscription. Return None if the row has changed since it was read.

        If it had a subscription before, `gap_since` is set until a resync is queued. A refused watch keeps its state
        and `since` until it is live.
        """
        gap = watch.gap_since or (now if watch.renewed or watch.subscription_id else None)
        keeps_state = watch.state in ("pending", *NEEDS_A_PERSON)
        updates: dict[str, Any] = {} if keeps_state else {"state": "pending", "since": now}
        if watch.subscription_id:
            updates |= {"former_id": watch.subscription_id, "former_expires": watch.expires, "failing_since": None}
        cleared: dict[str, Any] = {"subscription_id": "", "expires": None, "missing_since": None, "looked_up_at": None}
        return self.change(watch, **updates, **cleared, pending_since=now, gap_since=gap, due_at=now)

    def saw_change(self, watch: Watch, moment: datetime, user_id: str) -> None:
        """Record the last change of this mailbox, at most once in SEEN_EVERY, without an etag condition.

        A watch that was deleted meanwhile stays deleted.
        """
        from azure.core.exceptions import ResourceNotFoundError

        if watch.last_change is not None and moment - watch.last_change < SEEN_EVERY and user_id in ("", watch.user_id):
            return
        row = {"PartitionKey": PARTITION, "RowKey": watch.id, "last_change": moment.isoformat()}
        if user_id:  # a resync made the change before any notification
            row["user_id"] = user_id
        with storage_errors():
            try:
                self._table().update_entity(row)
            except ResourceNotFoundError:
                return
