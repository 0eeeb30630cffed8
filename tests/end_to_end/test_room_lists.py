"""Claims about whole room lists and many mailboxes in one call, on the running stack."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Stack
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import World

BUILDING = "building1@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(120)]
SENDER = {"hintSpreadSeconds": 0.1, "batchSeconds": 0.05, "flipSeconds": 0.2, "latencySeconds": 0.001,
          "roomLists": {BUILDING: ROOMS[:105]}}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack whose customer allows the rooms of a building, over one page of them, and nothing else."""
    settings = {"SETTLE_SECONDS": "0.5", "ALLOWED_MAILBOXES": f"roomlist:{BUILDING}"}
    mailboxes = [{"address": address, "displayName": address, "kind": "room"} for address in ROOMS]
    with Stack(tmp_path_factory.mktemp("rooms"), settings, {"settings": SENDER, "mailboxes": mailboxes}) as stack:
        stack.tenant.control("POST", f"/clients/{stack.seed['clients'][0]['clientId']}",
                             {"roles": ["Place.Read.All"]})  # fmt: skip
        yield World(stack)


def _members(world: World, rooms: list[str]) -> None:
    world.tenant.control("POST", "/settings", {"roomLists": {BUILDING: rooms}})


def _progress(world: World, room_list: dict[str, Any]) -> dict[str, Any]:
    progress: dict[str, Any] = world.relay.call("GET", f"/room-lists/{room_list['id']}").json()
    return progress


def test_the_rooms_of_a_list_are_watched_followed_and_let_go(world: World) -> None:
    """All pages of it; who joins, who leaves, who is refused; its changes arrive; and in the end nothing is left."""
    refused = ROOMS[7]
    scope = [one for one in ROOMS if one != refused]
    world.tenant.grant_in_exchange(world.client_id, "Calendars.Read", mailboxes=scope)
    answer = world.relay.call("POST", "/subscriptions", json={"roomList": BUILDING})
    room_list = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (202, room_list["link"])
    done = eventually(lambda: (found := _progress(world, room_list))["live"] == 104 and found, seconds=60)
    counts = {name: done[name] for name in ("desired", "live", "pending", "refused", "gone", "paused", "notAllowed")}
    assert counts == {"desired": 105, "live": 104, "pending": 0, "refused": 1, "gone": 0, "paused": 0, "notAllowed": 0}
    assert "steps done" in world.stack.host.log.read_text()
    world.book(ROOMS[3])
    world.in_step(ROOMS[3])

    joined, left = ROOMS[110], ROOMS[0]
    _members(world, [*ROOMS[1:105], joined])
    assert world.reconcile() == {"joined": 1, "left": 1, "created": 1}
    assert [len(world.subscriptions(room)) for room in (joined, left)] == [1, 0]
    assert world.watches(left) == []
    (watch,) = world.watches(joined)
    assert watch["roomLists"] == [room_list["id"]]
    assert world.relay.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 409

    fault = world.fault("GET /v1.0/places/.*", status=503)
    assert world.reconcile() == {}
    assert "503" in _progress(world, room_list)["lastError"]
    world.tenant.control("DELETE", f"/faults/{fault}")

    assert world.relay.call("DELETE", f"/room-lists/{room_list['id']}").status_code == 204
    eventually(lambda: world.tenant.control("GET", "/subscriptions")["value"] == [], seconds=60)
    eventually(lambda: world.relay.call("GET", "/subscriptions").json()["value"] == [])


def test_many_mailboxes_in_one_call_have_an_answer_each(world: World) -> None:
    """Those of the list are allowed, one that is elsewhere is not, and one that is none is 422."""
    asked = [*ROOMS[20:40], "room1@contoso.com", "none"]
    answer = world.relay.call("POST", "/subscriptions", json={"mailboxes": asked})
    ends = answer.json()["value"]
    assert answer.status_code == 207
    assert [end["mailbox"] for end in ends] == asked
    assert [end["status"] for end in ends] == [201] * 20 + [403, 422]
    assert all(len(world.subscriptions(room)) == 1 for room in ROOMS[20:40])


def test_an_unknown_room_list_is_refused(world: World) -> None:
    """403 when the customer does not allow it: Graph is not even asked."""
    world.tenant.control("DELETE", "/calls")
    answer = world.relay.call("POST", "/subscriptions", json={"roomList": "other@contoso.com"})
    assert answer.status_code == 403
    assert not [name for name in world.tenant.control("GET", "/calls") if "places" in name]
