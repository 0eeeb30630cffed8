"""Control rejects invalid calls, and counts calls."""

from typing import Any

import pytest

from tests.support.graph_world import ROOM, World

pytestmark = pytest.mark.server

EVENTS = f"/calendars/{ROOM}/events"
TIMES = {"start": "2026-12-01T10:00:00Z", "end": "2026-12-01T11:00:00Z"}
DAILY = {**TIMES, "rrule": "FREQ=DAILY"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"subject": "x"}, "start"),
        ({**TIMES, "end": "2026-12-01T09:00:00Z"}, "end"),
        ({**TIMES, "start": "noon"}, "noon"),
        ({**TIMES, "start": {"dateTime": "2026-12-01T10:00", "timeZone": "Mars"}}, "Mars"),
        ({**TIMES, "start": 1}, "1"),
        ({**TIMES, "titel": "x"}, "titel"),
        ({**TIMES, "showAs": "away"}, "away"),
        ({**TIMES, "sensitivity": 1}, "sensitivity"),
        ({**TIMES, "subject": None}, "subject"),
        ({**TIMES, "body": {"text": "x"}}, "text"),
        ({**TIMES, "body": {}}, "body"),
        ({**TIMES, "direct": "yes"}, "direct"),
        ({**TIMES, "isAllDay": True}, "isAllDay"),
        ({**TIMES, "rrule": "every day"}, "every day"),
        ({**TIMES, "rrule": "FREQ=DAILY;UNTIL=20200101T000000Z"}, "never"),
        ({**TIMES, "rrule": "FREQ=HOURLY"}, "HOURLY"),
        ({**TIMES, "rrule": "FREQ=WEEKLY;BYDAY=MO"}, "start"),
        ({**TIMES, "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1"}, "BYMONTHDAY"),
        ({**DAILY, "exdates": ["x"]}, "x"),
    ],
)
def test_a_wrong_event_gets_400_that_says_why(world: World, body: dict[str, Any], named: str) -> None:
    """The response names the error, and nothing is booked."""
    assert named in world.control("POST", EVENTS, body, status=400)["error"]
    assert world.get(f"/users/{ROOM}/events")["value"] == []


@pytest.mark.parametrize("body", [{"end": "2020-01-01"}, {"direct": True}, {"unknown": 1}, {"showAs": "away"}])
def test_a_wrong_change_changes_nothing(world: World, body: dict[str, Any]) -> None:
    """The event keeps its content and its etag."""
    booked = world.book()
    world.control("PATCH", f"{EVENTS}/{booked['id']}", body, status=400)
    assert world.get(f"/users/{ROOM}/events/{booked['id']}")["@odata.etag"] == booked["@odata.etag"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/calendars/nobody@contoso.com/events", TIMES, 404),
        ("PATCH", f"{EVENTS}/none", {}, 404),
        ("DELETE", f"{EVENTS}/none", None, 404),
        ("POST", f"{EVENTS}/none/cancel", None, 404),
        ("GET", f"/calendars/{ROOM}?start=x", None, 400),
        ("PUT", f"/calendars/{ROOM}/processing", {"deleteAll": True}, 400),
        ("POST", EVENTS, [], 400),
        ("POST", "/notifications", {}, 400),
        ("POST", "/notifications", {"paused": 1}, 400),
        ("POST", "/notifications/flush", {"now": True}, 400),
        ("POST", "/mailboxes", {"address": "x"}, 400),
        ("POST", "/mailboxes", {"address": ROOM}, 409),
        ("POST", "/mailboxes", {"address": "a@b", "kind": "car"}, 400),
        ("POST", "/mailboxes", {"address": "a@b", "id": "x"}, 400),
        ("DELETE", "/mailboxes/a@b", None, 404),
        ("POST", "/settings", {"flipseconds": 1}, 400),
        ("POST", "/settings", {"flipSeconds": "1"}, 400),
        ("POST", "/settings", {"hintsPerChange": [4, 2]}, 400),
        ("POST", "/settings", {"hintsPerChange": 2}, 400),
        ("POST", "/settings", {"shuffle": 1}, 400),
    ],
)
def test_an_error_of_control_has_a_reason(world: World, method: str, path: str, body: Any, status: int) -> None:
    """Each error is JSON with its reason."""
    assert world.control(method, path, body, status=status)["error"]


def test_calls_are_counted_by_template(world: World) -> None:
    """Every operation counts under its template, parts of a batch too; the count can be reset."""
    booked = world.book()
    world.get(f"/users/{ROOM}/events/{booked['id']}")
    world.get(f"/Users('{ROOM}')/events('{booked['id']}')")
    part = {"id": "1", "method": "GET", "url": f"/users/{ROOM}/events"}
    world.graph("POST", "/$batch", {"requests": [part]})
    assert world.control("GET", "/calls") == {
        "GET /users/{id}/events/{event}": 2,
        "POST /$batch": 1,
        "GET /users/{id}/events": 1,
    }
    world.control("DELETE", "/calls")
    assert world.control("GET", "/calls") == {}


def test_settings_are_changed_while_it_runs(world: World) -> None:
    """A new setting applies from its next use on."""
    world.subscribe()
    assert world.control("POST", "/settings", {"hintsPerChange": [3, 3]})["hintsPerChange"] == [3, 3]
    world.book()
    assert world.flush()["hints"] == 3


def test_every_route_is_listed(world: World) -> None:
    """GET /_control lists the calendar and notification routes with what they do."""
    listed = {one["route"]: one["does"] for one in world.control("GET", "")["routes"]}
    for route in (
        "POST /_control/calendars/{address}/events",
        "POST /_control/notifications/flush",
        "POST /_control/lifecycle",
        "DELETE /_control/calls",
    ):
        assert listed[route]
