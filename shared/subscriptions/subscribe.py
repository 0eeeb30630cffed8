"""Set up and remove watches for the partner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared import problems
from shared.errors import GraphError, RelayError, RequestRejected
from shared.resync.catch_up import CatchUp
from shared.storage.watches import ABANDONED, Watch, Watches, is_being_created, new_born, watch_id_of
from shared.subscriptions.admission import Admission
from shared.subscriptions.creation import Creation
from shared.subscriptions.endings import Endings
from shared.subscriptions.new_watches import NewWatches
from shared.threads import side_by_side
from shared.watches.graph_errors import rejection_of
from shared.watches.requests import WatchRequest
from shared.watches.sources import PARTNER, WatchSources

AT_ONCE = 16  # mailboxes of one call
MAX_WAIT = timedelta(seconds=45)  # for another call that sets up the same mailbox; longer than a handshake takes
LOOK_AGAIN_SECONDS = 0.2  # between two reads of the row while waiting


@dataclass(frozen=True)
class WatchSetup:
    """Sets up and removes watches."""

    admission: Admission
    watches: Watches
    sources: WatchSources
    new_watches: NewWatches
    creation: Creation
    endings: Endings
    catch_up: CatchUp
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def subscribe(self, request: WatchRequest) -> tuple[Watch, bool]:
        """Return the live watch of a mailbox, and whether this call created it. Idempotent, safe to call concurrently.

        If the watch exists without a live subscription, create the subscription now. Raises RequestRejected,
        ConfigurationError or ServiceUnavailable. A rejected call leaves no new watch and no new subscription.
        """
        known = self.watches.get(watch_id_of(request.mailbox))
        owner = self.admission.require(request, known)
        if known is None:
            self.creation.subscriptions.wait_for_rate()  # before the row is claimed
        deadline, is_new = self.now() + MAX_WAIT, False
        while self.now() < deadline:
            watch = self.sources.add(self._new_watch(request, owner)) or self._taken_over(request)
            if watch is not None:
                created = self.new_watches.create(watch)
                if created.state == "live":  # else another process has taken over
                    return created, True
            existing = self.watches.get(watch_id_of(request.mailbox))
            if existing is not None and not is_being_created(existing, self.now()):
                is_new = is_new or existing.is_features_alone
                live = self._live(_checked_delivery(existing, request))
                if live is not None:
                    return live, is_new
            self.sleep(LOOK_AGAIN_SECONDS)
        text = "Another call is setting up this mailbox. Try again soon."
        raise RequestRejected(problems.SETUP_IN_PROGRESS, text, retry_after=10)

    def subscribe_many(self, requests: Sequence[WatchRequest | RelayError]) -> list[tuple[Watch, bool] | RelayError]:
        """Set up several watches independently. Return a result for each request, in order: the watch and whether it
        is new, or the error. A request that is an error already is returned as it is.
        """

        def subscribed(request: WatchRequest | RelayError) -> tuple[Watch, bool] | RelayError:
            if isinstance(request, RelayError):
                return request
            try:
                return self.subscribe(request)
            except RelayError as error:
                return error

        return side_by_side(subscribed, requests, AT_ONCE, "setup")

    def unsubscribe(self, watch_id: str) -> None:
        """Remove a watch for the partner; a no-op if it does not exist. Raises RequestRejected."""
        self.endings.unsubscribe(watch_id)

    def _new_watch(self, request: WatchRequest, owner: dict[str, Any]) -> Watch:
        now, watch_id = self.now(), watch_id_of(request.mailbox)
        url = request.notification_url
        claim: dict[str, Any] = {"since": now, "pending_since": now, "due_at": now + ABANDONED, **owner}
        return Watch(watch_id, request.mailbox, request.delivery, now, url, born=new_born(), **claim)

    def _taken_over(self, request: WatchRequest) -> Watch | None:
        """Claim the watch of an initial setup that was interrupted, if there is one."""
        existing = self.watches.get(watch_id_of(request.mailbox))
        if existing is None or is_being_created(existing, self.now()):
            return None
        if existing.state != "pending" or existing.renewed or self.sources.held_by(existing) - {PARTNER}:
            return None
        return self.watches.claim(_checked_delivery(existing, request), self.now())

    def _live(self, existing: Watch) -> Watch | None:
        """Return an existing watch once it is live and held by the partner; None if the row must be read again."""
        if PARTNER not in self.sources.held_by(existing):
            self.sources.hold(PARTNER, existing)
            return None
        if existing.state == "live":
            return existing
        try:
            live = self.creation.recreate(existing)
        except GraphError as error:
            raise rejection_of(error) from error
        if live is None or live.state != "live":
            return None
        self.catch_up.queue_pending_resync(live)
        return live


def _checked_delivery(existing: Watch, request: WatchRequest) -> Watch:
    """Return the existing watch. Raises RequestRejected 409 when the request has another delivery or URL."""
    if existing.is_features_alone and request.delivery == "direct":
        text = "A feature of the relay follows this mailbox, so Graph must post its changes to the relay."
        raise RequestRejected(problems.HELD_BY_FEATURE, text)
    if (existing.delivery, existing.notification_url) != (request.delivery, request.notification_url):
        text = (
            f"The mailbox already has a subscription with delivery {existing.delivery}. Delete it before you change "
            "the delivery or the notificationUrl."
        )
        raise RequestRejected(problems.DELIVERY_DIFFERS, text)
    return existing
