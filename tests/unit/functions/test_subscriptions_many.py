"""Claims about calls for several mailboxes and for room lists."""

from __future__ import annotations

import pytest

from functions.room_lists import delete_room_list, get_room_list, list_room_lists
from functions.subscriptions import create_subscription, delete_subscription
from shared.errors import GraphForbidden
from shared.storage.watches import watch_id_of
from tests.unit.functions.conftest import HostWorld, call, content_of

BUILDING = "building1@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(3)]


def test_each_mailbox_has_its_answer_in_the_order_asked(world: HostWorld) -> None:
    """One bad address, one that is not allowed and one twice spoil nobody."""
    asked = ["a@contoso.com", "no address", "x@elsewhere.example", "B@contoso.com", "A@contoso.com"]
    answer = call(create_subscription, body={"mailboxes": asked})
    assert answer.status_code == 207
    ends = content_of(answer)["value"]
    assert [(end["mailbox"], end["status"]) for end in ends] == [
        ("a@contoso.com", 201), ("no address", 422), ("x@elsewhere.example", 403), ("b@contoso.com", 201)
    ]  # fmt: skip
    assert ends[0]["subscription"]["id"] == watch_id_of("a@contoso.com")
    assert "ALLOWED_MAILBOXES" in ends[2]["detail"]
    again = content_of(call(create_subscription, body={"mailboxes": asked}))["value"]
    assert [end["status"] for end in again] == [200, 422, 403, 200]


def test_a_failure_of_graph_is_the_answer_of_its_mailbox(world: HostWorld) -> None:
    """The others are made."""
    world.subscriptions.failures = [GraphForbidden(403, "ErrorAccessDenied")]
    ends = content_of(call(create_subscription, body={"mailboxes": ROOMS}))["value"]
    assert sorted(end["status"] for end in ends) == [201, 201, 502]


def test_a_room_list_is_accepted_and_its_progress_read(world: HostWorld) -> None:
    """202 with the link; then the counts, which add up."""
    world.rooms.by_list[BUILDING] = [*ROOMS, "hall@fabrikam.com"]
    answer = call(create_subscription, body={"roomList": "Building1@contoso.com"})
    made = content_of(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == made["link"] == f"https://relay.example/api/room-lists/{made['id']}"
    world.subscriptions.failures = [None, GraphForbidden(403, "ErrorAccessDenied")]
    world.reconciler.reconcile()
    got = content_of(call(get_room_list, "GET", route_params={"id": made["id"]}))
    assert got == {
        "id": made["id"], "roomList": BUILDING, "desired": 3, "notAllowed": 1, "live": 2, "pending": 0, "refused": 1,
        "gone": 0, "paused": 0, "checked": "2026-11-20T10:00:00Z", "lastError": None,
        "created": "2026-11-20T10:00:00Z",
    }  # fmt: skip
    [listed] = content_of(call(list_room_lists, "GET"))["value"]
    assert listed["id"] == made["id"]


def test_a_room_list_is_let_go(world: HostWorld) -> None:
    """204, and again; its rooms follow at the reconcile. A room by itself is 409 before."""
    world.rooms.by_list[BUILDING] = ROOMS
    made = content_of(call(create_subscription, body={"roomList": BUILDING}))
    world.reconciler.reconcile()
    room = {"id": watch_id_of(ROOMS[0])}
    assert call(delete_subscription, "DELETE", route_params=room).status_code == 409
    for _ in range(2):
        assert call(delete_room_list, "DELETE", route_params={"id": made["id"]}).status_code == 204
    assert call(get_room_list, "GET", route_params={"id": made["id"]}).status_code == 404
    world.reconciler.reconcile()
    assert (list(world.watches.all()), world.subscriptions.standing) == ([], {})


@pytest.mark.parametrize("row_id", ["", "x", "../watch", watch_id_of("room1@contoso.com")])
def test_an_unknown_room_list_is_404(world: HostWorld, row_id: str) -> None:
    """Also for what could be no id, and for the id of a watch."""
    world.watch()
    assert call(get_room_list, "GET", route_params={"id": row_id}).status_code == 404
    assert call(delete_room_list, "DELETE", route_params={"id": row_id}).status_code == 204
    assert len(list(world.watches.all())) == 1
