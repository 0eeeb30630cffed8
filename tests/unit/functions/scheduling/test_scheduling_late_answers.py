"""Bookings on a Graph that shows writes late or does not find a mailbox: nothing is gone, nothing is made twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest

from functions.scheduling import cancel_booking, create_booking, get_booking, list_slots, move_booking
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, json_of
from tests.unit.functions.conftest import call, content_of
from tests.unit.functions.scheduling.conftest import AT, TALK, truth
from tests.unit.functions.scheduling.test_scheduling_bookings import at, booked
from tests.unit.functions.scheduling.test_scheduling_slots import TUESDAY

pytestmark = pytest.mark.server

KEY: dict[str, Any] = {"headers": {"idempotency-key": "order-17"}}
LATER = {"start": "2026-12-01T11:00:00", "timeZone": "Europe/Oslo"}
ACTS: dict[str, tuple[int, Callable[[dict[str, Any]], func.HttpResponse]]] = {
    "again": (200, lambda _: call(create_booking, body=TALK, route_params=AT, **KEY)),
    "read": (200, lambda booking: call(get_booking, method="GET", route_params=at(booking))),
    "move": (200, lambda booking: call(move_booking, method="PATCH", body=LATER, route_params=at(booking))),
    "cancel": (204, lambda booking: call(cancel_booking, method="DELETE", route_params=at(booking))),
}
BEHAVIOURS: dict[str, tuple[dict[str, Any], str]] = {
    "unseen": ({"createdUnseenSeconds": 30}, "booking_in_progress"),
    "unseen and unlisted": ({"createdUnseenSeconds": 30, "listLagSeconds": 120}, "booking_in_progress"),
    "not served": ({"mailboxMoving": "MailboxNotEnabledForRESTAPI"}, "graph_unavailable"),
    "moving": ({"mailboxMoving": "ErrorMailboxMoveInProgress"}, "graph_unavailable"),
}


def switch(world: TenantWorld, on: dict[str, Any]) -> None:
    """Switch behaviours of the mailbox on."""
    world.control("POST", "/behaviours", {"on": on, "of": [USER]})


CASES = [(behaviour, act) for behaviour, (on, _) in BEHAVIOURS.items() for act in ACTS
         if act != "cancel" or "mailboxMoving" in on]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "act"), CASES)
def test_a_call_about_a_booking_can_be_repeated(world: TenantWorld, behaviour: str, act: str) -> None:
    """It is 503 with Retry-After, never 404 or 204; afterwards it does what it says, with a single event."""
    on, code = BEHAVIOURS[behaviour]
    switch(world, {name: value for name, value in on.items() if name != "mailboxMoving"})
    booking = json_of(create_booking, 201, body=TALK, route_params=AT, **KEY)
    switch(world, on)
    status, send = ACTS[act]
    refused = send(booking)
    assert (refused.status_code, content_of(refused)["code"]) == (503, code)
    assert int(refused.headers["Retry-After"]) > 0
    world.control("DELETE", "/behaviours")
    assert send(booking).status_code == status
    starts = [event["start"]["dateTime"][11:16] for event in truth(world)]
    assert starts == {"move": ["10:00"], "cancel": []}.get(act, ["09:00"])


def test_a_hidden_event_that_graph_deletes_is_gone(world: TenantWorld) -> None:
    """Only its reading is late: the cancellation is done."""
    switch(world, {"createdUnseenSeconds": 30, "listLagSeconds": 120})
    _, cancel = ACTS["cancel"]
    assert cancel(booked()).status_code == 204
    world.control("DELETE", "/behaviours")
    assert truth(world) == []


def test_a_list_that_lags_makes_no_second_event(world: TenantWorld) -> None:
    """The first call is not answered, and the list does not show its event: the repeated call gets that event."""
    switch(world, {"listLagSeconds": 120})
    fault = {"match": "POST /v1.0/users/.*/events$", "status": 500, "times": 2, "after": True}
    world.control("POST", "/faults", fault)
    refused = call(create_booking, body=TALK, route_params=AT, **KEY)
    assert refused.status_code == 503
    json_of(create_booking, 200, body=TALK, route_params=AT, **KEY)
    world.control("DELETE", "/behaviours")
    assert len(truth(world)) == 1


@pytest.mark.parametrize("lags", [True, False])
def test_a_slot_is_not_given_twice_while_the_list_lags(world: TenantWorld, *, lags: bool) -> None:
    """Whether the schedule shows the first booking or not; nor is it offered."""
    switch(world, {"listLagSeconds": 120, "scheduleLags": lags})
    booked()
    page = json_of(list_slots, 200, method="GET", route_params=AT, params=TUESDAY)
    assert "2026-12-01T10:00:00+01:00" not in [slot["start"] for slot in page["value"]]
    assert call(create_booking, body=TALK, route_params=AT).status_code == 409
    world.control("DELETE", "/behaviours")
    assert len(truth(world)) == 1
