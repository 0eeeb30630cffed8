"""The partner sets up, reads and removes watches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import READ, SETUP, address, callable_by
from functions.responses import answer, described, json_object, page_size, problem
from functions.room_lists import ROUTE as ROOM_LISTS
from shared.bootstrap.app import relay
from shared.errors import RelayError, RequestRejected

if TYPE_CHECKING:
    from shared.bootstrap.app import App
    from shared.storage.watches import Watch
    from shared.watches.requests import SetupRequest, Wish

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "subscriptions"
_WATCH_ID = re.compile(r"[0-9a-f]{32}")


@callable_by(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Watch a mailbox: 201 with the new watch, 200 with the one that stands.

    Several mailboxes: 207 with an answer for each. A room list: 202 with the address where progress is read.
    """
    from shared.subscriptions.subscribe import subscribe
    from shared.watches.requests import read_request, read_room_list, read_wish

    parts, request = relay(), read_request(json_object(req.get_body()))
    if request.mailboxes is not None:
        return _set_up_many(parts, request, request.mailboxes)
    if request.room_list is not None:
        return _watch_list(req, parts, read_room_list(request))
    watch, is_new = subscribe(parts, read_wish(request, request.mailbox or "", parts.settings))
    location = address(req, f"{ROUTE}/{watch.id}")
    return answer(201 if is_new else 200, _told_at_setup(parts, watch), Location=location)


@callable_by(blueprint, ROUTE, methods=["GET"], role=READ)
def list_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """List watches, a page of `pageSize` at a time; nextLink leads to the next page."""
    size = page_size(req)
    watches = relay().watches.page(size, _page_start(req.params.get("after", "")))
    more = f"{address(req, ROUTE)}?pageSize={size}&after={watches[-1].id}" if len(watches) == size else None
    return answer(200, {"value": [_picture(watch) for watch in watches], "nextLink": more})


@callable_by(blueprint, ROUTE + "/{id}", methods=["GET"], role=READ)
def get_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Return one watch."""
    watch = relay().watches.get(req.route_params["id"])
    if watch is None:
        return problem(404, "No such subscription", "List them with GET /api/subscriptions.")
    return answer(200, _picture(watch))


@callable_by(blueprint, ROUTE + "/{id}", methods=["DELETE"], role=SETUP)
def delete_subscription(req: func.HttpRequest) -> func.HttpResponse:
    """Remove a watch and its subscription; removing it again is as good."""
    from shared.subscriptions.subscribe import unsubscribe

    unsubscribe(relay(), req.route_params["id"])
    return func.HttpResponse(status_code=204)


def _set_up_many(parts: App, request: SetupRequest, mailboxes: list[str]) -> func.HttpResponse:
    """Set up each mailbox once, whatever becomes of the others, and answer in their order."""
    from shared.subscriptions.subscribe import subscribe_many
    from shared.watches.requests import read_wish

    def wished(mailbox: str) -> Wish | RelayError:
        try:
            return read_wish(request, mailbox, parts.settings)
        except RequestRejected as refusal:
            return refusal

    asked = list(dict.fromkeys(mailbox.strip().lower() for mailbox in mailboxes))
    ends = subscribe_many(parts, [wished(mailbox) for mailbox in asked])
    return answer(207, {"value": [_end(parts, mailbox, end) for mailbox, end in zip(asked, ends, strict=True)]})


def _end(parts: App, mailbox: str, end: tuple[Watch, bool] | RelayError) -> dict[str, Any]:
    """Return what came of one mailbox: its status, and the watch or what is wrong."""
    if isinstance(end, RelayError):
        status, title, detail, _ = described(end)
        return {"mailbox": mailbox, "status": status, "title": title, "detail": detail}
    watch, is_new = end
    return {"mailbox": mailbox, "status": 201 if is_new else 200, "subscription": _told_at_setup(parts, watch)}


def _watch_list(req: func.HttpRequest, parts: App, mailbox: str) -> func.HttpResponse:
    from shared.subscriptions.room_lists import watch_room_list

    room_list = watch_room_list(parts, mailbox)
    link = address(req, f"{ROOM_LISTS}/{room_list.id}")
    return answer(202, {"id": room_list.id, "roomList": room_list.address, "link": link}, Location=link)


def _told_at_setup(parts: App, watch: Watch) -> dict[str, Any]:
    """Return the picture of a watch that was just asked for."""
    content = _picture(watch)
    if watch.delivery == "direct":  # the partner checks it in every notification that Graph sends
        content["clientState"] = parts.keeper.client_state(watch)
    return content


def _page_start(text: str) -> str:
    if text and not _WATCH_ID.fullmatch(text):
        raise RequestRejected(422, "Bad after", "after is the id of a subscription: follow nextLink as it is.")
    return text


def _picture(watch: Watch) -> dict[str, Any]:
    """Return what the partner sees of a watch; moments in UTC."""
    from shared.utc import format_utc

    picture: dict[str, Any] = {
        "id": watch.id,
        "mailbox": watch.mailbox,
        "delivery": watch.delivery,
        "state": watch.state,
        "since": format_utc(watch.since) if watch.since else None,
        "lastError": watch.last_error or None,
        "roomLists": watch.room_lists.split(),
        "graphSubscriptionId": watch.subscription_id or None,
        "expirationDateTime": format_utc(watch.expires) if watch.expires else None,
        "lastChangeSeen": format_utc(watch.last_change) if watch.last_change else None,
        "created": format_utc(watch.created),
    }
    return picture | ({"notificationUrl": watch.notification_url} if watch.delivery == "direct" else {})
