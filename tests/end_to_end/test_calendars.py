"""Claims about the feature calendars on the running stack: no duplicate, no lost update, no content kept."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox.demo.canaries import canaries_below, canaries_in
from tests.support.expected import at
from tests.support.pages import blocks
from tests.support.relay import Relay

EVENT_POSTS = r"POST /v1\.0/users/[^/]+/events$"


def meeting(hour: float = 9, **changes: Any) -> dict[str, Any]:
    """Return an event of one hour."""
    return {"title": "Kick-off", "start": at(1, hour) + "Z", "end": at(1, hour + 1) + "Z", **changes}


def window(days: int = 10) -> dict[str, str]:
    """Return the query for the coming days."""
    return {"start": at(0) + "Z", "end": at(days) + "Z"}


def stored(relay: Relay, address: str) -> list[dict[str, Any]]:
    """Return the events of the coming days in Graph's calendar, with all fields."""
    return relay.tenant.calendar(address, *window().values())


@pytest.mark.parametrize("credential", ["key", "token"])
def test_an_event_is_created_changed_and_deleted_on_both_routes(relay: Relay, credential: str) -> None:
    """With a key or a token: its Location works, a stale ETag gets 412, and it can be cancelled and deleted."""
    options = {"token": relay.token("Relay.Setup")} if credential == "token" else {}
    address = relay.mailbox()
    (calendar,) = relay.api.call("GET", f"/calendars/{address}", **options).json()["value"]
    assert calendar["default"]
    other = relay.api.call("POST", f"/calendars/{address}", json={"name": "Projects"}, **options)
    assert other.status_code == 201
    created = relay.api.call("POST", f"/calendars/{address}/events", json=meeting(teamsMeeting=True), **options)
    assert created.json()["joinUrl"].startswith("https://teams.microsoft.com/")
    path = created.headers["Location"].partition("/api/entra" if options else "/api")[2]
    read = relay.api.call("GET", path, **options)
    assert read.json() == {name: value for name, value in created.json().items() if name[:7] != "joinUrl"}
    for status, title in ((200, "Second"), (412, "Third")):
        match = {"If-Match": read.headers["ETag"]}
        changed = relay.api.call("PATCH", path, json={"title": title}, headers=match, **options)
        assert changed.status_code == status
    assert relay.api.call("GET", path, **options).json()["title"] == "Second"
    assert relay.api.call("POST", f"{path}/cancel", json={"comment": "Sorry"}, **options).status_code == 202
    assert relay.api.call("GET", path, **options).status_code == 404
    assert relay.api.call("DELETE", path, **options).status_code == 204


@pytest.mark.parametrize("credential", ["key", "token"])
def test_a_calendar_is_read_in_pages_on_both_routes(relay: Relay, credential: str) -> None:
    """Each nextLink has the prefix of the route that was called."""
    options = {"token": relay.token("Relay.Setup")} if credential == "token" else {}
    address = relay.mailbox()
    series = meeting(recurrence={"every": "day", "count": 5}, timeZone="UTC")
    series |= {name: series[name].rstrip("Z") for name in ("start", "end")}
    assert relay.api.call("POST", f"/calendars/{address}/events", json=series, **options).status_code == 201
    page = relay.api.call("GET", f"/calendars/{address}/events", params=window() | {"pageSize": "2"}, **options).json()
    seen = list(page["value"])
    while page["nextLink"]:
        path = page["nextLink"].partition("/api/entra" if options else "/api")[2]
        page = relay.api.call("GET", path, **options).json()
        seen += page["value"]
    assert [event["start"] for event in seen] == [at(days, 9) + "Z" for days in range(1, 6)]


def test_what_a_caller_writes_is_delivered_like_any_change(relay: Relay) -> None:
    """An event that a caller creates or deletes in a watched mailbox reaches the partner."""
    address = relay.watched()
    event = relay.api.call("POST", f"/calendars/{address}/events", json=meeting()).json()
    relay.in_step(address)
    assert relay.received(address)[event["id"]]["title"] == "Kick-off"
    relay.api.call("DELETE", f"/calendars/{address}/events/{event['id']}")
    relay.in_step(address)
    assert relay.received(address) == {}


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"cut": True}])
def test_an_event_whose_response_was_lost_is_not_created_again(relay: Relay, fault: dict[str, Any]) -> None:
    """The call gets 503; a repeat with the same key returns the existing event."""
    address, key = relay.mailbox(), {"Idempotency-Key": secrets.token_hex(8)}
    relay.fault(EVENT_POSTS, times=1, after=True, **fault)
    answers = [relay.api.call("POST", f"/calendars/{address}/events", json=meeting(), headers=key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 201, 201]
    assert "Retry-After" in answers[0].headers
    assert {answer.json()["id"] for answer in answers[1:]} == {event["immutableId"] for event in stored(relay, address)}
    assert len(stored(relay, address)) == 1


def test_twenty_callers_with_the_same_key_create_a_single_event(relay: Relay) -> None:
    """Each call gets 201 with the same event, or 503."""
    address, key = relay.mailbox(), {"Idempotency-Key": secrets.token_hex(8)}

    def create(_: int) -> requests.Response:
        return relay.api.call("POST", f"/calendars/{address}/events", json=meeting(), headers=key)

    with ThreadPoolExecutor(10) as callers:
        answers = list(callers.map(create, range(20)))
    created = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert len(set(created)) == len(stored(relay, address)) == 1


def test_a_role_that_reads_writes_nothing(relay: Relay) -> None:
    """Relay.Read allows GET only; a call without a key or token gets 401."""
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
    """The doctor names Calendars.ReadWrite, and changes no event."""
    address = relay.mailbox()
    relay.book(address)
    request = {"allowed": [address], "ping": False}

    def finding(name: str) -> dict[str, Any]:
        checks = relay.api.call("POST", "/doctor", key="master", json=request).json()["checks"]
        return next(check for check in checks if check["name"] == name)

    before = stored(relay, address)
    assert (finding("token")["ok"], finding("calendarsWrite")["ok"]) == (True, True)
    relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read")
    missing = finding("calendarsWrite")
    assert (missing["ok"], "-Feature calendars" in missing["whatToDo"]) == (False, True)
    assert (finding("calendarsRead")["ok"], stored(relay, address)) == (True, before)
    refused = relay.api.call("POST", f"/calendars/{address}/events", json=meeting())
    assert (refused.status_code, "Calendars.ReadWrite" in refused.json()["detail"]) == (502, True)


def test_what_a_caller_writes_is_neither_kept_nor_logged(relay: Relay) -> None:
    """Titles, names, addresses and notes are in no table, queue or log, whether the call succeeds or fails."""
    canaries = {name: f"canary-{name}-{secrets.token_hex(4)}" for name in ("title", "place", "name", "note", "graph")}
    address = relay.mailbox(name=f"canary-mailbox-{secrets.token_hex(4)}")
    guest = f"canary-guest-{secrets.token_hex(4)}@fabrikam.com"
    invited = [{"address": guest, "name": canaries["name"]}]
    event = meeting(title=canaries["title"], location=canaries["place"], attendees=invited)
    events = f"/calendars/{address}/events"
    path = f"{events}/{relay.api.call('POST', events, json=event).json()['id']}"
    error = {"error": {"code": "ErrorInvalidRequest", "message": canaries["graph"]}}
    faults: tuple[dict[str, Any], ...] = ({"status": 400, "body": error}, {"status": 201, "body": canaries["graph"]},
                                          {"status": 500, "body": error}, {"cut": True})  # fmt: skip
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
    assert canaries_below(relay.stack.folder / "storage", planted) == []
    assert canaries_in(relay.stack.host.log.read_bytes(), planted) == []
    hidden = [canaries["place"], canaries["note"], canaries["graph"], guest]
    assert [canary for answer in answers for canary in hidden if canary in answer.text] == []


def test_links_and_owners_reach_nobody_else(relay: Relay) -> None:
    """The link of a meeting is in one answer; whose calendar is refused, and what it is called, in none. None of these
    is in a table, a queue or a log.
    """
    address = relay.mailbox()
    events = f"/calendars/{address}/events"
    owner, name = f"canary-owner-{secrets.token_hex(4)}", f"canary-calendar-{secrets.token_hex(4)}"
    body = {"owner": {"name": owner, "address": f"{owner}@fabrikam.com"}, "name": name}
    shared = relay.tenant.control("POST", f"/calendars/{address}/shared", body)["id"]
    made = relay.api.call("POST", events, json=meeting(teamsMeeting=True), headers={"Idempotency-Key": "canary-1"})
    link, path = made.json()["joinUrl"], f"{events}/{made.json()['id']}"
    token = {"token": relay.token("Relay.Setup")}
    answers = [
        relay.api.call("GET", path),
        relay.api.call("PATCH", path, json={"teamsMeeting": True}),
        relay.api.call("PATCH", path, json={"teamsMeeting": True}, **token),
        relay.api.call("GET", events, params=window()),
        relay.api.call("GET", f"/calendars/{address}"),
        relay.api.call("GET", events, params={**window(), "calendar": shared}),
        relay.api.call("POST", events, params={"calendar": shared}, json=meeting(12)),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 403, 403]
    planted = [link, owner, name]
    assert [canary for answer in answers for canary in planted if canary in answer.text] == []
    assert canaries_below(relay.stack.folder / "storage", planted) == []
    assert canaries_in(relay.stack.host.log.read_bytes(), planted) == []


def test_the_event_of_the_page_is_accepted(relay: Relay) -> None:
    """It is accepted unchanged and recurs on the stated days."""
    address = relay.mailbox()
    body = blocks("partner-calendars", "json")[0]
    assert relay.api.call("POST", f"/calendars/{address}/events", data=body).status_code == 201
    shown = relay.tenant.calendar(address, "2026-12-01T00:00:00Z", "2027-01-31T00:00:00Z")
    days = [int(event["start"]["dateTime"][8:10]) for event in shown]
    assert days == [1, 3, 8, 10, 15, 17, 22, 24, 29, 31]
