"""Keep one live subscription for a watch: create it, renew it, create it anew. For the setup call and the timer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.errors import GraphConflict, GraphNotFound
from shared.graph import client_state
from shared.graph.client_state import Key
from shared.graph.subscriptions import Subscription, Subscriptions, resource_of
from shared.storage.watches import Watch, Watches, is_being_made

if TYPE_CHECKING:
    from shared.config import Settings

NOTIFICATIONS = "/api/notifications"
LIFECYCLE = "/api/lifecycle"


@dataclass(frozen=True)
class SubscriptionKeeper:
    """Makes Graph hold what a watch asks for. Methods raise GraphError, ConfigurationError or Unavailable."""

    settings: Settings
    subscriptions: Subscriptions
    watches: Watches
    keys: Callable[[], list[Key]]
    now: Callable[[], datetime]

    def create(self, watch: Watch) -> Watch | None:
        """Create the subscription of a claimed watch and note it.

        None, with nothing left at Graph, when the watch was deleted meanwhile.

        A 409 means that an earlier call succeeded without our noticing: what stands is ours, but its clientState may be
        of a retired key, so it is replaced.
        """
        try:
            made, key = self._post(watch)
        except GraphConflict:
            if not self.remove(watch):
                raise
            made, key = self._post(watch)
        noted = self._note(watch, made, key.version)
        if noted is None:
            self.subscriptions.delete(made.id)
        return noted

    def ensure(self, watch: Watch) -> Watch | None:
        """Renew the subscription by one PATCH, or create it anew when Graph has it no more. None as for `create`.

        One of an older key is replaced instead: a PATCH keeps the clientState, and the next rotation retires its key.
        With direct delivery the partner knows the clientState, so it stays.
        """
        if not watch.subscription_id:
            return self.anew(watch)
        newest = client_state.signing_key(self.keys(), self.now()).version
        if watch.key_version != newest and watch.delivery == "relay":
            self.subscriptions.delete(watch.subscription_id)
            return self.anew(watch)
        try:
            renewed = self.subscriptions.renew(watch.subscription_id, self._end())
        except GraphNotFound:
            return self.anew(watch)
        return self._note(watch, renewed, watch.key_version)

    def anew(self, watch: Watch) -> Watch | None:
        """Create the subscription of a watch that has none any more; the row says so first, so that the timer goes on
        if we fail. Returns the watch as it is when somebody else is at it, or was.
        """
        current: Watch | None = watch
        while current is not None and current.subscription_id == watch.subscription_id:
            if is_being_made(current, self.now()):
                break
            claimed = self.watches.claim(current, self.now())
            if claimed is not None:
                return self.create(claimed)
            current = self.watches.get(watch.id)
        return current

    def remove(self, watch: Watch) -> bool:
        """Delete what Graph holds for a watch at our addresses, found by listing; return whether there was any."""
        resource, url = resource_of(watch.mailbox).lower(), self.notification_url(watch)
        found = [
            standing.id
            for standing in self.subscriptions.list()
            if standing.resource.lower().strip("/") == resource and standing.notification_url == url
        ]
        for subscription_id in found:
            self.subscriptions.delete(subscription_id)
        return bool(found)

    def notification_url(self, watch: Watch) -> str:
        """Return where Graph shall post the changes of a watch: to us, or with direct delivery to the partner."""
        return watch.notification_url or self.settings.public_base_url + NOTIFICATIONS

    def client_state(self, watch: Watch) -> str | None:
        """Return the clientState that the subscription of a live watch was made with; None when its key has retired."""
        key = next((key for key in self.keys() if key.version == watch.key_version), None)
        return client_state.sign(watch.id, key) if key else None

    def was_just_renewed(self, watch: Watch) -> bool:
        """Return whether the end was moved within 10 minutes: Graph wants no second renewal so soon."""
        return watch.expires is not None and watch.expires > self._end() - timedelta(minutes=10)

    def _post(self, watch: Watch) -> tuple[Subscription, Key]:
        key = client_state.signing_key(self.keys(), self.now())
        state, lifecycle = client_state.sign(watch.id, key), self.settings.public_base_url + LIFECYCLE
        url = self.notification_url(watch)
        return self.subscriptions.create(watch.mailbox, url, lifecycle, state, self._end()), key

    def _note(self, watch: Watch, made: Subscription, key_version: str) -> Watch | None:
        return self._write(
            watch, state="live", subscription_id=made.id, expires=made.expires, key_version=key_version
        )

    def _write(self, watch: Watch, **changes: Any) -> Watch | None:
        """Write to the watch's row, again if a change was noted there at the same moment; None when it is gone."""
        current: Watch | None = watch
        while current is not None:
            written = self.watches.change(current, **changes)
            if written is not None:
                return written
            current = self.watches.get(watch.id)
        return None

    def _end(self) -> datetime:
        return self.now() + timedelta(minutes=self.settings.subscription_lifetime_minutes)
