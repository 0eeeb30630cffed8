"""Sets up, and looks up, the watches of several mailboxes in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import READ, SETUP, caller_of, charge, route
from functions.responses import json_object, json_response, problem_fields, problem_members
from functions.watch_views import set_up_view, view
from shared.bootstrap.app import relay
from shared.errors import RelayError, RequestRejected

if TYPE_CHECKING:
    from shared.auth.caller import Caller
    from shared.storage.watches import Watch
    from shared.watches.requests import Delivery, WatchRequest

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "subscriptions"


@route(blueprint, ROUTE + "/batch", methods=["POST"], role=SETUP)
def create_many_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """Watch several mailboxes: 207 with a result for each."""
    from shared.api.fields import read_body
    from shared.watches.requests import SubscriptionsRequest

    body = read_body(SubscriptionsRequest, json_object(req.get_body()))
    return set_up_many(req, body, body.mailboxes)


@route(blueprint, ROUTE + "/query", methods=["POST"], role=READ)
def query_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """Return the watches of mailboxes. In the body, because the host logs URLs."""
    from shared.watches.lookup import look_up
    from shared.watches.requests import read_query

    mailboxes = read_query(json_object(req.get_body()))
    charge(req, len(mailboxes))
    found, caller = look_up(relay().watches, mailboxes), caller_of(req)
    shown = [view(watch, caller) for watch in found.watches]
    return json_response(200, {"value": shown, "notWatched": found.not_watched, "unreadable": found.unreadable})


def set_up_many(req: func.HttpRequest, body: Delivery, mailboxes: list[str]) -> func.HttpResponse:
    """Set up each mailbox once, independently of the others, and return the results in their order."""
    from shared.watches.requests import parse_watch_request

    def requested(mailbox: str) -> WatchRequest | RelayError:
        try:
            return parse_watch_request(body, mailbox, relay().settings)
        except RequestRejected as refusal:
            return refusal

    charge(req, len(mailboxes))
    addresses = list(dict.fromkeys(mailbox.strip().lower() for mailbox in mailboxes))
    results = relay().watch_setup.subscribe_many([requested(mailbox) for mailbox in addresses])
    paired = zip(addresses, results, strict=True)
    return json_response(207, {"value": [_result(mailbox, result, caller_of(req)) for mailbox, result in paired]})


def _result(mailbox: str, result: tuple[Watch, bool] | RelayError, caller: Caller) -> dict[str, Any]:
    """Return the result for one mailbox: its status, and the watch or the problem."""
    if isinstance(result, RelayError):
        kind, detail, _ = problem_fields(result)
        return {"mailbox": mailbox, **problem_members(kind, detail)}
    watch, is_new = result
    try:
        return {"mailbox": mailbox, "status": 201 if is_new else 200, "subscription": set_up_view(watch, caller)}
    except RelayError as error:
        return _result(mailbox, error, caller)
