"""Set up and take down watches, as the partner asks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from shared.errors import (
    GraphConflict,
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphUnavailable,
    RelayError,
    SetupRefused,
)
from shared.relay.parts import Parts
from shared.storage.watches import Watch, is_being_made, watch_id_of

if TYPE_CHECKING:
    pass

PATIENCE = timedelta(seconds=45)  # with another call that is setting up the same mailbox; longer than a handshake takes
LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Wish:
    """What the partner asks for, checked for form already; `notification_url` belongs to direct delivery."""

    mailbox: str
    delivery: Literal["relay", "direct"] = "relay"
    notification_url: str = ""


def subscribe(parts: Parts, wish: Wish) -> tuple[Watch, bool]:
    """Return the live watch of a mailbox, and whether this call made it. Safe to call often and at once.

    Raises SetupRefused, after which neither a new watch nor a new subscription is left, or ConfigurationError or
    Unavailable.
    """
    if not parts.allows(wish.mailbox):
        raise SetupRefused(403, "Mailbox not allowed", "The customer's ALLOWED_MAILBOXES does not name this address.")
    give_up = parts.now() + PATIENCE
    while parts.now() < give_up:
        watch = parts.watches.insert(_new_watch(parts, wish)) or _taken_over(parts, wish)
        if watch is not None:
            return _made(parts, watch), True
        standing = parts.watches.get(watch_id_of(wish.mailbox))
        if standing is not None and standing.state == "live":
            return _as_asked(standing, wish), False
        parts.sleep(LOOK_AGAIN_SECONDS)
    text = "Another call is setting up this mailbox. Try again soon."
    raise SetupRefused(503, "Set-up under way", text, retry_after=10)


def unsubscribe(parts: Parts, watch_id: str) -> None:
    """Remove a watch, its subscription and what the ledger keeps of it; one that is gone already is as good.

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


def _new_watch(parts: Parts, wish: Wish) -> Watch:
    now, url = parts.now(), wish.notification_url
    return Watch(watch_id_of(wish.mailbox), wish.mailbox, wish.delivery, now, url, pending_since=now)


def _taken_over(parts: Parts, wish: Wish) -> Watch | None:
    """Take over a set-up whose maker was killed halfway, if there is one."""
    standing = parts.watches.get(watch_id_of(wish.mailbox))
    if standing is None or standing.state != "pending" or is_being_made(standing, parts.now()):
        return None
    return parts.watches.claim(_as_asked(standing, wish), parts.now())


def _as_asked(standing: Watch, wish: Wish) -> Watch:
    if (standing.delivery, standing.notification_url) != (wish.delivery, wish.notification_url):
        text = f"The mailbox is watched already, with delivery {standing.delivery}. Delete that subscription first."
        raise SetupRefused(409, "Watched differently", text)
    return standing


def _made(parts: Parts, watch: Watch) -> Watch:
    """Create the subscription of a new watch, or leave nothing behind."""
    try:
        parts.ledger.forget(watch.id)  # what an earlier watch of this mailbox left, if its removal was cut short
        live = parts.keeper.create(watch)
    except RelayError as error:
        _undo(parts, watch, error)
        raise (refusal_of(error) if isinstance(error, GraphError) else error) from error
    if live is None:
        raise SetupRefused(409, "Deleted meanwhile", "The subscription was deleted while it was being set up.")
    return live


def _undo(parts: Parts, watch: Watch, error: RelayError) -> None:
    refused = isinstance(error, GraphError) and (error.status == 429 or not isinstance(error, GraphUnavailable))
    if not refused:  # Graph may have made it without our hearing of it, or we could not note what it made
        with suppress(RelayError):
            parts.keeper.remove(watch)
    with suppress(RelayError):  # the row stays pending then: the timer or the next call takes it over
        parts.watches.delete(watch)


def refusal_of(error: GraphError) -> SetupRefused:
    """Return what an error of Graph means to who asked for a subscription."""
    trace = f" (Graph: {error.code}, request-id {error.request_id or 'unknown'})"
    if isinstance(error, GraphNotFound):
        text = "Graph finds no mailbox with this address. Check the spelling, and its licence for Exchange Online."
        return SetupRefused(422, "Unknown mailbox", text + trace)
    if isinstance(error, GraphForbidden):
        text = (
            "The relay may not read this calendar. The customer's IT has to grant the application permission "
            "Calendars.Read, or widen its scope in Exchange to this mailbox."
        )
        return SetupRefused(502, "Permission missing at Microsoft Graph", text + trace)
    if isinstance(error, GraphConflict):
        text = "Another subscription of the same app registration watches this mailbox. Remove it, or use another app."
        return SetupRefused(409, "Watched already", text + trace)
    if isinstance(error, GraphUnavailable):
        wait = error.retry_after if error.retry_after is not None else 30
        return SetupRefused(503, "Microsoft Graph is busy", "Try again after the time in Retry-After." + trace, wait)
    text = "Graph refused the subscription. It has to reach the notification URLs from outside within 10 seconds."
    return SetupRefused(502, "Refused by Microsoft Graph", text + trace)
