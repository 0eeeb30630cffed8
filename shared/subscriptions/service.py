"""Keep one live subscription for a watch: create, renew, replace, pause. Used by the setup call, jobs and the timer."""

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
TOO_SOON = timedelta(minutes=10)  # "Reduce missing subscriptions": do not reauthorize again within this time
SPREAD = 0.02  # share of the lifetime over which expiry times are spread


@dataclass(frozen=True)
class SubscriptionService:
    """Manages the subscription of a watch. Methods raise GraphError, ConfigurationError or ServiceUnavailable.

    They return the watch's current row, also if another process changed it meanwhile; None if the watch was deleted.
    """

    settings: Settings
    subscriptions: Subscriptions
    watches: Watches
    keys: Callable[[], list[Key]]
    now: Callable[[], datetime]

    def create(self, watch: Watch, *, spread: bool = False) -> Watch | None:
        """Create the subscription of a claimed watch and record it. Leave none at Graph that the row does not name.

        A 409 can mean that an earlier creation succeeded but its response was lost. That subscription belongs to the
        relay, but a retired key may have signed its clientState, so it is replaced.
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
        """Create the subscription of a watch that has none, after deleting the conflicting ones (`clear`).

        The row is claimed first, so that only one of several processes creates it. A failure is recorded in the row.
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
        """Delete a subscription that no longer works, and create a new one.

        Delete before the claim clears the id from the row: after a crash in between, the old subscription would be an
        unknown orphan that blocks the new one.
        """
        self.subscriptions.delete(subscription_id)
        return self.recreate(watch, clear, spread=True)

    def renew(self, watch: Watch, *, spread: bool = False) -> Watch | None:
        """Renew by one PATCH, which also reauthorizes; on a 404 create a new one. Concurrent calls renew only once."""
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
        """Delete the subscription of a watch that is no longer allowed. Keep the watch so that it resumes when allowed
        again.
        """
        if watch.subscription_id:
            self.subscriptions.delete(watch.subscription_id)
        gap = watch.gap_since or self.now()
        cleared: dict[str, Any] = {"subscription_id": "", "expires": None, "pending_since": None, "last_error": ""}
        return self._write(watch, state="paused", since=self.now(), gap_since=gap, **cleared)

    def record_failure(self, watch: Watch, error: RelayError, *, missed_changes: bool = False, **changes: Any) -> None:
        """Record an error in a watch's row, for the administrator and the next attempt; with `missed_changes` also
        that a resync is needed.
        """
        if missed_changes:
            changes["gap_since"] = watch.gap_since or self.now()
        state = state_after(error) or watch.state
        since = watch.since if state == watch.state else self.now()
        failure = {"last_error": what_to_do(error), "tried": self.now(), "pending_since": None}
        self._write(watch, state=state, since=since, **failure, **changes)

    def remove(self, watch: Watch) -> bool:
        """List Graph's subscriptions and delete those of a watch; return whether there were any.

        These post to the relay's or the watch's URLs, or are the watch's former subscription, which may post to an
        older URL.
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
        """The URL for Graph's lifecycle notifications."""
        return self.settings.public_base_url + LIFECYCLE

    @property
    def relay_url(self) -> str:
        """The URL for Graph's change notifications when the relay delivers."""
        return self.settings.public_base_url + NOTIFICATIONS

    def notification_url(self, watch: Watch) -> str:
        """Return the URL for a watch's change notifications: the relay's, or with direct delivery the partner's."""
        return watch.notification_url or self.relay_url

    def client_state(self, watch: Watch) -> str | None:
        """Return the clientState of a live watch's subscription; None when its key has been retired."""
        key = next((key for key in self.keys() if key.version == watch.key_version), None)
        return client_state.sign(watch.id, key) if key else None

    def was_just_renewed(self, watch: Watch) -> bool:
        """Return whether the subscription was created or renewed within TOO_SOON."""
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
        cleared: dict[str, Any] = {"last_error": "", "tried": None, "pending_since": None}
        return self._write(
            watch, state="live", since=since, expires=subscription.expires, gap_since=gap, **cleared, **changes
        )

    def _write(self, watch: Watch, **changes: Any) -> Watch | None:
        """Write to the watch's row; repeat if a concurrent write changed other columns.

        Returns None if the watch was deleted, or if another process has claimed or replaced its subscription.
        """
        current: Watch | None = watch
        while current is not None and _claim_of(current) == _claim_of(watch):
            written = self.watches.change(current, **changes)
            if written is not None:
                return written
            current = self.watches.get(watch.id)
        return None

    def _end(self, watch: Watch, *, spread: bool) -> datetime:
        """Return the expiry to request. With `spread`, subscriptions that are renewed together expire at different
        times.
        """
        lifetime = timedelta(minutes=self.settings.subscription_lifetime_minutes)
        share = SPREAD * int(watch.id[:8], 16) / 16**8 if spread else 0
        return self.now() + lifetime * (1 - share)


def _claim_of(watch: Watch) -> tuple[str, datetime | None]:
    return watch.subscription_id, watch.pending_since
