"""Calls while Graph lags behind itself, or moves the mailbox: nothing is created twice, and nothing is concluded."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.calendars import (
    cancel_event,
    change_event,
    create_calendar,
    create_event,
    delete_event,
    get_event,
    list_calendars,
    list_events,
)
from tests.support.graph_world import USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import AT, DECEMBER, MEETING, at, created, truth
from tests.unit.functions.conftest import call, content_of

pytestmark = pytest.mark.server

KEY: dict[str, Any] = {"headers": {"idempotency-key": "order-1"}}
CHANGE = {"title": "Changed"}


def behave(world: TenantWorld, **values: Any) -> None:
    """Switch behaviours of Graph on."""
    world.control("POST", "/behaviours", {"on": values})


@pytest.mark.parametrize("code", ["MailboxNotEnabledForRESTAPI", "ErrorMailboxMoveInProgress"])
def test_a_mailbox_that_is_moved_passes_by_itself(world: TenantWorld, code: str) -> None:
    """Every call is 503 with Retry-After, the deletion included: the event stands."""
    event = created()
    behave(world, mailboxMoving=code)
    calls: list[tuple[Any, str, Any, dict[str, Any]]] = [
        (list_calendars, "GET", b"", {"route_params": AT}),
        (create_calendar, "POST", {"name": "Projects"}, {"route_params": AT}),
        (list_events, "GET", b"", {"route_params": AT, "params": DECEMBER}),
        (create_event, "POST", MEETING, {"route_params": AT}),
        (create_event, "POST", MEETING, {"route_params": AT, **KEY}),
        (get_event, "GET", b"", {"route_params": at(event)}),
        (change_event, "PATCH", CHANGE, {"route_params": at(event)}),
        (cancel_event, "POST", {}, {"route_params": at(event)}),
        (delete_event, "DELETE", b"", {"route_params": at(event)}),
    ]
    for function, method, body, given in calls:
        response = call(function, method=method, body=body, **given)
        assert (response.status_code, "Retry-After" in response.headers) == (503, True), function
    world.control("DELETE", "/behaviours")
    assert [each["subject"] for each in truth(world)] == [MEETING["title"]]


def test_an_event_that_graph_does_not_find_yet_is_not_said_to_be_gone(world: TenantWorld) -> None:
    """A read is 404 that says so; it can be changed, and is found half a minute later."""
    behave(world, createdUnseenSeconds=30)
    event = created()
    assert "so new" in problem(get_event, 404, method="GET", route_params=at(event))
    json_of(change_event, 200, method="PATCH", body=CHANGE, route_params=at(event))
    world.control("POST", "/clock", {"advanceSeconds": 31})
    assert json_of(get_event, 200, method="GET", route_params=at(event))["title"] == "Changed"


def test_a_call_that_is_repeated_while_lists_lag_creates_no_second_event(world: TenantWorld) -> None:
    """Graph recognizes the transactionId although no list has the event."""
    behave(world, createdUnseenSeconds=30, listLagSeconds=120)
    ids = {json_of(create_event, 201, body=MEETING, route_params=AT, **KEY)["id"] for _ in range(3)}
    assert (len(ids), len(truth(world))) == (1, 1)


def test_a_deleted_event_that_is_readable_is_deleted_again(world: TenantWorld) -> None:
    """From Deleted Items, for good: the call stays idempotent."""
    event = created()
    behave(world, deletesToDeletedItems=True)
    for _ in range(3):
        assert call(delete_event, method="DELETE", route_params=at(event)).status_code == 204
    assert truth(world) == []
    problem(get_event, 404, method="GET", route_params=at(event))


def test_calls_of_a_random_choice_of_behaviours_lose_nothing(world: TenantWorld) -> None:
    """Twenty seeds; each key has one event at the end, and each answer is a documented one."""
    for seed in range(20):
        world.control("POST", "/behaviours/random", {"seed": seed, "share": 0.5})
        body = MEETING | {"title": f"Seed {seed}"}
        key: dict[str, Any] = {"headers": {"idempotency-key": f"seed-{seed}"}}
        statuses = {call(create_event, body=body, route_params=AT, **key).status_code for _ in range(3)}
        assert statuses <= {201, 403, 503}, seed
        world.control("DELETE", "/behaviours")
        assert json_of(create_event, 201, body=body, route_params=AT, **key)["title"] == f"Seed {seed}"
    assert sorted(each["subject"] for each in truth(world, USER)) == sorted(f"Seed {seed}" for seed in range(20))


@pytest.mark.parametrize("seed", range(3))
def test_fifty_callers_with_a_key_create_a_single_event(world: TenantWorld, seed: int) -> None:
    """At the same time, with some answers lost, while Graph lags; each gets the event or is to repeat its call."""
    late = ["createdUnseenSeconds", "listLagSeconds", "linkLate", "capitalsInAddresses"]
    world.control("POST", "/behaviours/random", {"seed": seed, "share": 0.8, "names": late})
    world.control("POST", "/faults", {"match": "POST /v1.0/users/.*/events", "after": True, "cut": True, "times": 3})
    calls: Callable[[int], Any] = lambda _: call(create_event, body=MEETING, route_params=AT, **KEY)  # noqa: E731
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(calls, range(50)))
    assert {answer.status_code for answer in answers} <= {201, 503}
    ids = {json_of(create_event, 201, body=MEETING, route_params=AT, **KEY)["id"]}
    ids |= {content_of(answer)["id"] for answer in answers if answer.status_code == 201}
    assert (len(ids), len(truth(world))) == (1, 1)
