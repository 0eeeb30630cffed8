"""Claims about the feature calendars on the running stack: both doors, never twice, never over another's change, and
what a caller writes stays between the caller and the calendar.
"""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox.demo.canaries import found_below, found_in
from sandbox.stack import Stack
from tests.end_to_end.calendar_page import block, booked_in_node, in_python
from tests.end_to_end.conftest import SENDER
from tests.end_to_end.expected import at
from tests.end_to_end.world import World

PERMISSIONS = ["Calendars.Read", "Calendars.ReadWrite"]
EVENT_POSTS = r"POST /v1\.0/users/[^/]+/events$"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack whose customer has switched calendars on."""
    settings = {"FEATURES": "calendars", "SETTLE_SECONDS": "1"}
    with Stack(tmp_path_factory.mktemp("calendars"), settings, {"settings": SENDER}) as stack:
        stack.tenant.grant_in_exchange(stack.seed["clients"][0]["clientId"], *PERMISSIONS)
        yield World(stack)


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """Give the stack; what a test planted is taken away after it."""
    yield running
    running.clear()
    running.tenant.grant_in_exchange(running.client_id, *PERMISSIONS)


def meeting(hour: float = 9, **changes: Any) -> dict[str, Any]:
    """Return an hour in a calendar."""
    return {"title": "Kick-off", "start": at(1, hour) + "Z", "end": at(1, hour + 1) + "Z", **changes}


def window(days: int = 10) -> dict[str, str]:
    """Return the query of the days to come."""
    return {"start": at(0) + "Z", "end": at(days) + "Z"}


def stored(world: World, address: str) -> list[dict[str, Any]]:
    """Return what lies in the calendar in the days to come, with all fields."""
    return world.tenant.calendar(address, *window().values())


@pytest.mark.parametrize("door", ["key", "token"])
def test_an_event_lives_and_ends_behind_both_doors(world: World, door: str) -> None:
    """Listed, made, found by its Location, changed as it was read, not as it was before, cancelled."""
    how = {"token": world.token("Relay.Setup")} if door == "token" else {}
    address = world.mailbox()
    (calendar,) = world.relay.call("GET", f"/calendars/{address}", **how).json()["value"]
    assert calendar["default"]
    other = world.relay.call("POST", f"/calendars/{address}", json={"name": "Projects"}, **how)
    assert other.status_code == 201
    made = world.relay.call("POST", f"/calendars/{address}/events", json=meeting(teamsMeeting=True), **how)
    assert made.json()["joinUrl"].startswith("https://teams.microsoft.com/")
    one = made.headers["Location"].partition("/api/entra" if how else "/api")[2]
    read = world.relay.call("GET", one, **how)
    assert read.json() == {name: value for name, value in made.json().items() if name != "joinUrl"}
    for status, title in ((200, "Second"), (412, "Third")):
        match = {"If-Match": read.headers["ETag"]}
        changed = world.relay.call("PATCH", one, json={"title": title}, headers=match, **how)
        assert changed.status_code == status
    assert world.relay.call("GET", one, **how).json()["title"] == "Second"
    assert world.relay.call("POST", f"{one}/cancel", json={"comment": "Sorry"}, **how).status_code == 202
    assert world.relay.call("GET", one, **how).status_code == 404
    assert world.relay.call("DELETE", one, **how).status_code == 204


@pytest.mark.parametrize("door", ["key", "token"])
def test_a_calendar_is_read_in_pages_behind_both_doors(world: World, door: str) -> None:
    """Each link leads through the same door."""
    how = {"token": world.token("Relay.Setup")} if door == "token" else {}
    address = world.mailbox()
    series = meeting(recurrence={"every": "day", "count": 5}, timeZone="UTC")
    series |= {name: series[name].rstrip("Z") for name in ("start", "end")}
    assert world.relay.call("POST", f"/calendars/{address}/events", json=series, **how).status_code == 201
    page = world.relay.call("GET", f"/calendars/{address}/events", params=window() | {"pageSize": "2"}, **how).json()
    seen = list(page["value"])
    while page["nextLink"]:
        page = world.relay.call("GET", page["nextLink"].partition("/api/entra" if how else "/api")[2], **how).json()
        seen += page["value"]
    assert [one["start"] for one in seen] == [at(days, 9) + "Z" for days in range(1, 6)]


def test_what_a_caller_writes_is_delivered_like_any_change(world: World) -> None:
    """Where the mailbox is watched."""
    address = world.watched()
    one = world.relay.call("POST", f"/calendars/{address}/events", json=meeting()).json()
    world.in_step(address)
    assert world.picture(address)[one["id"]]["title"] == "Kick-off"
    world.relay.call("DELETE", f"/calendars/{address}/events/{one['id']}")
    world.in_step(address)
    assert world.picture(address) == {}


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"cut": True}])
def test_what_was_made_without_an_answer_is_not_made_again(world: World, fault: dict[str, Any]) -> None:
    """503 says to repeat the call; with the same key it is answered with the event that stands."""
    address, key = world.mailbox(), {"Idempotency-Key": secrets.token_hex(8)}
    world.fault(EVENT_POSTS, times=1, after=True, **fault)
    answers = [world.relay.call("POST", f"/calendars/{address}/events", json=meeting(), headers=key) for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 201, 201]
    assert "Retry-After" in answers[0].headers
    assert {one.json()["id"] for one in answers[1:]} == {event["immutableId"] for event in stored(world, address)}
    assert len(stored(world, address)) == 1


def test_twenty_callers_with_one_key_make_one_event(world: World) -> None:
    """And each hears of it."""
    address, key = world.mailbox(), {"Idempotency-Key": secrets.token_hex(8)}

    def ask(_: int) -> requests.Response:
        return world.relay.call("POST", f"/calendars/{address}/events", json=meeting(), headers=key)

    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(ask, range(20)))
    made = [one.json()["id"] for one in answers if one.status_code == 201]
    assert {one.status_code for one in answers} <= {201, 503}
    assert len(set(made)) == len(stored(world, address)) == 1


def test_a_role_that_reads_writes_nothing(world: World) -> None:
    """Every operation that is no GET needs Relay.Setup, and every one somebody."""
    address, token = world.mailbox(), world.token("Relay.Read")
    one = f"/calendars/{address}/events/{world.book(address)['id']}"
    assert world.relay.call("GET", one, token=token).status_code == 200
    for method, path in (("POST", f"/calendars/{address}"), ("POST", f"/calendars/{address}/events"),
                         ("PATCH", one), ("DELETE", one), ("POST", f"{one}/cancel")):  # fmt: skip
        assert world.relay.call(method, path, token=token, json={}).status_code == 403
        assert world.relay.call(method, path, token="", json={}).status_code == 401
        assert world.relay.call(method, path, key=None, json={}).status_code == 401
    assert len(stored(world, address)) == 1


def test_the_doctor_names_the_permission_that_is_missing(world: World) -> None:
    """And touches no event to find out."""
    address = world.mailbox()
    world.book(address)
    wish = {"allowed": [address], "ping": False}

    def finding(name: str) -> dict[str, Any]:
        told = world.relay.call("POST", "/doctor", key="master", json=wish).json()["checks"]
        return next(one for one in told if one["name"] == name)

    before = stored(world, address)
    assert (finding("token")["ok"], finding("calendarsWrite")["ok"]) == (True, True)
    world.tenant.grant_in_exchange(world.client_id, PERMISSIONS[0])
    missing = finding("calendarsWrite")
    assert (missing["ok"], "-Feature calendars" in missing["whatToDo"]) == (False, True)
    assert (finding("calendarsRead")["ok"], stored(world, address)) == (True, before)
    refused = world.relay.call("POST", f"/calendars/{address}/events", json=meeting())
    assert (refused.status_code, "Calendars.ReadWrite" in refused.json()["detail"]) == (502, True)


def test_what_a_caller_writes_is_neither_kept_nor_logged(world: World) -> None:
    """Titles, names, addresses, notes, sound or refused, answered or not, in no table, queue or log."""
    words = {name: f"canary-{name}-{secrets.token_hex(4)}" for name in ("title", "place", "name", "note", "graph")}
    address = world.mailbox(name=f"canary-mailbox-{secrets.token_hex(4)}")
    guest = f"canary-guest-{secrets.token_hex(4)}@fabrikam.com"
    invited = [{"address": guest, "name": words["name"]}]
    event = meeting(title=words["title"], location=words["place"], attendees=invited)
    events = f"/calendars/{address}/events"
    one = f"{events}/{world.relay.call('POST', events, json=event).json()['id']}"
    said = {"error": {"code": "ErrorInvalidRequest", "message": words["graph"]}}
    faults: tuple[dict[str, Any], ...] = ({"status": 400, "body": said}, {"status": 201, "body": words["graph"]},
                                          {"status": 500, "body": said}, {"cut": True})  # fmt: skip
    named = world.relay.call("POST", f"/calendars/{address}", json={"name": words["name"]})
    answers = [world.relay.call("GET", one)]
    for fault in faults:
        world.fault(EVENT_POSTS, times=1, **fault)
        answers.append(world.relay.call("POST", events, json=event))
    answers += [
        world.relay.call("POST", events, json=event | {"end": event["start"]}),
        world.relay.call("POST", events, json=event | {words["name"]: words["note"]}),
        world.relay.call("PATCH", one, json={"title": words["title"], "location": words["place"]}),
        world.relay.call("POST", f"{one}/cancel", json={"comment": words["note"] * 100}),
        world.relay.call("POST", f"{one}/cancel", json={"comment": words["note"]}),
    ]
    told = [named.status_code, *(answer.status_code for answer in answers)]
    assert told == [201, 200, 422, 503, 503, 503, 422, 422, 200, 422, 202]
    planted = [*words.values(), address, guest]
    assert found_below(world.stack.folder / "storage", planted) == []
    assert found_in(world.stack.host.log.read_bytes(), planted) == []
    hidden = [words["place"], words["note"], words["graph"], guest]
    assert [word for answer in answers for word in hidden if word in answer.text] == []


def test_the_pages_own_event_is_taken(world: World) -> None:
    """As it stands there, and it recurs as it says."""
    address = world.mailbox()
    assert world.relay.call("POST", f"/calendars/{address}/events", data=block("json")).status_code == 201
    shown = world.tenant.calendar(address, "2026-12-01T00:00:00Z", "2027-01-31T00:00:00Z")
    days = [int(one["start"]["dateTime"][8:10]) for one in shown]
    assert days == [1, 3, 8, 10, 15, 17, 22, 24, 29, 31]


def test_the_pages_python_books_once_renames_and_shows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the first answer does not come, and somebody else changes the event in between."""
    names = in_python()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(world.stack.certificates.bundle))
    address = world.mailbox()
    place = (world.relay.url, world.relay.keys["function"], address)
    world.fault(EVENT_POSTS, times=1, after=True, status=503, headers={"Retry-After": "1"})
    made = names["book"](*place, meeting())
    assert [one["immutableId"] for one in stored(world, address)] == [made["id"]]
    conflict = {"error": {"code": "ErrorIrresolvableConflict"}}
    world.fault(r"PATCH /v1\.0/users/[^/]+/events/", times=1, status=412, body=conflict)
    assert names["rename"](*place, made["id"], "Renamed")["title"] == "Renamed"
    names["book"](*place, meeting(11))
    shown = list(names["shown"](*place, **window(), pageSize="1"))
    assert [one["title"] for one in shown] == ["Renamed", "Kick-off"]


def test_the_pages_node_books_once(world: World) -> None:
    """Likewise; and tells what is wrong with an event that is not sound."""
    address = world.mailbox()
    place = [world.relay.url, world.relay.keys["function"], address]
    world.fault(EVENT_POSTS, times=1, after=True, status=503, headers={"Retry-After": "1"})
    done = booked_in_node(world, *place, meeting())
    assert [json.loads(done.stdout)["id"]] == [one["immutableId"] for one in stored(world, address)]
    done = booked_in_node(world, *place, meeting(end=at(0)))
    assert "end: has no zone" in done.stderr

