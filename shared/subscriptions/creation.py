"""Create the subscription of a watch, or adopt the one that Graph holds for it already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import GraphConflict, GraphNotFound, GraphUnavailable, RelayError, ServiceUnavailable
from shared.graph import client_state
from shared.graph.client_state import Key
from shared.graph.client_state_keys import ClientStateKeys
from shared.graph.subscriptions import DeleteReason, Subscription, Subscriptions, mailbox_of
from shared.storage.watches import Watch, Watches, is_being_created
from shared.subscriptions.addresses import Addresses
from shared.subscriptions.lifetime import Lifetimes
from shared.subscriptions.records import Records
from shared.subscriptions.removal import Removal
from shared.watches.renamed import RenamedMailboxes

ATTEMPTS = 8  # to claim a row that other processes write to as well
CONFLICTS = 3  # answers 409 to one creation: Graph may hold a second subscription of the mailbox, and names one of them


@dataclass(frozen=True, slots=True)
class _Created:
    """A new subscription, and the key and nonce of its clientState."""

    subscription: Subscription
    key: Key
    nonce: str


@dataclass(frozen=True)
class Creation:
    """Creates subscriptions. Methods raise GraphError, ConfigurationError or ServiceUnavailable.

    They return the watch's current row, also if another process changed it meanwhile; None if the watch was deleted.
    """

    addresses: Addresses
    subscriptions: Subscriptions
    watches: Watches
    records: Records
    removal: Removal
    lifetimes: Lifetimes
    renamed: RenamedMailboxes
    keys: ClientStateKeys
    now: Callable[[], datetime]

    def create(
        self, watch: Watch, *, spread: bool = False, replaces: str = "", signature: tuple[Key, str] | None = None
    ) -> Watch | None:
        """Create the subscription of a claimed watch and record it. `signature`: what signs its clientState, if known.

        Graph answers 409 and names the subscription that exists: an earlier POST succeeded but its response was lost,
        or Graph denied that it exists. It is adopted. One that is not adopted is deleted only once Graph has refused to
        hold two: the one with the id `replaces`, one that a process may be deleting now, and with direct delivery one
        whose clientState is unknown, because the partner could not verify it.
        """
        began, signature = self.now(), signature or self._signature(watch)
        for _ in range(CONFLICTS):
            try:
                made = self._post(watch, signature, spread=spread)
            except GraphConflict as conflict:
                existing = self._existing(watch, conflict)
                if existing.id != replaces and self._may_adopt(watch, existing):
                    return self._adopted(watch, existing)
                if not self._deleted(watch, existing.id):
                    return self.watches.get(watch.id)
                self.subscriptions.wait_for_rate()
            else:
                return self._recorded(watch, made, began)
        raise ServiceUnavailable("Microsoft Graph", "holds more subscriptions of the mailbox than were deleted")

    def _recorded(self, watch: Watch, created: _Created, began: datetime) -> Watch | None:
        live = self.records.live(
            watch, created.subscription, subscription_id=created.subscription.id, key_version=created.key.version,
            nonce=created.nonce, renewed=began, looked_up_at=None, silent_resyncs=0,
        )  # fmt: skip
        return live or self.removal.of_lost_race(watch, created.subscription.id)

    def recreate(
        self, watch: Watch, *, spread: bool = False, replaces: str = "",
        is_unusable: Callable[[Watch], bool] = lambda _: False,
    ) -> Watch | None:  # fmt: skip
        """Create the subscription of a watch whose row names none, or one that is gone or to be replaced.

        The row is claimed first, so that only one of several processes creates it. A failure is recorded in the row.
        The present subscription of a row that `is_unusable` is deleted before the new one is created.
        """
        if is_being_created(watch, self.now()):
            return watch
        self.subscriptions.wait_for_rate()  # before the claim, which must outlast the calls that follow
        current: Watch | None = watch
        for _ in range(ATTEMPTS):
            is_changed = current is None or current.subscription_id != watch.subscription_id
            if current is None or is_changed or is_being_created(current, self.now()):
                return current
            deletes = current.subscription_id if is_unusable(current) else ""
            claimed = self.watches.claim(current, self.now())
            if claimed is not None:
                return self._claimed(claimed, current, spread=spread, replaces=replaces, deletes=deletes)
            current = self.watches.get(watch.id)
        raise ServiceUnavailable("storage", "has too many writers of one row")

    def undo(self, watch: Watch) -> None:
        """Delete the subscription that a set-up without an answer may have left. A second POST makes its id known."""
        self.subscriptions.wait_for_rate()
        try:
            left = self._post(watch, self._signature(watch), spread=False).subscription
        except GraphConflict as conflict:
            left = self._existing(watch, conflict)
        self.removal.delete(left.id, DeleteReason.TOMBSTONE, lambda: self._is_claimed(watch, or_deleted=True))

    def _claimed(self, claimed: Watch, before: Watch, *, spread: bool, replaces: str, deletes: str) -> Watch | None:
        """Create the subscription of a row just claimed. After an interrupted attempt the former one may still live.

        `deletes`: a subscription to delete first; empty for none.
        """
        was_interrupted = before.pending_since is not None or before.failing_since is not None
        try:
            signature = self._signature(claimed)  # before anything is deleted: a successor needs it
            if deletes and not self._deleted(claimed, deletes):
                return self.watches.get(claimed.id)
            if was_interrupted and claimed.former_id not in ("", replaces):
                adopted = self._former_adopted(claimed)
                if adopted is not None:
                    return adopted
            return self.create(claimed, spread=spread, replaces=replaces, signature=signature)
        except RelayError as error:
            self.records.failed(claimed, error)
            raise

    def _former_adopted(self, claimed: Watch) -> Watch | None:
        """Take the former subscription back if it lives; delete it if that was begun and not finished."""
        try:
            former = self.subscriptions.get(claimed.former_id)
        except GraphNotFound:
            return None
        if not self.removal.is_announced(former.id):
            return self._adopted(claimed, former)
        self._deleted(claimed, former.id)
        return None

    def _deleted(self, claimed: Watch, subscription_id: str) -> bool:
        """Delete a subscription that gets a successor; return False if the claim was lost."""
        return self.removal.delete(subscription_id, DeleteReason.REPLACED, lambda: self._is_claimed(claimed))

    def _is_claimed(self, claimed: Watch, *, or_deleted: bool = False) -> bool:
        current = self.watches.get(claimed.id)
        return or_deleted if current is None else self.records.is_same_claim(current, claimed)

    def _may_adopt(self, watch: Watch, existing: Subscription) -> bool:
        is_verifiable = watch.delivery == "relay" or _has_key_of(watch, existing.id) or _was_posted(watch, existing)
        return is_verifiable and not self.removal.is_announced(existing.id)

    def _existing(self, watch: Watch, conflict: GraphConflict) -> Subscription:
        """Return the subscription that a 409 names, or the former one. Raises `conflict` unless it is the relay's."""
        subscription_id = conflict.existing_id or watch.former_id
        if not subscription_id:
            raise conflict
        try:
            existing = self.subscriptions.get(subscription_id)
        except GraphNotFound:
            raise conflict from None
        if not self.addresses.is_own(watch, existing) or self._is_of_another(watch, existing):
            raise conflict
        return existing

    def _is_of_another(self, watch: Watch, existing: Subscription) -> bool:
        """Return whether another row names a subscription: its mailbox is watched under another address already."""
        if mailbox_of(existing.resource) == watch.mailbox.lower():
            return False
        condition = "( subscription_id eq @id or former_id eq @id )"  # the SDK takes parameters between spaces
        rows = self.watches.select(condition, {"id": existing.id})
        return any((row.id if isinstance(row, Watch) else row.key) != watch.id for row in rows)

    def _adopted(self, watch: Watch, existing: Subscription) -> Watch | None:
        """Record a subscription that Graph holds for this mailbox.

        The key of its clientState is known if the row named it before, or if it has the end that a POST without an
        answer requested. One with an unknown key is replaced when its end is near.
        """
        key_version = watch.key_version if _has_key_of(watch, existing.id) else ""
        nonce = watch.nonce if _is_described(watch, existing.id) else ""
        if _was_posted(watch, existing):
            key_version, nonce = watch.posted_key, watch.posted_nonce
        live = self.records.live(
            watch, existing, subscription_id=existing.id, key_version=key_version, nonce=nonce, looked_up_at=self.now()
        )
        if live is None:
            return self.removal.of_lost_race(watch, existing.id)
        self.removal.adopted(existing.id)
        return live

    def _post(self, watch: Watch, signature: tuple[Key, str], *, spread: bool) -> _Created:
        key, nonce = signature
        requested: list[datetime] = []
        state = client_state.sign(watch.id, key, watch.delivery, nonce)
        urls = self.addresses.notification_url(watch), self.addresses.lifecycle_url

        def post(end: datetime) -> Subscription:
            requested.append(end)

            def create(name: str) -> Subscription:
                if name != watch.mailbox:  # a second POST
                    self.subscriptions.wait_for_rate()
                return self.subscriptions.create(name, *urls, state, end)

            return self.renamed.reached(watch.mailbox, create)

        try:
            return _Created(self.lifetimes.accepted(watch, post, spread=spread), key, nonce)
        except GraphUnavailable as error:
            if error.status != 429 and requested:
                self.records.unanswered(watch, requested[-1], key.version, nonce)
            raise

    def _signature(self, watch: Watch) -> tuple[Key, str]:
        """Return the key and the nonce of the clientState.

        The partner of a direct watch has its clientState, which is kept while its key verifies. With delivery by the
        relay it has no nonce in this version: the version before, to which an update may be rolled back, would take
        every notification for forged.
        """
        keys = self.keys()
        known = next((key for key in keys if key.version == watch.key_version), None)
        if watch.delivery == "relay":
            return client_state.signing_key(keys, self.now()), ""
        known = known or (self.keys.older(watch.key_version) if watch.key_version else None)
        if known is None:
            return client_state.signing_key(keys, self.now()), client_state.new_nonce()
        return known, watch.nonce if _is_described(watch, watch.former_id) else ""


def _is_described(watch: Watch, subscription_id: str) -> bool:
    """Return whether the row's columns describe a subscription: an earlier version changes it without them."""
    return bool(subscription_id) and watch.described_id == subscription_id


def _has_key_of(watch: Watch, subscription_id: str) -> bool:
    """Return whether `key_version` is that of a subscription: each version writes it with the id."""
    return subscription_id in (watch.described_id, watch.former_id)


def _was_posted(watch: Watch, existing: Subscription) -> bool:
    """Return whether a subscription has the end that the last POST without an answer requested: that POST made it."""
    return watch.posted_end is not None and abs(existing.expires - watch.posted_end) < timedelta(seconds=1)
