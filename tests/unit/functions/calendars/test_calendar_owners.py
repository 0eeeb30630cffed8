"""Calendars that others shared with an allowed mailbox are used only if their owner is allowed, too."""

from __future__ import annotations

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
from tests.support.graph_world import ROOM, USER
from tests.support.tenant_world import TenantWorld, json_of, problem
from tests.unit.functions.calendars.conftest import AT, DECEMBER, MEETING, at, created, truth

pytestmark = pytest.mark.server

BOSS = {"name": "Canary owner", "address": "boss@elsewhere.example"}
TIMES = {"start": "2026-12-01T08:00:00Z", "end": "2026-12-01T09:00:00Z"}
CHANGE = {"title": "x"}
READ: tuple[Any, str, Any] = (get_event, "GET", b"")
WRITE: tuple[tuple[Any, str, Any], ...] = (
    (change_event, "PATCH", CHANGE),
    (cancel_event, "POST", {}),
    (delete_event, "DELETE", b""),
)


def shared(world: TenantWorld, **owner: str) -> str:
    """Share a calendar with the user, and return its id."""
    body = {"owner": BOSS | owner, "name": "Canary plans"}
    return str(world.control("POST", f"/calendars/{USER}/shared", body)["id"])


def event_in(world: TenantWorld, calendar: str) -> dict[str, str]:
    """Let the owner of a shared calendar make an event; return its place for a call."""
    body = {"subject": "Canary event", **TIMES}
    return at({"id": world.control("POST", f"/calendars/{USER}/shared/{calendar}/events", body)["immutableId"]})


def names() -> list[str]:
    """Return the names of the calendars that a caller sees."""
    return [each["name"] for each in json_of(list_calendars, 200, method="GET", route_params=AT)["value"]]


def refused_everywhere(world: TenantWorld, calendar: str, place: dict[str, str]) -> None:
    """Assert that nothing of a calendar is read or written, and nothing of it is told."""
    where = {"route_params": AT, "params": {**DECEMBER, "calendar": calendar}}
    texts = [problem(list_events, 403, method="GET", **where), problem(create_event, 403, body=MEETING, **where)]
    for function, method, body in (READ, *WRITE):
        texts.append(problem(function, 403, method=method, body=body, route_params=place))
    assert "Canary" not in str(texts)
    assert "elsewhere" not in str(texts)
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
    stored = world.graph.call("GET", f"/users/{USER}/calendars/{calendar}/calendarView?{window}")["value"]
    assert [event["subject"] for event in stored] == ["Canary event"]


def test_a_calendar_of_another_is_not_used(world: TenantWorld) -> None:
    """Neither listed, nor read, nor written, nor its events by their ids; the mailbox's own ones are."""
    calendar = shared(world)
    refused_everywhere(world, calendar, event_in(world, calendar))
    own = json_of(create_calendar, 201, body={"name": "Projects"}, route_params=AT)["id"]
    assert names() == ["Calendar", "Projects"]
    json_of(list_events, 200, method="GET", route_params=AT, params={**DECEMBER, "calendar": own})
    there = json_of(create_event, 201, body=MEETING, route_params=AT, params={"calendar": own})
    for event in (there, created()):
        for function, method, body in (READ, WRITE[0]):
            json_of(function, 200, method=method, body=body, route_params=at(event))


def test_a_calendar_whose_owner_is_allowed_is_used(world: TenantWorld) -> None:
    """In any letter case."""
    calendar = shared(world, address=ROOM.upper())
    place = event_in(world, calendar)
    assert names() == ["Calendar", "Canary plans"]
    json_of(create_event, 201, body=MEETING, route_params=AT, params={"calendar": calendar})
    json_of(change_event, 200, method="PATCH", body=CHANGE, route_params=place)
    world.set(ALLOWED_MAILBOXES=USER)
    assert names() == ["Calendar"]
    problem(get_event, 403, method="GET", route_params=place)


@pytest.mark.parametrize("left", [0, 1])
def test_a_list_that_lacks_calendars_is_no_permission(world: TenantWorld, left: int) -> None:
    """Graph answers an empty list, or one without the calendar of another."""
    place = event_in(world, shared(world))
    listed = world.graph.call("GET", f"/users/{USER}/calendars")["value"]
    body = {"value": [each for each in listed if each["isDefaultCalendar"]][:left]}
    world.control("POST", "/faults", {"match": f"GET /v1.0/users/{USER}/calendars", "status": 200, "body": body,
                                      "times": 1000})  # fmt: skip
    for function, method, content in (READ, *WRITE):
        problem(function, 403, method=method, body=content, route_params=place)


def test_an_unknown_owner_is_no_permission(world: TenantWorld) -> None:
    """Graph names none: only the default calendar is known to be the mailbox's own."""
    calendar = shared(world)
    place = event_in(world, calendar)
    world.control("POST", "/behaviours", {"on": {"ownersUnknown": True}})
    refused_everywhere(world, calendar, place)
    assert "does not name the owner" in problem(get_event, 403, method="GET", route_params=place)
    assert names() == ["Calendar"]
    json_of(change_event, 200, method="PATCH", body=CHANGE, route_params=at(created()))


def test_the_default_calendar_of_another_is_not_used(world: TenantWorld) -> None:
    """It is that of its owner: the mark alone does not make it the mailbox's own."""
    event = created()
    body = {"id": "x", "isDefaultCalendar": True, "owner": BOSS}
    world.control("POST", "/faults", {"match": "GET .*/events/[^/]+/calendar$", "status": 200, "body": body})
    for function, method, content in (READ, *WRITE):
        problem(function, 403, method=method, body=content, route_params=at(event))


def test_a_mailbox_may_be_named_by_another_of_its_addresses(world: TenantWorld) -> None:
    """Its calendars have its first address as owner, in any letters; they are its own."""
    own = json_of(create_calendar, 201, body={"name": "Projects"}, route_params=AT)["id"]
    world.control("PATCH", f"/mailboxes/{USER}", {"address": "first@elsewhere.example", "keep": True})
    world.control("POST", "/behaviours", {"on": {"capitalsInAddresses": True}})
    world.set(ALLOWED_MAILBOXES=USER)
    assert names() == ["Calendar", "Projects"]
    event = json_of(create_event, 201, body=MEETING, route_params=AT, params={"calendar": own})
    json_of(get_event, 200, method="GET", route_params=at(event))


@pytest.mark.parametrize(("status", "answered"), [(503, 503), (403, 502)])
def test_owners_that_cannot_be_read_are_no_permission(world: TenantWorld, status: int, answered: int) -> None:
    """The call is refused with what Graph answers, and nothing is done."""
    event = created()
    fault = {"match": "GET /v1.0/users/[^/]+/(calendars|events/[^/]+/calendar).*", "status": status, "times": 1000,
             "body": {"error": {"code": "ErrorAccessDenied", "message": "x"}}}  # fmt: skip
    world.control("POST", "/faults", fault)
    for function, method, body in (READ, *WRITE):
        problem(function, answered, method=method, body=body, route_params=at(event))
    problem(create_event, answered, body=MEETING, route_params=AT, params={"calendar": "AAMkAG" + "x" * 60})
    assert [each["subject"] for each in truth(world)] == ["Canary budget"]
