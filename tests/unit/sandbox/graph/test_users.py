"""Users and places."""

import uuid
from typing import Any

import pytest

from sandbox.tenant.state import Mailbox
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, USER, World, fits, refusal

pytestmark = pytest.mark.server


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return a tenant with a room list, one of whose rooms was deleted."""
    return {"roomLists": {"Building1@contoso.com": [ROOM, "gone@contoso.com"]}}


@pytest.fixture
def directory(world: World) -> World:
    """Return a world whose app may read users and places."""
    world.control("POST", f"/clients/{APP}", {"roles": ["User.Read.All", "Place.Read.All"]})
    return world


def test_users_are_listed_and_read(directory: World) -> None:
    """By address or object id, with Graph's default properties."""
    listed = directory.get("/users")["value"]
    assert {user["mail"] for user in listed} == {ROOM, OTHER_ROOM, USER}
    assert all(fits("user", user) for user in listed)
    room = directory.tenant.mailboxes[ROOM]
    for name in (ROOM, ROOM.upper(), room.id):
        assert directory.get(f"/users/{name}?$select=displayName")["displayName"] == "Room 1"
    assert directory.get(f"/users?$filter=mail eq '{USER}'&$select=id")["value"][0]["id"]
    assert refusal(directory.graph("GET", "/users/nobody@contoso.com")) == (404, "Request_ResourceNotFound")
    assert refusal(directory.graph("GET", "/users?$select=nonsense"))[0] == 400


def test_users_are_paged(directory: World) -> None:
    """The links lead through all users, each once."""
    seen, page = [], directory.get("/users?$top=1")
    while "@odata.nextLink" in page:
        seen += page["value"]
        page = directory.get(page["@odata.nextLink"])
    assert len({user["id"] for user in [*seen, *page["value"]]}) == 3


def test_rooms_and_room_lists(directory: World) -> None:
    """All rooms, all room lists, and the existing rooms of a list; each fits Graph's type."""
    rooms = directory.get("/places/microsoft.graph.room")["value"]
    assert {room["emailAddress"] for room in rooms} == {ROOM, OTHER_ROOM}
    assert all(fits("room", room) for room in rooms)
    (room_list,) = directory.get("/places/microsoft.graph.roomList")["value"]
    assert fits("roomList", room_list)
    path = f"/places/{room_list['emailAddress']}/microsoft.graph.roomlist/rooms"
    assert [room["emailAddress"] for room in directory.get(path)["value"]] == [ROOM]
    assert refusal(directory.graph("GET", "/places/none@contoso.com/microsoft.graph.roomlist/rooms"))[0] == 404


def test_a_large_room_list_is_paged(directory: World) -> None:
    """A page has a hundred rooms by default; the links lead through all of them, each once."""
    rooms = [f"hall{number}@contoso.com" for number in range(205)]
    for address in rooms:
        directory.tenant.add_mailbox(Mailbox(address, address, "room", str(uuid.uuid4())))
    directory.control("POST", "/settings", {"roomLists": {"campus@contoso.com": rooms}})
    link, sizes, seen = "/places/campus@contoso.com/microsoft.graph.roomList/rooms", [], []
    while link:
        page = directory.get(link)
        sizes.append(len(page["value"]))
        seen += [room["emailAddress"] for room in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert (sizes, sorted(seen)) == ([100, 100, 5], sorted(rooms))


def test_rooms_need_their_permission(directory: World) -> None:
    """403 with Calendars.Read alone, and immediately after the permission is removed."""
    directory.control("POST", f"/clients/{APP}", {"roles": ["Calendars.Read"]})
    path = "/places/Building1@contoso.com/microsoft.graph.roomList/rooms"
    assert refusal(directory.graph("GET", path))[0] == 403


def test_rooms_join_and_leave_a_list(directory: World) -> None:
    """Control changes the list while the tenant runs."""
    directory.control("POST", "/settings", {"roomLists": {"Building1@contoso.com": [OTHER_ROOM]}})
    path = "/places/building1@contoso.com/microsoft.graph.roomList/rooms?$select=emailAddress"
    assert [room["emailAddress"] for room in directory.get(path)["value"]] == [OTHER_ROOM]
