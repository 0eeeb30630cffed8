"""Watches room lists, reads their progress and releases them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import READ, SETUP, address, route
from functions.responses import json_object, json_response, problem
from shared import problems
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from shared.storage.room_lists import RoomList

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "room-lists"


@route(blueprint, ROUTE, methods=["POST"], role=SETUP)
def create_room_list(req: func.HttpRequest) -> func.HttpResponse:
    """Watch the rooms of a room list: 202 with the URL of its progress. Idempotent."""
    from shared.watches.requests import read_room_list

    return watch_room_list(req, read_room_list(json_object(req.get_body())))


@route(blueprint, ROUTE, methods=["GET"], role=READ)
def list_room_lists(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """List the watched room lists."""
    return json_response(200, {"value": [_view(room_list) for room_list in relay().room_lists.all()]})


@route(blueprint, ROUTE + "/{id}", methods=["GET"], role=READ)
def get_room_list(req: func.HttpRequest) -> func.HttpResponse:
    """Return a watched room list, with the number of its rooms in each state."""
    room_list = relay().room_lists.get(req.route_params["id"])
    if room_list is None:
        return problem(problems.ROOM_LIST_NOT_FOUND, "List them with GET /api/room-lists.")
    states = relay().room_progress.of(room_list.id)
    counts = {state: states[state] for state in ("live", "pending", "refused", "gone", "paused")}
    return json_response(200, _view(room_list) | counts)


@route(blueprint, ROUTE + "/{id}", methods=["DELETE"], role=SETUP)
def delete_room_list(req: func.HttpRequest) -> func.HttpResponse:
    """Release a room list, and soon the rooms that have no other source. Idempotent."""
    relay().room_list_service.release(req.route_params["id"])
    return func.HttpResponse(status_code=204)


def watch_room_list(req: func.HttpRequest, mailbox: str) -> func.HttpResponse:
    """Watch a room list by its address, and return where its progress can be read."""
    room_list = relay().room_list_service.watch(mailbox)
    link = address(req, f"{ROUTE}/{room_list.id}")
    return json_response(202, {"id": room_list.id, "roomList": room_list.address, "link": link}, Location=link)


def _view(room_list: RoomList) -> dict[str, Any]:
    """Return a room list for the partner, with times in UTC."""
    from shared.utc import format_utc

    return {
        "id": room_list.id,
        "roomList": room_list.address,
        "desired": room_list.desired,
        "notAllowed": room_list.not_allowed,
        "checked": format_utc(room_list.checked) if room_list.checked else None,
        "lastError": room_list.last_error or None,
        "created": format_utc(room_list.created),
    }
