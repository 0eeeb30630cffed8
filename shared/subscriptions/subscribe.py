"""Set up and take down watches, as the partner asks."""

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

AT_ONCE = 16  # of one call for several
PATIENCE = timedelta(seconds=45)  # with another call that is setting up the same mailbox; longer than a handshake takes
LOOK_AGAIN_SECONDS = 0.2
LOOKUP_SECONDS = 5.0


@dataclass(frozen=True)
class WatchSetup:
    """Makes and removes watches."""

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
        """Return the live watch of a mailbox, and whether this call made it. Safe to call often and at once.

        An existing watch without a live subscription is tried at once. Raises RequestRejected, after which no new watch
        and no new subscription is left, or ConfigurationError or ServiceUnavailable.
        """
        check_allowed(self.allow_list, request.mailbox)
        self._check_address(request)
        give_up = self.now() + PATIENCE
        while self.now() < give_up:
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
        """Set up several watches, each as if it were requested alone. Return what came of each, in their order: the
        watch and whether it is new, or why there is none.
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
        """Remove a watch as the partner asks; one that is gone already is as good. Raises RequestRejected."""
        watch = self.watches.get(watch_id)
        if watch is not None and watch.room_lists:
            lists = ", ".join(f"DELETE /api/room-lists/{room_list}" for room_list in watch.room_lists.split())
            text = f"The room is watched with its room list. Remove that: {lists}."
            raise RequestRejected(problems.PART_OF_ROOM_LIST, text)
        self.remove(watch_id)

    def remove(self, watch_id: str) -> None:
        """Remove a watch, its subscription and what the ledger keeps of it.

        The row goes last, and only as it was read: a renewal that made a new subscription meanwhile makes us look
        again.
        """
        while (watch := self.watches.get(watch_id)) is not None:
            if watch.subscription_id:
                try:
                    self.subscription_service.subscriptions.delete(watch.subscription_id)
                except GraphError as error:
                    raise rejection_of(error) from error
            if self.watches.delete(watch):
                self.ledger.forget(watch_id)
                return  # a watch that is set up after this is another one

    def _check_address(self, request: WatchRequest) -> None:
        """Look up the host of a partner's own address, so that Graph is never asked to call into a private network."""
        if request.delivery == "relay":
            return
        address = urlsplit(request.notification_url)
        try:
            with within(LOOKUP_SECONDS):
                self.resolver().find(address.hostname or "", address.port or 443)
        except AddressRefused:
            text = "notificationUrl: its host leads to a private network, where Graph cannot go. Name a public one."
            raise RequestRejected(problems.INVALID_REQUEST, text) from None
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
                text = "notificationUrl: its host has no address. Check its name."
                raise RequestRejected(problems.INVALID_REQUEST, text) from None
            text = "The host of notificationUrl could not be looked up. Try again soon."
            raise RequestRejected(problems.DNS_UNAVAILABLE, text, retry_after=30) from None

    def _new_watch(self, request: WatchRequest) -> Watch:
        now, watch_id = self.now(), watch_id_of(request.mailbox)
        url = request.notification_url
        return Watch(watch_id, request.mailbox, request.delivery, now, url, since=now, pending_since=now)

    def _taken_over(self, request: WatchRequest) -> Watch | None:
        """Take over a first set-up whose maker was killed halfway, if there is one."""
        existing = self.watches.get(watch_id_of(request.mailbox))
        if existing is None or is_being_created(existing, self.now()):
            return None
        if existing.state != "pending" or existing.renewed or existing.room_lists:
            return None
        return self.watches.claim(_checked_delivery(existing, request), self.now())

    def _live(self, existing: Watch) -> Watch | None:
        """Return an existing watch, live and held by the partner; None when it has to be looked at again."""
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
        """Create the subscription of a new watch, or leave nothing behind."""
        try:
            self.ledger.forget(watch.id)  # what an earlier watch of this mailbox left, if its removal was cut short
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
        refused = isinstance(error, GraphError) and (error.status == 429 or not isinstance(error, GraphUnavailable))
        if not refused:  # Graph may have made it without our hearing of it, or we could not note what it made
            with suppress(RelayError):
                self.subscription_service.remove(watch)
        with suppress(RelayError):  # the row stays then: the timer or the next call takes it over
            self._abandon(watch, error)

    def _abandon(self, watch: Watch, error: RelayError) -> None:
        """End a set-up that failed: delete its row, or leave it to the room lists that took the mailbox in meanwhile.

        The row may have changed since it was read. One that kept its claim would make the next call wait for nobody.
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
    """Return the existing watch. Raises RequestRejected 409 when the request wants another delivery."""
    if (existing.delivery, existing.notification_url) != (request.delivery, request.notification_url):
        text = f"The mailbox is watched already, with delivery {existing.delivery}. Delete that subscription first."
        raise RequestRejected(problems.DELIVERY_DIFFERS, text)
    return existing
