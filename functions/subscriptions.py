"""Creates, reads and removes watches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import READ, SETUP, address, caller_of, charge, route
from functions.responses import json_object, json_response, page_size, problem, problem_fields, problem_members
from functions.room_lists import ROUTE as ROOM_LISTS
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RelayError, RequestRejected

if TYPE_CHECKING:
    from shared.auth.caller import Caller
    from shared.bootstrap.app import App
    from shared.storage.watches import Watch
    from shared.watches.requests import SetupRequest, WatchRequest

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "subscriptions"
_WATCH_ID = re.compile(r"[0-9a-f]{32}")


@route(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Watch a mailbox: 201 with the new watch, 200 with the existing one.

    Several mailboxes: 207 with a result for each. A room list: 202 with the URL of its progress.
    """
    from shared.watches.requests import parse_room_list, parse_setup_request, parse_watch_request

    app, request = relay(), parse_setup_request(json_object(req.get_body()))
    if request.mailboxes is not None:
        charge(req, len(request.mailboxes))
        return _set_up_many(app, request, request.mailboxes, caller_of(req))
    if request.room_list is not None:
        return _watch_list(req, app, parse_room_list(request))
    watch, is_new = app.watch_setup.subscribe(parse_watch_request(request, request.mailbox or "", app.settings))
    location = address(req, f"{ROUTE}/{watch.id}")
    return json_response(201 if is_new else 200, _set_up_view(watch, caller_of(req)), Location=location)


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """List watches, `pageSize` to a page; nextLink is the URL of the next page."""
    size = page_size(req)
    watches = relay().watches.page(size, _page_start(req.params.get("after", "")))
    more = f"{address(req, ROUTE)}?pageSize={size}&after={watches[-1].id}" if len(watches) == size else None
    return json_response(200, {"value": [_view(watch, caller_of(req)) for watch in watches], "nextLink": more})


@route(blueprint, ROUTE + "/{id}", methods=["GET"], role=READ)
def get_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Return one watch."""
    watch = relay().watches.get(req.route_params["id"])
    if watch is None:
        return problem(problems.SUBSCRIPTION_NOT_FOUND, "List them with GET /api/subscriptions.")
    return json_response(200, _view(watch, caller_of(req)))


@route(blueprint, ROUTE + "/{id}", methods=["DELETE"], role=SETUP)
def delete_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Remove a watch and its subscription. Idempotent."""
    relay().watch_setup.unsubscribe(req.route_params["id"])
    return func.HttpResponse(status_code=204)


def _set_up_many(app: App, request: SetupRequest, mailboxes: list[str], caller: Caller) -> func.HttpResponse:
    """Set up each mailbox once, independently of the others, and return the results in their order."""
    from shared.watches.requests import parse_watch_request

    def requested(mailbox: str) -> WatchRequest | RelayError:
        try:
            return parse_watch_request(request, mailbox, app.settings)
        except RequestRejected as refusal:
            return refusal

    addresses = list(dict.fromkeys(mailbox.strip().lower() for mailbox in mailboxes))
    results = app.watch_setup.subscribe_many([requested(mailbox) for mailbox in addresses])
    paired = zip(addresses, results, strict=True)
    return json_response(207, {"value": [_result(mailbox, result, caller) for mailbox, result in paired]})


def _result(mailbox: str, result: tuple[Watch, bool] | RelayError, caller: Caller) -> dict[str, Any]:
    """Return the result for one mailbox: its status, and the watch or the problem."""
    if isinstance(result, RelayError):
        kind, detail, _ = problem_fields(result)
        return {"mailbox": mailbox, **problem_members(kind, detail)}
    watch, is_new = result
    try:
        return {"mailbox": mailbox, "status": 201 if is_new else 200, "subscription": _set_up_view(watch, caller)}
    except RelayError as error:
        return _result(mailbox, error, caller)


def _watch_list(req: func.HttpRequest, app: App, mailbox: str) -> func.HttpResponse:
    room_list = app.room_list_service.watch(mailbox)
    link = address(req, f"{ROOM_LISTS}/{room_list.id}")
    return json_response(202, {"id": room_list.id, "roomList": room_list.address, "link": link}, Location=link)


def _page_start(text: str) -> str:
    if text and not _WATCH_ID.fullmatch(text):
        raise RequestRejected(
            problems.INVALID_PARAMETER, "after must be the id of a subscription: use nextLink unchanged."
        )
    return text


def _view(watch: Watch, caller: Caller) -> dict[str, Any]:
    """Return a watch for the partner, with times in UTC. The query of its URL, which may hold a key, and the
    clientState that verifies its notifications are for who may set it up.
    """
    from shared.utc import format_utc
    from shared.watches.states import shown

    state = shown(watch, relay().now())
    view: dict[str, Any] = {
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
        return view
    if not caller.may(SETUP):
        return view | {"notificationUrl": watch.notification_url.partition("?")[0]}
    return view | {"notificationUrl": watch.notification_url} | _client_state(watch)


def _set_up_view(watch: Watch, caller: Caller) -> dict[str, Any]:
    """Return a watch for the call that set it up. Raises RelayError (503) without its clientState, because nobody can
    verify Graph's notifications without it: the vault does not answer, or a new clientState is about to be made. The
    watch stays as it is.
    """
    if watch.delivery == "direct" and relay().subscription_service.client_state(watch) is None:
        text = "The key of its clientState was retired. Graph is given a new one within half an hour: try again then."
        raise RequestRejected(problems.SETUP_IN_PROGRESS, text, retry_after=600)
    return _view(watch, caller)


def _client_state(watch: Watch) -> dict[str, str]:
    """Return the clientState, or nothing: its key is retired, and its subscription about to be replaced; or the vault
    does not answer, and the watch must be readable nevertheless.
    """
    try:
        text = relay().subscription_service.client_state(watch)
    except RelayError:
        return {}
    return {"clientState": text} if text else {}
