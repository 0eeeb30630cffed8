"""Set up and remove watches for the partner."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from shared import problems
from shared.errors import GraphError, GraphUnavailable, RelayError, RequestRejected
from shared.http.deadline import within
from shared.http.resolver import AddressRefused, Resolver
from shared.policy.allow_list import AllowList, check_allowed
from shared.resync.catch_up import CatchUp
from shared.storage.ledger import Ledger
from shared.storage.watches import Watch, Watches, is_being_created, watch_id_of
from shared.subscriptions.service import SubscriptionService
from shared.threads import side_by_side
from shared.watches.graph_errors import rejection_of
from shared.watches.requests import WatchRequest
from shared.watches.sources import PARTNER, WatchSources

AT_ONCE = 16  # mailboxes of one call
MAX_WAIT = timedelta(seconds=45)  # for another call that sets up the same mailbox; longer than a handshake takes
LOOK_AGAIN_SECONDS = 0.2  # between two reads of the row while waiting
LOOKUP_SECONDS = 5.0


@dataclass(frozen=True)
class WatchSetup:
    """Sets up and removes watches."""

    allow_list: AllowList
    watches: Watches
    sources: WatchSources
    ledger: Ledger
    subscription_service: SubscriptionService
    catch_up: CatchUp
    resolver: Callable[[], Resolver]
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def subscribe(self, request: WatchRequest) -> tuple[Watch, bool]:
        """Return the live watch of a mailbox, and whether this call created it. Idempotent, safe to call concurrently.

        If the watch exists without a live subscription, create the subscription now. Raises RequestRejected,
        ConfigurationError or ServiceUnavailable. A rejected call leaves no new watch and no new subscription.
        """
        check_allowed(self.allow_list, request.mailbox)
        self._check_address(request)
        deadline = self.now() + MAX_WAIT
        while self.now() < deadline:
            watch = self.sources.add(self._new_watch(request)) or self._taken_over(request)
            if watch is not None:
                return self._create(watch), True
            existing = self.watches.get(watch_id_of(request.mailbox))
            if existing is not None and not is_being_created(existing, self.now()):
                live = self._live(_checked_delivery(existing, request))
                if live is not None:
                    return live, False
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
        watch = self.watches.get(watch_id)
        if watch is not None and watch.room_lists:
            lists = ", ".join(f"DELETE /api/room-lists/{room_list}" for room_list in watch.room_lists.split())
            text = f"The room is watched as part of a room list. Remove the room list instead: {lists}."
            raise RequestRejected(problems.PART_OF_ROOM_LIST, text)
        self.remove(watch_id)

    def remove(self, watch_id: str) -> None:
        """Remove a watch, its subscription and its ledger entries.

        The row is deleted after the subscription, and only if it is unchanged: a concurrent renewal may have created a
        new subscription, which is then deleted as well.
        """
        while (watch := self.watches.get(watch_id)) is not None:
            if watch.subscription_id:
                try:
                    self.subscription_service.subscriptions.delete(watch.subscription_id)
                except GraphError as error:
                    raise rejection_of(error) from error
            if self.watches.delete(watch):
                self.ledger.forget(watch_id)
                return  # not again: a row that exists now is a new watch

    def _check_address(self, request: WatchRequest) -> None:
        """Resolve the host of a direct notificationUrl, so that Graph is never pointed into a private network."""
        if request.delivery == "relay":
            return
        address = urlsplit(request.notification_url)
        try:
            with within(LOOKUP_SECONDS):
                self.resolver().find(address.hostname or "", address.port or 443)
        except AddressRefused:
            text = "notificationUrl: its host is in a private network, which Graph cannot reach. Use a public host."
            raise RequestRejected(problems.INVALID_REQUEST, text) from None
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
                text = "notificationUrl: the host name does not resolve. Check the spelling."
                raise RequestRejected(problems.INVALID_REQUEST, text) from None
            text = "The DNS lookup for the host of notificationUrl failed. Try again soon."
            raise RequestRejected(problems.DNS_UNAVAILABLE, text, retry_after=30) from None

    def _new_watch(self, request: WatchRequest) -> Watch:
        now, watch_id = self.now(), watch_id_of(request.mailbox)
        url = request.notification_url
        return Watch(watch_id, request.mailbox, request.delivery, now, url, since=now, pending_since=now)

    def _taken_over(self, request: WatchRequest) -> Watch | None:
        """Claim the watch of an initial setup that was interrupted, if there is one."""
        existing = self.watches.get(watch_id_of(request.mailbox))
        if existing is None or is_being_created(existing, self.now()):
            return None
        if existing.state != "pending" or existing.renewed or existing.room_lists:
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
            live = self.subscription_service.recreate(existing)
        except GraphError as error:
            raise rejection_of(error) from error
        if live is None or live.state != "live":
            return None
        self.catch_up.queue_pending_resync(live)
        return live

    def _create(self, watch: Watch) -> Watch:
        """Create the subscription of a new watch; on failure undo the setup."""
        try:
            self.ledger.forget(watch.id)  # entries of an earlier watch whose removal was interrupted
            live = self.subscription_service.create(watch)
        except RelayError as error:
            self._undo(watch, error)
            raise (rejection_of(error) if isinstance(error, GraphError) else error) from error
        if live is None:
            raise RequestRejected(
                problems.SUBSCRIPTION_DELETED, "The subscription was deleted while it was being set up."
            )
        return live

    def _undo(self, watch: Watch, error: RelayError) -> None:
        rejected = isinstance(error, GraphError) and (error.status == 429 or not isinstance(error, GraphUnavailable))
        if not rejected:  # the subscription may exist: Graph's response was lost, or the row could not be written
            with suppress(RelayError):
                self.subscription_service.remove(watch)
        with suppress(RelayError):  # if this fails the row stays, and the timer or the next call takes it over
            self._abandon(watch, error)

    def _abandon(self, watch: Watch, error: RelayError) -> None:
        """End a failed setup: delete its row, or leave it to the room lists that now include the mailbox.

        Repeat while the row changes: a claim that stays in the row would make the next call wait in vain.
        """
        current: Watch | None = watch
        while current is not None and current.pending_since == watch.pending_since:
            if not current.room_lists:
                if self.watches.delete(current):
                    return
            elif (released := self.sources.release(PARTNER, current)) is not None:
                self.subscription_service.record_failure(released, error)
                return
            current = self.watches.get(watch.id)


def _checked_delivery(existing: Watch, request: WatchRequest) -> Watch:
    """Return the existing watch. Raises RequestRejected 409 when the request has another delivery or URL."""
    if (existing.delivery, existing.notification_url) != (request.delivery, request.notification_url):
        text = (
            f"The mailbox already has a subscription with delivery {existing.delivery}. Delete it before you change "
            "the delivery or the notificationUrl."
        )
        raise RequestRejected(problems.DELIVERY_DIFFERS, text)
    return existing
