"""Set up and take down watches, as the partner asks."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

from shared.errors import GraphError, GraphUnavailable, RelayError, RequestRejected
from shared.http.deadline import within
from shared.http.resolver import AddressRefused
from shared.parts import Parts
from shared.policy.allow_list import check_allowed
from shared.resync.catch_up import settle_gap
from shared.storage.watches import Watch, is_being_made, watch_id_of
from shared.threads import side_by_side
from shared.watches.graph_errors import refusal_of
from shared.watches.requests import Wish

AT_ONCE = 16  # of one call for several
PATIENCE = timedelta(seconds=45)  # with another call that is setting up the same mailbox; longer than a handshake takes
LOOK_AGAIN_SECONDS = 0.2
LOOKUP_SECONDS = 5.0


def subscribe(parts: Parts, wish: Wish) -> tuple[Watch, bool]:
    """Return the live watch of a mailbox, and whether this call made it. Safe to call often and at once.

    A watch that stands without a live subscription is tried at once. Raises RequestRejected, after which no new watch
    and no new subscription is left, or ConfigurationError or ServiceUnavailable.
    """
    check_allowed(parts.allow_list, wish.mailbox)
    _check_address(parts, wish)
    give_up = parts.now() + PATIENCE
    while parts.now() < give_up:
        watch = _inserted(parts, wish) or _taken_over(parts, wish)
        if watch is not None:
            return _made(parts, watch), True
        standing = parts.watches.get(watch_id_of(wish.mailbox))
        if standing is not None and not is_being_made(standing, parts.now()):
            live = _live(parts, _as_asked(standing, wish))
            if live is not None:
                return live, False
        parts.sleep(LOOK_AGAIN_SECONDS)
    text = "Another call is setting up this mailbox. Try again soon."
    raise RequestRejected(503, "Set-up under way", text, retry_after=10)


def subscribe_many(
    parts: Parts, wishes: Sequence[Wish | RelayError]
) -> list[tuple[Watch, bool] | RelayError]:
    """Return what came of each wish, in their order: the watch and whether it is new, or why there is none."""

    def made(wish: Wish | RelayError) -> tuple[Watch, bool] | RelayError:
        if isinstance(wish, RelayError):
            return wish
        try:
            return subscribe(parts, wish)
        except RelayError as error:
            return error

    return side_by_side(made, wishes, AT_ONCE, "setup")


def unsubscribe(parts: Parts, watch_id: str) -> None:
    """Remove a watch as the partner asks; one that is gone already is as good. Raises RequestRejected."""
    watch = parts.watches.get(watch_id)
    if watch is not None and watch.room_lists:
        lists = ", ".join(f"DELETE /api/room-lists/{room_list}" for room_list in watch.room_lists.split())
        raise RequestRejected(
            409, "Part of a room list", f"The room is watched with its room list. Remove that: {lists}."
        )
    let_go(parts, watch_id)


def let_go(parts: Parts, watch_id: str) -> None:
    """Remove a watch, its subscription and what the ledger keeps of it.

    The row goes last, and only as it was read: a renewal that made a new subscription meanwhile makes us look again.
    """
    while (watch := parts.watches.get(watch_id)) is not None:
        if watch.subscription_id:
            try:
                parts.keeper.subscriptions.delete(watch.subscription_id)
            except GraphError as error:
                raise refusal_of(error) from error
        if parts.watches.delete(watch):
            parts.ledger.forget(watch_id)
            return  # a watch that is set up after this is another one


def _inserted(parts: Parts, wish: Wish) -> Watch | None:
    """Store a new watch; None when the mailbox has one. Raises RequestRejected when there is no place for another."""
    if not parts.places.take():
        if parts.watches.get(watch_id_of(wish.mailbox)) is None:
            raise parts.places.refusal()
        return None
    watch = parts.watches.insert(_new_watch(parts, wish))
    if watch is None:
        parts.places.give_back()
    return watch


def _check_address(parts: Parts, wish: Wish) -> None:
    """Look up the host of a partner's own address, so that Graph is never asked to call into a private network."""
    if wish.delivery == "relay":
        return
    address, title = urlsplit(wish.notification_url), "The request is not sound"
    try:
        with within(LOOKUP_SECONDS):
            parts.resolver.find(address.hostname or "", address.port or 443)
    except AddressRefused:
        text = "notificationUrl: its host leads to a private network, where Graph cannot go. Name a public one."
        raise RequestRejected(422, title, text) from None
    except OSError as error:
        if isinstance(error, socket.gaierror) and error.errno != socket.EAI_AGAIN:
            raise RequestRejected(422, title, "notificationUrl: its host has no address. Check its name.") from None
        text = "The host of notificationUrl could not be looked up. Try again soon."
        raise RequestRejected(503, "No answer from DNS", text, retry_after=30) from None


def _new_watch(parts: Parts, wish: Wish) -> Watch:
    now, url = parts.now(), wish.notification_url
    return Watch(watch_id_of(wish.mailbox), wish.mailbox, wish.delivery, now, url, since=now, pending_since=now)


def _taken_over(parts: Parts, wish: Wish) -> Watch | None:
    """Take over a first set-up whose maker was killed halfway, if there is one."""
    standing = parts.watches.get(watch_id_of(wish.mailbox))
    if standing is None or is_being_made(standing, parts.now()):
        return None
    if standing.state != "pending" or standing.renewed or standing.room_lists:
        return None
    return parts.watches.claim(_as_asked(standing, wish), parts.now())


def _as_asked(standing: Watch, wish: Wish) -> Watch:
    if (standing.delivery, standing.notification_url) != (wish.delivery, wish.notification_url):
        text = f"The mailbox is watched already, with delivery {standing.delivery}. Delete that subscription first."
        raise RequestRejected(409, "Watched differently", text)
    return standing


def _live(parts: Parts, standing: Watch) -> Watch | None:
    """Return a standing watch, live and asked for by name; None when it has to be looked at again."""
    if not standing.asked:
        parts.watches.change(standing, asked=True)
        return None
    if standing.state == "live":
        return standing
    try:
        live = parts.keeper.anew(standing)
    except GraphError as error:
        raise refusal_of(error) from error
    if live is None or live.state != "live":
        return None
    settle_gap(parts, live)
    return live


def _made(parts: Parts, watch: Watch) -> Watch:
    """Create the subscription of a new watch, or leave nothing behind."""
    try:
        parts.ledger.forget(watch.id)  # what an earlier watch of this mailbox left, if its removal was cut short
        live = parts.keeper.create(watch)
    except RelayError as error:
        _undo(parts, watch, error)
        raise (refusal_of(error) if isinstance(error, GraphError) else error) from error
    if live is None:
        raise RequestRejected(409, "Deleted meanwhile", "The subscription was deleted while it was being set up.")
    return live


def _undo(parts: Parts, watch: Watch, error: RelayError) -> None:
    refused = isinstance(error, GraphError) and (error.status == 429 or not isinstance(error, GraphUnavailable))
    if not refused:  # Graph may have made it without our hearing of it, or we could not note what it made
        with suppress(RelayError):
            parts.keeper.remove(watch)
    with suppress(RelayError):  # the row stays then: the timer or the next call takes it over
        parts.watches.delete(watch)
