"""Setup calls in the form of earlier versions, and the operations that replace them: the same answers."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
import pytest

from functions.many_subscriptions import create_many_subscriptions
from functions.room_lists import create_room_list
from functions.subscriptions import create_subscription
from tests.unit.functions.conftest import HostWorld, call, content_of

BUILDING = "building1@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(3)]
DIRECT = {"delivery": "direct", "notificationUrl": "https://partner.example/graph"}
HEADERS = {"Deprecation": "@1795996800", "Sunset": "Tue, 30 Nov 2027 00:00:00 GMT"}
FORMER: dict[str, tuple[Any, dict[str, Any]]] = {
    "several": (create_many_subscriptions, {"mailboxes": [*ROOMS, "no address", "x@elsewhere.example"]}),
    "several, direct": (create_many_subscriptions, {"mailboxes": ROOMS, **DIRECT}),
    "none": (create_many_subscriptions, {"mailboxes": []}),
    "101": (create_many_subscriptions, {"mailboxes": ["a@contoso.com"] * 101}),
    "a URL without direct delivery": (create_many_subscriptions, {"mailboxes": ROOMS, **DIRECT, "delivery": "relay"}),
    "a room list": (create_room_list, {"roomList": "Building1@contoso.com"}),
    "a list that is not allowed": (create_room_list, {"roomList": "building2@elsewhere.example"}),
    "a list without an address": (create_room_list, {"roomList": "canary"}),
}


@pytest.fixture
def rooms(world: HostWorld) -> HostWorld:
    """Return a world with a room list."""
    world.settings = world.settings.model_copy(update={"allowed_notification_hosts": "partner.example"})
    world.rooms.by_list[BUILDING] = ROOMS
    return world


def parts(answer: func.HttpResponse) -> tuple[int, Any, str | None]:
    """Return status, body and Location of an answer."""
    return answer.status_code, json.loads(answer.get_body()), answer.headers.get("Location")


def headers(answer: func.HttpResponse) -> dict[str, str | None]:
    """Return the headers of an old spelling, as far as an answer has them."""
    return {name: answer.headers.get(name) for name in HEADERS if name in answer.headers}


@pytest.mark.parametrize("name", FORMER)
def test_the_new_operation_answers_as_the_former_body(rooms: HostWorld, name: str) -> None:
    """Only the former has Deprecation and Sunset, on refusals as well."""
    operation, body = FORMER[name]
    call(operation, body=body)  # so that both calls below find what exists
    former, new = call(create_subscription, body=body), call(operation, body=body)
    assert parts(former) == parts(new)
    assert (headers(former), headers(new)) == (HEADERS, {})


def test_a_single_mailbox_is_not_deprecated(rooms: HostWorld) -> None:
    """It is the only body that the document has for this operation."""
    for status in (201, 200):
        answer = call(create_subscription, body={"mailbox": ROOMS[0]})
        assert (answer.status_code, headers(answer)) == (status, {})


def test_a_single_mailbox_beside_a_null_is_still_taken(rooms: HostWorld) -> None:
    """Earlier versions did, and generated clients of them send nulls."""
    for field in ("mailboxes", "roomList"):
        answer = call(create_subscription, body={"mailbox": ROOMS[0], field: None})
        assert (answer.status_code in (200, 201), headers(answer)) == (True, HEADERS)
        assert content_of(answer)["mailbox"] == ROOMS[0]


@pytest.mark.parametrize(
    "body",
    [{"mailbox": ROOMS[0], "mailboxes": ROOMS}, {"mailbox": ROOMS[0], "roomList": BUILDING},
     {"mailboxes": ROOMS, "roomList": BUILDING}, {"roomList": BUILDING, **DIRECT}, {"mailboxes": None}],
    ids=["mailbox and mailboxes", "mailbox and list", "mailboxes and list", "list, direct", "null"],
)  # fmt: skip
def test_a_former_body_without_a_single_target_is_still_refused(rooms: HostWorld, body: dict[str, Any]) -> None:
    """With the text of before."""
    answer = call(create_subscription, body=body)
    assert (answer.status_code, headers(answer)) == (422, HEADERS)
    assert "exactly one of" in content_of(answer)["detail"] or "a room list allows" in content_of(answer)["detail"]


@pytest.mark.parametrize(
    "body",
    [{"mailbox": ROOMS[0]}, {"mailboxes": ROOMS, "roomList": None}, {}, {"roomList": None}],
    ids=["a mailbox", "a null", "empty", "only null"],
)
@pytest.mark.parametrize("operation", [create_many_subscriptions, create_room_list], ids=["batch", "room list"])
def test_a_new_operation_takes_no_other_body(rooms: HostWorld, operation: Any, body: dict[str, Any]) -> None:
    """Each has one shape, and nothing is set up."""
    assert call(operation, body=body).status_code == 422
    assert not [key for key in rooms.rows.rows if key[0] == "watch"]
