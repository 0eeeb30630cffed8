"""Creates, reads and removes watches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.answer_headers import mark_deprecated
from functions.auth import READ, SETUP, address, caller_of, route
from functions.many_subscriptions import ROUTE, set_up_many
from functions.responses import json_object, json_response, page_size, problem
from functions.room_lists import watch_room_list
from functions.watch_views import set_up_view, view
from shared import problems
from shared.bootstrap.app import relay
from shared.errors import RequestRejected

if TYPE_CHECKING:
    from shared.watches.requests import WatchRequest

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
_WATCH_ID = re.compile(r"[0-9a-f]{32}")


@route(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Watch a mailbox: 201 with the new watch, 200 with the existing one."""
    from shared.watches.former_requests import is_former
    from shared.watches.requests import read_watch

    content = json_object(req.get_body())
    if is_former(content):
        return _former(req, content)
    return _set_up(req, read_watch(content, relay().settings))


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """List watches, `pageSize` to a page; nextLink is the URL of the next page."""
    size = page_size(req)
    watches = relay().watches.page(size, _page_start(req.params.get("after", "")))
    more = f"{address(req, ROUTE)}?pageSize={size}&after={watches[-1].id}" if len(watches) == size else None
    return json_response(200, {"value": [view(watch, caller_of(req)) for watch in watches], "nextLink": more})


@route(blueprint, ROUTE + "/{id}", methods=["GET"], role=READ)
def get_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Return one watch."""
    watch = relay().watches.get(req.route_params["id"])
    if watch is None:
        return problem(problems.SUBSCRIPTION_NOT_FOUND, "List them with GET /api/subscriptions.")
    return json_response(200, view(watch, caller_of(req)))


@route(blueprint, ROUTE + "/{id}", methods=["DELETE"], role=SETUP)
def delete_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Remove a watch and its subscription. Idempotent."""
    relay().watch_setup.unsubscribe(req.route_params["id"])
    return func.HttpResponse(status_code=204)


def _former(req: func.HttpRequest, content: dict[str, Any]) -> func.HttpResponse:
    """Answer a body of an earlier version as that did: 207 for several mailboxes, 202 for a room list."""
    from shared.watches.former_requests import parse_room_list, parse_setup_request
    from shared.watches.requests import parse_watch_request

    mark_deprecated(req)
    request = parse_setup_request(content)
    if request.mailboxes is not None:
        return set_up_many(req, request, request.mailboxes)
    if request.room_list is not None:
        return watch_room_list(req, parse_room_list(request))
    return _set_up(req, parse_watch_request(request, request.mailbox or "", relay().settings))


def _set_up(req: func.HttpRequest, request: WatchRequest) -> func.HttpResponse:
    watch, is_new = relay().watch_setup.subscribe(request)
    location = address(req, f"{ROUTE}/{watch.id}")
    return json_response(201 if is_new else 200, set_up_view(watch, caller_of(req)), Location=location)


def _page_start(text: str) -> str:
    if text and not _WATCH_ID.fullmatch(text):
        raise RequestRejected(
            problems.INVALID_PARAMETER, "after must be the id of a subscription: use nextLink unchanged."
        )
    return text
