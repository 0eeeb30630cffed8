"""The list of rooms when Graph does not return them, or returns fewer than before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from functions.rooms import list_rooms
from shared.errors import GraphUnavailable, RequestRejected, ServiceUnavailable
from shared.graph.client import GraphClient
from shared.graph.rooms import Rooms
from shared.rooms.directory import RoomDirectory
from shared.storage.rooms.readings import RoomReadings
from tests.support.graph_world import OTHER_ROOM, ROOM
from tests.support.tenant_world import TenantWorld
from tests.support.waiting import eventually
from tests.unit.functions.conftest import call, content_of
from tests.unit.rooms.conftest import BUILDING, add_rooms, allow, grant, listed, mailboxes, readings

pytestmark = pytest.mark.server

LIST = "GET /v1.0/places/microsoft.graph.room"


class HeldRooms(Rooms):
    """Reads rooms once `may_read` is set. `fails_after`: so many rooms are read before an error."""

    def __init__(self, graph: GraphClient) -> None:
        super().__init__(graph)
        self.may_read = threading.Event()
        self.may_read.set()
        self.fails_after: int | None = None

    def of_tenant(self, properties: str) -> Iterator[dict[str, Any]]:
        """Yield the rooms of the tenant."""
        assert self.may_read.wait(30)
        for number, place in enumerate(super().of_tenant(properties)):
            if number == self.fails_after:
                raise GraphUnavailable(503, "x")
            yield place


def refused(code: str) -> func.HttpResponse:
    """Return the 503 of a call that must fail with a code and a Retry-After."""
    response = call(list_rooms, method="GET")
    assert (response.status_code, content_of(response)["code"]) == (503, code)
    assert int(response.headers["Retry-After"]) > 0
    return response


def fail(world: TenantWorld, match: str = LIST, **fault: Any) -> None:
    """Plant a fault."""
    world.control("POST", "/faults", {"match": match, **fault})


def test_without_the_permission_the_call_is_refused(world: TenantWorld) -> None:
    """It never looks like a tenant without rooms; the answer follows the permission within a minute."""
    grant(world, "Calendars.Read")
    assert "Place.Read.All" in content_of(refused("permission_missing"))["detail"]
    grant(world, "Calendars.Read", "Place.Read.All")
    world.pass_by(60)
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}


def test_a_permission_that_is_revoked_hides_what_was_read(world: TenantWorld) -> None:
    """From the next reading on."""
    listed()
    grant(world, "Calendars.Read")
    world.pass_by(3600)
    refused("permission_missing")


def test_a_source_without_permission_hides_all(world: TenantWorld) -> None:
    """The rooms of a list are read with the same permission."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    allow(world, f"roomlist:{BUILDING},{ROOM}")
    fail(world, "roomList/rooms", status=403, body={"error": {"code": "ErrorAccessDenied", "message": ""}})
    refused("permission_missing")


def test_retry_after_is_passed_on_and_kept_by_all(world: TenantWorld) -> None:
    """Graph is not called before."""
    fail(world, status=429, headers={"Retry-After": "600"}, times=1)
    assert refused("graph_unavailable").headers["Retry-After"] == "600"
    world.pass_by(540)
    calls = readings(world)
    assert refused("graph_unavailable").headers["Retry-After"] == "60"
    assert readings(world) == calls
    world.pass_by(60)
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}


def test_an_old_reading_is_said_to_be_old(world: TenantWorld) -> None:
    """It counts for a day; then nothing is known."""
    as_of = listed()["asOf"]
    fail(world, status=500, body={"error": {"code": "UnknownError", "message": ""}})
    world.pass_by(3600)
    page = listed()
    assert (mailboxes(page), page["complete"], page["asOf"]) == ({ROOM, OTHER_ROOM}, False, as_of)
    assert "UnknownError" in page["detail"]
    world.pass_by(23 * 3600)
    refused("graph_unavailable")


def test_an_empty_answer_is_not_believed(world: TenantWorld) -> None:
    """Neither as the first reading, nor after one with rooms, until a second reading twenty minutes later."""
    world.control("POST", "/behaviours", {"on": {"placesEmpty": True}})
    assert refused("graph_unavailable").headers["Retry-After"] == "1200"
    world.control("POST", "/behaviours", {"on": {"placesEmpty": False}})
    world.pass_by(1200)
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}
    world.control("POST", "/behaviours", {"on": {"placesEmpty": True}})
    world.pass_by(3600)
    page = listed()
    assert (mailboxes(page), page["complete"]) == ({ROOM, OTHER_ROOM}, False)
    assert "confirm" in page["detail"]
    world.pass_by(1200)
    page = listed()
    assert (page["value"], page["complete"]) == ([], True)


def test_rooms_that_are_missing_stay_until_it_is_confirmed(world: TenantWorld) -> None:
    """A list has holes; new rooms are there at once."""
    halls = add_rooms(world, 5)
    listed()
    world.control("POST", "/behaviours", {"on": {"placesMissing": 3}})
    world.pass_by(3600)
    page = listed()
    assert (mailboxes(page), page["complete"]) == ({*halls, ROOM, OTHER_ROOM}, False)
    world.control("POST", "/behaviours", {"on": {"placesMissing": False}})
    world.pass_by(1200)
    assert listed()["complete"] is True


def test_a_list_that_is_not_found_keeps_its_rooms(world: TenantWorld) -> None:
    """One 404 proves nothing."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    allow(world, f"roomlist:{BUILDING}")
    listed()
    world.control("POST", "/settings", {"roomLists": {}})
    world.pass_by(3600)
    page = listed()
    assert (mailboxes(page), page["complete"]) == ({OTHER_ROOM}, False)


def test_a_partial_reading_is_not_complete(world: TenantWorld) -> None:
    """The first reading ends early: what it returned is listed, and the next one begins a minute later."""
    world.control("POST", "/behaviours", {"on": {"placesWithoutLinks": True}})
    add_rooms(world, 250)
    vars(world)["rooms"] = reader = HeldRooms(world.graph)
    reader.fails_after = 200
    page = listed(pageSize="1000")
    assert (len(page["value"]), page["complete"]) == (200, False)
    reader.fails_after = None
    world.pass_by(60)
    page = listed(pageSize="1000")
    assert (len(page["value"]), page["complete"]) == (252, True)


def test_a_slow_reading_goes_on_without_its_caller(world: TenantWorld) -> None:
    """The caller is told to come back. Meanwhile nobody begins another reading; later its result is there."""
    vars(world)["rooms"] = reader = HeldRooms(world.graph)
    reader.may_read.clear()
    readings_of_all = RoomReadings(lambda: world.rows)
    directory = RoomDirectory(
        world.allow_list, world.permission, reader, readings_of_all, world.now, wait_seconds=0.01
    )  # fmt: skip
    for _ in range(2):
        with pytest.raises(RequestRejected) as caught:
            directory.rooms()
        assert (caught.value.problem.code, caught.value.retry_after) == ("graph_unavailable", 5)
    reader.may_read.set()
    assert eventually(lambda: (row := readings_of_all.get("")) is not None and row.as_of)
    assert ({room["mailbox"] for room in directory.rooms().rooms}, readings(world)) == ({ROOM, OTHER_ROOM}, 1)


def test_a_page_that_comes_late_is_read_all_the_same(world: TenantWorld) -> None:
    """The caller comes back for it."""
    world.control("POST", "/behaviours", {"on": {"placesSeconds": [0.2, 0.4]}})
    directory = RoomDirectory(
        world.allow_list, world.permission, world.rooms, RoomReadings(lambda: world.rows), world.now, wait_seconds=0.01
    )  # fmt: skip
    with pytest.raises(RequestRejected):
        directory.rooms()
    assert eventually(lambda: len(_rooms_of(directory)) == 2)
    assert readings(world) == 1


def _rooms_of(directory: RoomDirectory) -> list[dict[str, Any]]:
    try:
        return directory.rooms().rooms
    except RequestRejected:
        return []


def test_a_reading_that_the_relay_cannot_make_holds_up_no_other(world: TenantWorld) -> None:
    """Login gives no token: the next call does not wait for a reading that nobody makes."""
    vars(world)["rooms"] = reader = HeldRooms(world.graph)
    vars(reader)["of_tenant"] = _without_token
    assert content_of(call(list_rooms, method="GET"))["code"] == "relay_unavailable"
    del vars(reader)["of_tenant"]
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}


def _without_token(_: str) -> Iterator[dict[str, Any]]:
    raise ServiceUnavailable("login")


def test_a_long_room_list_is_read_patiently(world: TenantWorld) -> None:
    """Its pages take longer than the allow-list may wait for them: the reading for callers goes on for two minutes."""
    halls = add_rooms(world, 250)
    world.control("POST", "/settings", {"roomLists": {BUILDING: halls}})
    allow(world, f"roomlist:{BUILDING}")
    moments = iter(range(0, 1000, 15))
    vars(world)["rooms"] = Rooms(world.graph, clock=lambda: next(moments))
    world.control("POST", "/behaviours", {"on": {"placesWithoutLinks": True}})
    with pytest.raises(GraphUnavailable):
        list(world.room_directory.of_list(BUILDING))
    world.pass_by(60)
    page = listed(pageSize="1000")
    assert (mailboxes(page), page["complete"]) == ({*halls}, True)


def test_a_source_of_several_is_unknown(world: TenantWorld) -> None:
    """The others are listed, and the answer says that rooms are missing."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    allow(world, f"roomlist:{BUILDING},{ROOM}")
    fail(world, "roomList/rooms", status=503)
    page = listed()
    assert (mailboxes(page), page["complete"]) == ({ROOM}, False)
    assert page["detail"]
