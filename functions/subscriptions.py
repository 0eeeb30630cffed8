"""The partner sets up, reads and removes watches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.http import answer, answering, json_object, problem
from shared.bootstrap import relay
from shared.errors import SetupRefused

if TYPE_CHECKING:
    from shared.storage.watches import Watch

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "subscriptions"
LARGEST_PAGE = 1000
_WATCH_ID = re.compile(r"[0-9a-f]{32}")


@blueprint.route(ROUTE, methods=["POST"])
@answering
def create_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Watch a mailbox: 201 with the new watch, 200 with the one that stands."""
    from shared.relay.setup_request import read_wish
    from shared.relay.subscribe import subscribe

    parts = relay()
    watch, is_new = subscribe(parts, read_wish(json_object(req.get_body()), parts.settings))
    content = _picture(watch)
    if watch.delivery == "direct":  # the partner checks it in every notification that Graph sends
        content["clientState"] = parts.keeper.client_state(watch)
    return answer(201 if is_new else 200, content, Location=_address(watch.id))


@blueprint.route(ROUTE, methods=["GET"])
@answering
def list_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """List watches, a page of `pageSize` at a time; nextLink leads to the next page."""
    size = _page_size(req.params.get("pageSize", "100"))
    after = req.params.get("after", "")
    watches = relay().watches.page(size, after if _WATCH_ID.fullmatch(after) else "")
    more = f"{_address('')}?pageSize={size}&after={watches[-1].id}" if len(watches) == size else None
    return answer(200, {"value": [_picture(watch) for watch in watches], "nextLink": more})


@blueprint.route(ROUTE + "/{id}", methods=["GET"])
@answering
def get_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Return one watch."""
    watch_id = req.route_params["id"]
    watch = relay().watches.get(watch_id) if _WATCH_ID.fullmatch(watch_id) else None
    if watch is None:
        return problem(404, "No such subscription", "List them with GET /api/subscriptions.")
    return answer(200, _picture(watch))


@blueprint.route(ROUTE + "/{id}", methods=["DELETE"])
@answering
def delete_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Remove a watch and its subscription; removing it again is as good."""
    from shared.relay.subscribe import unsubscribe

    if _WATCH_ID.fullmatch(req.route_params["id"]):
        unsubscribe(relay(), req.route_params["id"])
    return func.HttpResponse(status_code=204)


def _page_size(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise SetupRefused(422, "Bad pageSize", f"pageSize is a whole number from 1 to {LARGEST_PAGE}.")
    return int(text)


def _address(watch_id: str) -> str:
    return f"{relay().settings.public_base_url}/api/{ROUTE}/{watch_id}".rstrip("/")


def _picture(watch: Watch) -> dict[str, Any]:
    """Return what the partner sees of a watch; moments in UTC."""
    from shared.partner.payload import written

    picture: dict[str, Any] = {
        "id": watch.id,
        "mailbox": watch.mailbox,
        "delivery": watch.delivery,
        "state": watch.state,
        "graphSubscriptionId": watch.subscription_id or None,
        "expirationDateTime": written(watch.expires) if watch.expires else None,
        "lastChangeSeen": written(watch.last_change) if watch.last_change else None,
        "created": written(watch.created),
    }
    return picture | ({"notificationUrl": watch.notification_url} if watch.delivery == "direct" else {})
