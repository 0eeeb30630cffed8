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
from tests.support.calendars_guide import block, booked_in_node, in_python
from tests.support.expected import at
from tests.support.relay import Relay

PERMISSIONS = ["Calendars.Read", "Calendars.ReadWrite"]
EVENT_POSTS = r"POST /v1\.0/users/[^/]+/events$"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose customer has switched calendars on."""
    with Relay.running(tmp_path_factory.mktemp("calendars"), {"FEATURES": "calendars"}) as relay:
        relay.tenant.grant_in_exchange(relay.client_id, *PERMISSIONS)
        yield relay


@pytest.fixture
def relay(running: Relay) -> Iterator[Relay]:
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


def stored(relay: Relay, address: str) -> list[dict[str, Any]]:
    """Return what lies in the calendar in the days to come, with all fields."""
    return relay.tenant.calendar(address, *window().values())


@pytest.mark.parametrize("credential", ["key", "token"])
def test_an_event_lives_and_ends_behind_both_doors(relay: Relay, credential: str) -> None:
    """Listed, made, found by its Location, changed as it was read, not as it was before, cancelled."""
    how = {"token": relay.token("Relay.Setup")} if credential == "token" else {}
    address = relay.mailbox()
    (calendar,) = relay.api.call("GET", f"/calendars/{address}", **how).json()["value"]
    assert calendar["default"]
    other = relay.api.call("POST", f"/calendars/{address}", json={"name": "Projects"}, **how)
    assert other.status_code == 201
    created = relay.api.call("POST", f"/calendars/{address}/events", json=meeting(teamsMeeting=True), **how)
    assert created.json()["joinUrl"].startswith("https://teams.microsoft.com/")
    path = created.headers["Location"].partition("/api/entra" if how else "/api")[2]
    read = relay.api.call("GET", path, **how)
    assert read.json() == {name: value for name, value in created.json().items() if name != "joinUrl"}
    for status, title in ((200, "Second"), (412, "Third")):
        match = {"If-Match": read.headers["ETag"]}
        changed = relay.api.call("PATCH", path, json={"title": title}, headers=match, **how)
        assert changed.status_code == status
    assert relay.api.call("GET", path, **how).json()["title"] == "Second"
    assert relay.api.call("POST", f"{path}/cancel", json={"comment": "Sorry"}, **how).status_code == 202
    assert relay.api.call("GET", path, **how).status_code == 404
    assert relay.api.call("DELETE", path, **how).status_code == 204


@pytest.mark.parametrize("credential", ["key", "token"])
def test_a_calendar_is_read_in_pages_behind_both_doors(relay: Relay, credential: str) -> None:
    """Each link leads through the same door."""
    how = {"token": relay.token("Relay.Setup")} if credential == "token" else {}
    address = relay.mailbox()
    series = meeting(recurrence={"every": "day", "count": 5}, timeZone="UTC")
    series |= {name: series[name].rstrip("Z") for name in ("start", "end")}
    assert relay.api.call("POST", f"/calendars/{address}/events", json=series, **how).status_code == 201
    page = relay.api.call("GET", f"/calendars/{address}/events", params=window() | {"pageSize": "2"}, **how).json()
    seen = list(page["value"])
    while page["nextLink"]:
        page = relay.api.call("GET", page["nextLink"].partition("/api/entra" if how else "/api")[2], **how).json()
        seen += page["value"]
    assert [event["start"] for event in seen] == [at(days, 9) + "Z" for days in range(1, 6)]


def test_what_a_caller_writes_is_delivered_like_any_change(relay: Relay) -> None:
    """Where the mailbox is watched."""
    address = relay.watched()
    event = relay.api.call("POST", f"/calendars/{address}/events", json=meeting()).json()
    relay.in_step(address)
    assert relay.received(address)[event["id"]]["title"] == "Kick-off"
    relay.api.call("DELETE", f"/calendars/{address}/events/{event['id']}")
    relay.in_step(address)
    assert relay.received(address) == {}


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"cut": True}])
def test_what_was_made_without_an_answer_is_not_made_again(relay: Relay, fault: dict[str, Any]) -> None:
    """503 says to repeat the call; with the same key it is answered with the event that stands."""
    address, key = relay.mailbox(), {"Idempotency-Key": secrets.token_hex(8)}
    relay.fault(EVENT_POSTS, times=1, after=True, **fault)
    answers = [relay.api.call("POST", f"/calendars/{address}/events", json=meeting(), headers=key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 201, 201]
    assert "Retry-After" in answers[0].headers
    assert {answer.json()["id"] for answer in answers[1:]} == {event["immutableId"] for event in stored(relay, address)}
    assert len(stored(relay, address)) == 1


def test_twenty_callers_with_one_key_make_one_event(relay: Relay) -> None:
    """And each hears of it."""
    address, key = relay.mailbox(), {"Idempotency-Key": secrets.token_hex(8)}

    def create(_: int) -> requests.Response:
        return relay.api.call("POST", f"/calendars/{address}/events", json=meeting(), headers=key)

    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(create, range(20)))
    created = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert len(set(created)) == len(stored(relay, address)) == 1


def test_a_role_that_reads_writes_nothing(relay: Relay) -> None:
    """Every operation that is no GET needs Relay.Setup, and every one somebody."""
    address, token = relay.mailbox(), relay.token("Relay.Read")
    event = f"/calendars/{address}/events/{relay.book(address)['id']}"
    assert relay.api.call("GET", event, token=token).status_code == 200
    for method, path in (("POST", f"/calendars/{address}"), ("POST", f"/calendars/{address}/events"),
                         ("PATCH", event), ("DELETE", event), ("POST", f"{event}/cancel")):  # fmt: skip
        assert relay.api.call(method, path, token=token, json={}).status_code == 403
        assert relay.api.call(method, path, token="", json={}).status_code == 401
        assert relay.api.call(method, path, key=None, json={}).status_code == 401
    assert len(stored(relay, address)) == 1


def test_the_doctor_names_the_permission_that_is_missing(relay: Relay) -> None:
    """And touches no event to find out."""
    address = relay.mailbox()
    relay.book(address)
    request = {"allowed": [address], "ping": False}

    def finding(name: str) -> dict[str, Any]:
        checks = relay.api.call("POST", "/doctor", key="master", json=request).json()["checks"]
        return next(check for check in checks if check["name"] == name)

    before = stored(relay, address)
    assert (finding("token")["ok"], finding("calendarsWrite")["ok"]) == (True, True)
    relay.tenant.grant_in_exchange(relay.client_id, PERMISSIONS[0])
    missing = finding("calendarsWrite")
    assert (missing["ok"], "-Feature calendars" in missing["whatToDo"]) == (False, True)
    assert (finding("calendarsRead")["ok"], stored(relay, address)) == (True, before)
    refused = relay.api.call("POST", f"/calendars/{address}/events", json=meeting())
    assert (refused.status_code, "Calendars.ReadWrite" in refused.json()["detail"]) == (502, True)


def test_what_a_caller_writes_is_neither_kept_nor_logged(relay: Relay) -> None:
    """Titles, names, addresses, notes, sound or refused, answered or not, in no table, queue or log."""
    canaries = {name: f"canary-{name}-{secrets.token_hex(4)}" for name in ("title", "place", "name", "note", "graph")}
    address = relay.mailbox(name=f"canary-mailbox-{secrets.token_hex(4)}")
    guest = f"canary-guest-{secrets.token_hex(4)}@fabrikam.com"
    invited = [{"address": guest, "name": canaries["name"]}]
    event = meeting(title=canaries["title"], location=canaries["place"], attendees=invited)
    events = f"/calendars/{address}/events"
    path = f"{events}/{relay.api.call('POST', events, json=event).json()['id']}"
    said = {"error": {"code": "ErrorInvalidRequest", "message": canaries["graph"]}}
    faults: tuple[dict[str, Any], ...] = ({"status": 400, "body": said}, {"status": 201, "body": canaries["graph"]},
                                          {"status": 500, "body": said}, {"cut": True})  # fmt: skip
    named = relay.api.call("POST", f"/calendars/{address}", json={"name": canaries["name"]})
    answers = [relay.api.call("GET", path)]
    for fault in faults:
        relay.fault(EVENT_POSTS, times=1, **fault)
        answers.append(relay.api.call("POST", events, json=event))
    answers += [
        relay.api.call("POST", events, json=event | {"end": event["start"]}),
        relay.api.call("POST", events, json=event | {canaries["name"]: canaries["note"]}),
        relay.api.call("PATCH", path, json={"title": canaries["title"], "location": canaries["place"]}),
        relay.api.call("POST", f"{path}/cancel", json={"comment": canaries["note"] * 100}),
        relay.api.call("POST", f"{path}/cancel", json={"comment": canaries["note"]}),
    ]
    statuses = [named.status_code, *(answer.status_code for answer in answers)]
    assert statuses == [201, 200, 422, 503, 503, 503, 422, 422, 200, 422, 202]
    planted = [*canaries.values(), address, guest]
    assert found_below(relay.stack.folder / "storage", planted) == []
    assert found_in(relay.stack.host.log.read_bytes(), planted) == []
    hidden = [canaries["place"], canaries["note"], canaries["graph"], guest]
    assert [canary for answer in answers for canary in hidden if canary in answer.text] == []


def test_the_pages_own_event_is_taken(relay: Relay) -> None:
    """As it stands there, and it recurs as it says."""
    address = relay.mailbox()
    assert relay.api.call("POST", f"/calendars/{address}/events", data=block("json")).status_code == 201
    shown = relay.tenant.calendar(address, "2026-12-01T00:00:00Z", "2027-01-31T00:00:00Z")
    days = [int(event["start"]["dateTime"][8:10]) for event in shown]
    assert days == [1, 3, 8, 10, 15, 17, 22, 24, 29, 31]


def test_the_pages_python_books_once_renames_and_shows(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the first answer does not come, and somebody else changes the event in between."""
    names = in_python()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(relay.stack.certificates.bundle))
    address = relay.mailbox()
    place = (relay.api.url, relay.api.keys["function"], address)
    relay.fault(EVENT_POSTS, times=1, after=True, status=503, headers={"Retry-After": "1"})
    created = names["book"](*place, meeting())
    assert [event["immutableId"] for event in stored(relay, address)] == [created["id"]]
    conflict = {"error": {"code": "ErrorIrresolvableConflict"}}
    relay.fault(r"PATCH /v1\.0/users/[^/]+/events/", times=1, status=412, body=conflict)
    assert names["rename"](*place, created["id"], "Renamed")["title"] == "Renamed"
    names["book"](*place, meeting(11))
    shown = list(names["shown"](*place, **window(), pageSize="1"))
    assert [event["title"] for event in shown] == ["Renamed", "Kick-off"]


def test_the_pages_node_books_once(relay: Relay) -> None:
    """Likewise; and tells what is wrong with an event that is not sound."""
    address = relay.mailbox()
    place = [relay.api.url, relay.api.keys["function"], address]
    relay.fault(EVENT_POSTS, times=1, after=True, status=503, headers={"Retry-After": "1"})
    done = booked_in_node(relay, *place, meeting())
    assert [json.loads(done.stdout)["id"]] == [event["immutableId"] for event in stored(relay, address)]
    done = booked_in_node(relay, *place, meeting(end=at(0)))
    assert "end: has no zone" in done.stderr
