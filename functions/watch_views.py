"""What the partner sees of a watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.auth import SETUP
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RelayError, RequestRejected

if TYPE_CHECKING:
    from shared.auth.caller import Caller
    from shared.storage.watches import Watch


def view(watch: Watch, caller: Caller) -> dict[str, Any]:
    """Return a watch for the partner, with times in UTC. The query of its URL, which may hold a key, and the
    clientState that verifies its notifications are for who may set it up.
    """
    from shared.utc import format_utc
    from shared.watches.states import shown

    state = shown(watch, relay().now())
    fields: dict[str, Any] = {
        "id": watch.id,
        "mailbox": watch.mailbox,
        "delivery": watch.delivery,
        "state": state.state,
        "since": format_utc(state.since) if state.since else None,
        "lastError": state.what_to_do or None,
        "roomLists": watch.room_lists.split(),
        "graphSubscriptionId": watch.subscription_id or None,
        "expirationDateTime": format_utc(watch.expires) if watch.expires else None,
        "lastChangeSeen": format_utc(watch.last_change) if watch.last_change else None,
        "created": format_utc(watch.created),
    }
    if watch.delivery != "direct":
        return fields
    if not caller.may(SETUP):
        return fields | {"notificationUrl": watch.notification_url.partition("?")[0]}
    return fields | {"notificationUrl": watch.notification_url} | _client_state(watch)


def set_up_view(watch: Watch, caller: Caller) -> dict[str, Any]:
    """Return a watch for the call that set it up. Raises RelayError (503) without its clientState, because nobody can
    verify Graph's notifications without it: the vault does not answer, or a new clientState is about to be made. The
    watch stays as it is.
    """
    if watch.delivery == "direct" and relay().subscription_service.client_state(watch) is None:
        text = "The key of its clientState was retired. Graph is given a new one within half an hour: try again then."
        raise RequestRejected(problems.SETUP_IN_PROGRESS, text, retry_after=600)
    return view(watch, caller)


def _client_state(watch: Watch) -> dict[str, str]:
    """Return the clientState, or nothing: its key is retired, and its subscription about to be replaced; or the vault
    does not answer, and the watch must be readable nevertheless.
    """
    try:
        text = relay().subscription_service.client_state(watch)
    except RelayError:
        return {}
    return {"clientState": text} if text else {}
