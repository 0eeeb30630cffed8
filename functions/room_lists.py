"""The partner reads how far a watched room list is, and lets go of it. It is asked for with the other watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.auth import READ, SETUP, callable_by
from functions.responses import answer, problem
from shared.bootstrap.app import relay

if TYPE_CHECKING:
    from shared.storage.room_lists import RoomList

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the library has no annotation here
ROUTE = "room-lists"


@callable_by(blueprint, ROUTE, methods=["GET"], role=READ)
def list_room_lists(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  (the host binds it by its name)
    """List the watched room lists."""
    return answer(200, {"value": [_picture(room_list) for room_list in relay().room_lists.all()]})


@callable_by(blueprint, ROUTE + "/{id}", methods=["GET"], role=READ)
def get_room_list(req: func.HttpRequest) -> func.HttpResponse:
    """Return a watched room list, and how many of its rooms are live, pending, refused, gone or paused."""
    from shared.subscriptions.room_lists import progress

    room_list = relay().room_lists.get(req.route_params["id"])
    if room_list is None:
        return problem(404, "No such room list", "List them with GET /api/room-lists.")
    states = progress(relay(), room_list)
    counts = {state: states[state] for state in ("live", "pending", "refused", "gone", "paused")}
    return answer(200, _picture(room_list) | counts)


@callable_by(blueprint, ROUTE + "/{id}", methods=["DELETE"], role=SETUP)
def delete_room_list(req: func.HttpRequest) -> func.HttpResponse:
    """Let go of a room list, and soon of the rooms that nobody else asked for; doing it again is as good."""
    from shared.subscriptions.room_lists import release_room_list

    release_room_list(relay(), req.route_params["id"])
    return func.HttpResponse(status_code=204)


def _picture(room_list: RoomList) -> dict[str, Any]:
    """Return what the partner sees of a room list; moments in UTC. `notAllowed` rooms are kept out by the customer."""
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
