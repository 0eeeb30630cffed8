"""Keep one live subscription for a watch: create it, renew it, create it anew. For the setup call and the timer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import GraphConflict, GraphNotFound, RelayError
from shared.graph import client_state
from shared.graph.client_state import Key
from shared.graph.subscriptions import Subscription, Subscriptions, mailbox_of
from shared.storage.watches import NEEDS_A_PERSON, Watch, Watches, is_being_created
from shared.watches.graph_errors import state_after, what_to_do

if TYPE_CHECKING:
    from shared.config import Settings

NOTIFICATIONS = "/api/notifications"
LIFECYCLE = "/api/lifecycle"
TOO_SOON = timedelta(minutes=10)  # "Reduce missing subscriptions": no second reauthorization of a subscription by then
SPREAD = 0.02  # of the lifetime, by which the ends of subscriptions differ


@dataclass(frozen=True)
class SubscriptionService:
    """Makes Graph hold what a watch asks for. Methods raise GraphError, ConfigurationError or ServiceUnavailable.

    They return the watch as it is then: as somebody else left it, if that one was at it meanwhile; None if deleted.
    """

    settings: Settings
    subscriptions: Subscriptions
    watches: Watches
    keys: Callable[[], list[Key]]
    now: Callable[[], datetime]

    def create(self, watch: Watch, *, spread: bool = False) -> Watch | None:
        """Create the subscription of a claimed watch and note it. Nothing is left at Graph that the row does not name.

        A 409 means that an earlier call succeeded without our noticing: the existing one is ours, but its clientState
        may be of a retired key, so it is replaced.
        """
        try:
            created, key = self._post(watch, spread=spread)
        except GraphConflict:
            if not self.remove(watch):
                raise
            created, key = self._post(watch, spread=spread)
        live = self._live(watch, created, subscription_id=created.id, key_version=key.version, renewed=self.now())
        if live is None:
            self.subscriptions.delete(created.id)
            return self.watches.get(watch.id)
        return live

    def recreate(self, watch: Watch, clear: Sequence[str] = (), *, spread: bool = False) -> Watch | None:
        """Create the subscription of a watch that has none, after deleting those of ours (`clear`) in its way.

        The row is claimed first, so that of two who try one does it, and a failure is noted there.
        """
        current: Watch | None = watch
        while current is not None and current.subscription_id == watch.subscription_id:
            if is_being_created(current, self.now()):
                break
            claimed = self.watches.claim(current, self.now())
            if claimed is not None:
                return self._created(claimed, clear, spread=spread)
            current = self.watches.get(watch.id)
        return current

    def replace(self, watch: Watch, subscription_id: str, clear: Sequence[str] = ()) -> Watch | None:
        """Delete a subscription that cannot do its work any more, and create it anew.

        Deleted first: if we crash after claiming, the old subscription would be an unknown orphan that blocks the new
        one.
        """
        self.subscriptions.delete(subscription_id)
        return self.recreate(watch, clear, spread=True)

    def renew(self, watch: Watch, *, spread: bool = False) -> Watch | None:
        """Renew by one PATCH, which reauthorizes, too; a 404 means create anew. Not twice for two who try at once."""
        claimed = self.watches.change(watch, renewed=self.now())
        if claimed is None:
            return self.watches.get(watch.id)
        try:
            renewed = self.subscriptions.renew(watch.subscription_id, self._end(watch, spread=spread))
        except GraphNotFound:
            return self.recreate(claimed, spread=spread)
        except RelayError as error:
            self.record_failure(claimed, error, renewed=watch.renewed)
            raise
        return self._live(claimed, renewed) or self.watches.get(watch.id)

    def pause(self, watch: Watch) -> Watch | None:
        """Delete the subscription of a watch that the customer allows no more. The watch is kept so that it resumes
        when allowed again.
        """
        if watch.subscription_id:
            self.subscriptions.delete(watch.subscription_id)
        gap = watch.gap_since or self.now()
        nothing: dict[str, Any] = {"subscription_id": "", "expires": None, "pending_since": None, "last_error": ""}
        return self._write(watch, state="paused", since=self.now(), gap_since=gap, **nothing)

    def record_failure(self, watch: Watch, error: RelayError, *, missed_changes: bool = False, **changes: Any) -> None:
        """Note what went wrong with a watch, for the administrator and for the next try; with `missed_changes` also
        that it is owed a resync.
        """
        if missed_changes:
            changes["gap_since"] = watch.gap_since or self.now()
        state = state_after(error) or watch.state
        since = watch.since if state == watch.state else self.now()
        wrong = {"last_error": what_to_do(error), "tried": self.now(), "pending_since": None}
        self._write(watch, state=state, since=since, **wrong, **changes)

    def remove(self, watch: Watch) -> bool:
        """Delete what Graph holds for a watch: what posts to our addresses, and the subscription that it had before,
        which may post to an older one. Found by listing; return whether there was any.
        """
        url, lifecycle = self.notification_url(watch), self.lifecycle_url
        matches = [
            each.id
            for each in self.subscriptions.list()
            if mailbox_of(each.resource) == watch.mailbox.lower()
            and (each.id == watch.former_id or each.notification_url == url or each.lifecycle_url == lifecycle)
        ]
        for subscription_id in matches:
            self.subscriptions.delete(subscription_id)
        return bool(matches)

    @property
    def lifecycle_url(self) -> str:
        """Return where Graph shall post lifecycle notifications."""
        return self.settings.public_base_url + LIFECYCLE

    @property
    def relay_url(self) -> str:
        """Return where Graph shall post the changes that go through us."""
        return self.settings.public_base_url + NOTIFICATIONS

    def notification_url(self, watch: Watch) -> str:
        """Return where Graph shall post the changes of a watch: to us, or with direct delivery to the partner."""
        return watch.notification_url or self.relay_url

    def client_state(self, watch: Watch) -> str | None:
        """Return the clientState that the subscription of a live watch was made with; None when its key has retired."""
        key = next((key for key in self.keys() if key.version == watch.key_version), None)
        return client_state.sign(watch.id, key) if key else None

    def was_just_renewed(self, watch: Watch) -> bool:
        """Return whether it was made or renewed within 10 minutes: Graph wants no second renewal so soon."""
        return watch.renewed is not None and self.now() - watch.renewed < TOO_SOON

    def _created(self, claimed: Watch, clear: Sequence[str], *, spread: bool) -> Watch | None:
        try:
            for subscription_id in clear:
                self.subscriptions.delete(subscription_id)
            return self.create(claimed, spread=spread)
        except RelayError as error:
            self.record_failure(claimed, error)
            raise

    def _post(self, watch: Watch, *, spread: bool) -> tuple[Subscription, Key]:
        key = client_state.signing_key(self.keys(), self.now())
        state, url = client_state.sign(watch.id, key), self.notification_url(watch)
        end = self._end(watch, spread=spread)
        return self.subscriptions.create(watch.mailbox, url, self.lifecycle_url, state, end), key

    def _live(self, watch: Watch, subscription: Subscription, **changes: Any) -> Watch | None:
        since = watch.since if watch.state == "live" else self.now()
        gap = watch.gap_since or (self.now() if watch.state in NEEDS_A_PERSON and watch.renewed else None)
        well: dict[str, Any] = {"last_error": "", "tried": None, "pending_since": None}
        return self._write(
            watch, state="live", since=since, expires=subscription.expires, gap_since=gap, **well, **changes
        )

    def _write(self, watch: Watch, **changes: Any) -> Watch | None:
        """Write to the watch's row, again if a change was noted there at the same moment.

        None when the watch was deleted, or when somebody else has begun to make its subscription: then it is theirs.
        """
        current: Watch | None = watch
        while current is not None and _claim_of(current) == _claim_of(watch):
            written = self.watches.change(current, **changes)
            if written is not None:
                return written
            current = self.watches.get(watch.id)
        return None

    def _end(self, watch: Watch, *, spread: bool) -> datetime:
        """Return the end to ask for. With `spread`, watches that are renewed together do not end together."""
        lifetime = timedelta(minutes=self.settings.subscription_lifetime_minutes)
        share = SPREAD * int(watch.id[:8], 16) / 16**8 if spread else 0
        return self.now() + lifetime * (1 - share)


def _claim_of(watch: Watch) -> tuple[str, datetime | None]:
    return watch.subscription_id, watch.pending_since
