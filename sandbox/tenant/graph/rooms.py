"""Places: rooms, room lists and the rooms of a list.

Graph: List places. The setting roomLists defines room lists: {"list address": ["room address", …]}, and the setting
places the properties of rooms: {"room address": {"capacity": 8}}.
"""

import asyncio
from typing import Any

from sandbox.tenant.graph import types
from sandbox.tenant.graph.access import PLACE_READ
from sandbox.tenant.graph.call import Answer, Call
from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.paging import arrange, page, selected
from sandbox.tenant.graph.query import COLLECTION, options
from sandbox.tenant.graph.routing import Endpoint
from sandbox.tenant.graph.service import Graph
from sandbox.tenant.state import Mailbox

PAGE = 100


async def rooms(graph: Graph, call: Call) -> Answer:
    """Return all rooms."""
    mailboxes = {mailbox.id: mailbox for mailbox in graph.tenant.mailboxes.values() if mailbox.kind == "room"}
    return await _many(graph, call, [_room(graph, mailbox) for mailbox in mailboxes.values()], "room")


async def room_lists(graph: Graph, call: Call) -> Answer:
    """Return all room lists."""
    return await _many(graph, call, [_room_list(address) for address in _lists(graph)], "roomList")


async def rooms_of_list(graph: Graph, call: Call) -> Answer:
    """Return the rooms of one list that still exist in the directory."""
    members = _lists(graph).get(call.params["list"].lower())
    if members is None:
        raise GraphError(404, "ResourceNotFound", f"The place '{call.params['list']}' was not found.")
    mailboxes = [graph.tenant.mailboxes.get(address.lower()) for address in members]
    return await _many(graph, call, [_room(graph, mailbox) for mailbox in mailboxes if mailbox is not None], "room")


def _lists(graph: Graph) -> dict[str, list[str]]:
    """Return the room lists by lower-case address."""
    given: dict[str, list[str]] = graph.setting("roomLists")
    return {address.lower(): members for address, members in given.items()}


async def _many(graph: Graph, call: Call, items: list[dict[str, Any]], type_name: str) -> Answer:
    """Return a page of places."""
    graph.access.require(call.caller, PLACE_READ)
    query = options(call, type_name, COLLECTION)
    await asyncio.sleep(graph.switches.number("placesSeconds", subject=call.request_id))
    if graph.switches.is_on("placesEmpty"):
        items = []
    items = items[: max(0, len(items) - round(graph.switches.number("placesMissing")))]
    chosen, annotations = page(call, arrange(items, query), query, query.top or PAGE)
    if graph.switches.is_on("placesWithoutLinks"):  # $skip leads on
        annotations.pop("@odata.nextLink", None)
    context = {"@odata.context": f"{call.base}/$metadata#places/microsoft.graph.{type_name}"}
    return Answer(200, {**context, **annotations, "value": [selected(item, query) for item in chosen]})


def _room(graph: Graph, mailbox: Mailbox) -> dict[str, Any]:
    """Return a room; the sandbox uses the mailbox id as the place's id. Raises GraphError for a wrong property."""
    given: dict[str, Any] = graph.setting("places").get(mailbox.address.lower(), {})
    types.check("room", given)
    room: dict[str, Any] = {
        "id": mailbox.id,
        "displayName": mailbox.display_name,
        "emailAddress": graph.spelled(mailbox.address),
        "nickname": mailbox.display_name,
        "bookingType": "standard",
        "capacity": None,
        "building": None,
        "floorNumber": None,
        "floorLabel": None,
        "label": None,
        "phone": "",
        "tags": [],
        "address": None,
        "geoCoordinates": None,
        "isWheelChairAccessible": False,
        "audioDeviceName": None,
        "videoDeviceName": None,
        "displayDeviceName": None,
    }
    return room | given


def _room_list(address: str) -> dict[str, Any]:
    """Return a room list."""
    return {
        "id": address,
        "displayName": address.partition("@")[0],
        "emailAddress": address,
        "phone": "",
        "address": None,
        "geoCoordinates": None,
    }


ENDPOINTS = [
    Endpoint("GET", "/places/microsoft.graph.room", rooms),
    Endpoint("GET", "/places/microsoft.graph.roomList", room_lists),
    Endpoint("GET", "/places/{list}/microsoft.graph.roomList/rooms", rooms_of_list),
]
