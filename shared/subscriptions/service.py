"""Renew, move and replace the subscription of a watch. Used by jobs and by the run of the timer.

Nothing is believed gone by one 404: see shared/subscriptions/evidence.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.errors import GraphError, GraphNotFound, GraphUnavailable, RelayError
from shared.graph import client_state
from shared.graph.client_state_keys import ClientStateKeys
from shared.graph.subscriptions import Subscription, Subscriptions
from shared.resync.silence_rules import is_to_be_replaced
from shared.storage.watches import Watch, Watches
from shared.subscriptions.addresses import Addresses
from shared.subscriptions.creation import Creation
from shared.subscriptions.lifetime import Lifetimes
from shared.subscriptions.losses import Losses
from shared.subscriptions.plan import is_outdated, is_unverifiable
from shared.subscriptions.records import Records


@dataclass(frozen=True)
class SubscriptionService:
    """Manages the subscription of a watch. Methods raise GraphError, ConfigurationError or ServiceUnavailable.

    They return the watch's current row, also if another process changed it meanwhile; None if the watch was deleted.
    """

    addresses: Addresses
    subscriptions: Subscriptions
    watches: Watches
    records: Records
    creation: Creation
    lifetimes: Lifetimes
    losses: Losses
    keys: ClientStateKeys
    now: Callable[[], datetime]

    def renew(self, watch: Watch, *, spread: bool = False) -> Watch | None:
        """Renew by one PATCH, which also reauthorizes. A 404 is the first evidence that the subscription is gone.

        `renewed` is written after the PATCH, so that a process that is killed between leaves the work to be done again.
        """

        def patch(end: datetime) -> Subscription:
            return self.subscriptions.renew(watch.subscription_id, end)

        return self._patched(watch, patch, spread=spread)

    def change_address(self, watch: Watch) -> Watch | None:
        """Make the subscription post to the relay's present URL, by one PATCH, which also renews it."""
        return self.move(watch, self.addresses.notification_url(watch))

    def move(self, watch: Watch, url: str) -> Watch | None:
        """Make the subscription post to a URL, by one PATCH."""

        def patch(end: datetime) -> Subscription:
            return self.subscriptions.change_address(watch.subscription_id, url, end)

        return self._patched(watch, patch, spread=True, url=url)

    def replace(self, watch: Watch) -> Watch | None:
        """Replace the subscription. An unverifiable or silent one is deleted first: it is of no use, and Graph often
        refuses a second one. Nothing is done if the present keys and settings no longer require it.
        """
        keys = self.keys()
        versions, signing = [key.version for key in keys], client_state.signing_key(keys, self.now()).version

        def is_unusable(row: Watch) -> bool:
            is_retired = self._is_retired  # the vault is asked for a direct watch with an older key only
            return is_unverifiable(row, versions, is_retired) or is_to_be_replaced(row, self.now())

        if not is_unusable(watch) and not is_outdated(watch, signing, self.addresses.lifecycle_url):
            return self.watches.get(watch.id)
        return self.creation.recreate(watch, spread=True, replaces=watch.subscription_id, is_unusable=is_unusable)

    def client_state(self, watch: Watch) -> str | None:
        """Return the clientState of a live watch's subscription; None when its key has been retired."""
        key = next((key for key in self.keys() if key.version == watch.key_version), None)
        if key is None and watch.delivery == "direct" and watch.key_version:
            key = self.keys.older(watch.key_version)
        nonce = watch.nonce if watch.described_id == watch.subscription_id else ""
        return client_state.sign(watch.id, key, watch.delivery, nonce) if key else None

    def _is_retired(self, version: str) -> bool:
        return self.keys.older(version) is None

    def _patched(
        self, watch: Watch, patch: Callable[[datetime], Subscription], *, spread: bool, url: str = ""
    ) -> Watch | None:
        began = self.now()
        try:
            answer = self._answer_of(watch, patch, spread=spread, url=url)
        except GraphNotFound:  # a second 404 counts only if it answers a GET
            return self.losses.missing(watch) if watch.missing_since is None else self.losses.look_up(watch)
        except RelayError as error:
            self.records.failed(watch, error)
            raise
        return self.records.live(watch, answer, renewed=began) or self.watches.get(watch.id)

    def _answer_of(
        self, watch: Watch, patch: Callable[[datetime], Subscription], *, spread: bool, url: str
    ) -> Subscription:
        """Return Graph's answer to a PATCH. If the answer was lost or unreadable, a GET says whether it was done.

        `url`: the address that the PATCH was to set; empty if none.
        """
        try:
            return self.lifetimes.accepted(watch, patch, spread=spread)
        except GraphUnavailable as error:
            if error.status not in (0, 200):
                raise
            try:
                found = self.subscriptions.get(watch.subscription_id)
            except GraphError:
                raise error from None
            if watch.expires is None or found.expires <= watch.expires or (url and found.notification_url != url):
                raise
            return found
