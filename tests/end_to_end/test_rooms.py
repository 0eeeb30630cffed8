"""Claims about the feature rooms on the running stack: its list, its busy times, and its examples in two languages."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.example_runs import in_language
from tests.support.expected import at
from tests.support.pages import blocks
from tests.support.relay import Relay

pytestmark = pytest.mark.long  # it starts a stack of its own

BUILDING = "building1@contoso.com"
HALLS = [f"hall{number:03}@contoso.com" for number in range(120)]
MISSING = "hall999@contoso.com"
LISTED = "GET /places/{list}/microsoft.graph.roomList/rooms"
SCHEDULE = "POST /users/{id}/calendar/getSchedule"
PLACE = {"capacity": 8, "building": "B1", "floorNumber": 2, "tags": ["whiteboard"], "phone": "Canary 555"}
SENDER = {"hintSpreadSeconds": 0.1, "batchSeconds": 0.05, "flipSeconds": 0.2, "latencySeconds": 0.001,
          "roomLists": {BUILDING: HALLS}, "places": {HALLS[0]: PLACE}}  # fmt: skip
NODE_NAMES = {"free_at": "freeAt"}


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose allow-list is a room list with more than one page of rooms; a hundred are watched."""
    settings = {"FEATURES": "rooms", "SETTLE_SECONDS": "0.5", "ALLOWED_MAILBOXES": f"roomlist:{BUILDING}",
                "CALLS_PER_MINUTE": "100000"}  # fmt: skip
    mailboxes = [{"address": address, "displayName": address, "kind": "room"} for address in HALLS]
    seed = {"settings": SENDER, "mailboxes": mailboxes}
    with Relay.running(tmp_path_factory.mktemp("rooms"), settings, seed) as relay:
        relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": ["Place.Read.All"]})
        relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read")
        watched = relay.api.call("POST", "/subscriptions/batch", json={"mailboxes": HALLS[:100]})
        assert {each["status"] for each in watched.json()["value"]} == {201}
        yield relay


@pytest.fixture(autouse=True)
def _clear(relay: Relay) -> Iterator[None]:
    yield
    relay.clear()
    relay.tenant.control("DELETE", "/behaviours")


def calls(relay: Relay, template: str) -> int:
    """Return how often Graph was called."""
    counted: dict[str, int] = relay.tenant.control("GET", "/calls")
    return counted.get(template, 0)


def query(relay: Relay, mailboxes: list[str], **caller: Any) -> dict[str, Any]:
    """Return when mailboxes are busy, tomorrow and the day after."""
    body = {"from": at(0) + "Z", "to": at(2) + "Z", "mailboxes": mailboxes}
    answer = relay.api.call("POST", "/availability/query", json=body, **caller)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_reconcilers_reading_lists_the_rooms(relay: Relay) -> None:
    """All pages, with a key and with a token, from one reading of an hour."""
    relay.reconcile()
    before, token = calls(relay, LISTED), relay.token("Relay.Read")
    path, found = "/rooms", list[dict[str, Any]]()
    while path:
        page = relay.api.call("GET", path).json()
        assert page["complete"] is True
        found += page["value"]
        path = (page["nextLink"] or "").partition("/api")[2]
    assert sorted(room["mailbox"] for room in found) == HALLS
    assert relay.api.call("GET", "/rooms?pageSize=1000", token=token).json()["value"] == found
    assert calls(relay, LISTED) == before
    described = next(room for room in found if room["mailbox"] == HALLS[0])
    assert (described["capacity"], described["floorNumber"], described["tags"]) == (8, 2, ["whiteboard"])
    assert "Canary" not in json.dumps(found)
    watch = relay.watches(HALLS[0])[0]
    assert described["id"] == watch["id"]


def test_a_hundred_mailboxes_cost_five_calls(relay: Relay) -> None:
    """Their busy times are those of their calendars, and nothing else of them is told."""
    relay.tenant.book(HALLS[3], subject="Canary", start=at(0, 12), end=at(0, 13))
    relay.tenant.book(HALLS[99], subject="Canary", start=at(1, 9), end=at(1, 10), sensitivity="private")
    before = calls(relay, SCHEDULE)
    answer = query(relay, HALLS[:100], token=relay.token("Relay.Read"))
    assert (calls(relay, SCHEDULE) - before, answer["unknown"]) == (5, [])
    busy = {each["mailbox"]: each["busy"] for each in answer["value"] if each["busy"]}
    assert busy == {
        HALLS[3]: [{"start": at(0, 12) + "Z", "end": at(0, 13) + "Z"}],
        HALLS[99]: [{"start": at(1, 9) + "Z", "end": at(1, 10) + "Z"}],
    }  # fmt: skip
    assert "Canary" not in json.dumps(answer)


def test_what_answers_late_is_unknown_after_twenty_seconds(relay: Relay) -> None:
    """The rest is told. A mailbox that nobody watches is unknown, too."""
    relay.tenant.control("POST", "/behaviours", {"on": {"scheduleSeconds": 30}, "of": HALLS[20:40]})
    begun = time.monotonic()
    answer = query(relay, [*HALLS[:60], HALLS[110]])
    assert time.monotonic() - begun < 25
    codes = {each["mailbox"]: each["code"] for each in answer["unknown"]}
    assert codes == dict.fromkeys(HALLS[20:40], "graph_unavailable") | {HALLS[110]: "mailbox_not_watched"}
    assert {each["mailbox"] for each in answer["value"]} == {*HALLS[:20], *HALLS[40:60]}


def test_each_refusal_has_its_code(relay: Relay) -> None:
    """Whether a mailbox exists or not."""
    body = {"from": at(0) + "Z", "to": at(1) + "Z"}
    for status, code, mailboxes in ((422, "mailbox_not_watched", [HALLS[110]]), (422, "invalid_request", []),
                                    (422, "mailbox_not_watched", [MISSING])):  # fmt: skip
        answer = relay.api.call("POST", "/availability/query", json={**body, "mailboxes": mailboxes})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert relay.api.call("GET", "/rooms?mailbox=x").json()["code"] == "unknown_parameter"
    assert relay.api.call("GET", "/rooms", token=relay.token()).status_code == 403


@pytest.fixture(params=["python with a key", "node with a token"])
def example(request: pytest.FixtureRequest, relay: Relay) -> Callable[..., Any]:
    """Return what calls a function of docs/examples/rooms."""
    language = request.param.split()[0]
    credential = {"key": relay.api.keys["function"]} if language == "python" else {"token": relay.token("Relay.Read")}
    certificates = relay.stack.certificates
    trust = {"REQUESTS_CA_BUNDLE": str(certificates.bundle), "NODE_EXTRA_CA_CERTS": str(certificates.ca_pem)}

    def run(name: str, *arguments: Any) -> Any:
        function = name if language == "python" else NODE_NAMES.get(name, name)
        call: dict[str, Any] = {"file": "rooms", "function": function, "arguments": arguments}
        call |= {"url": relay.api.url, "credential": credential, "hasty": False}
        (end,) = in_language(language, [call], os.environ | trust)
        return end.get("result", end.get("code"))

    return run


def test_the_examples_list_rooms_and_say_which_are_free(relay: Relay, example: Callable[..., Any]) -> None:
    """In both languages; the page's examples have the fields of the answers."""
    found, complete = example("rooms")
    assert (len(found), complete) == (120, True)
    page, body, answer = (json.loads(block) for block in blocks("partner-rooms", "json"))
    assert found[0].keys() == page["value"][0].keys()
    assert query(relay, HALLS[:1]).keys() == answer.keys()
    assert body.keys() == {"from", "to", "mailboxes"}
    relay.tenant.book(HALLS[5], subject="x", start=at(0, 12), end=at(0, 13))
    free = example("free_at", [HALLS[5], HALLS[6], HALLS[110]], at(0, 12) + "Z", at(0, 13) + "Z")
    assert free == {HALLS[5]: False, HALLS[6]: True, HALLS[110]: None}


def _end_hour(relay: Relay) -> None:
    table = relay.table("watches")
    for row in table.query_entities("PartitionKey eq 'rooms'"):
        table.update_entity({**row, "retry_at": ""})


def test_a_permission_that_is_missing_is_said(relay: Relay) -> None:
    """And nothing is listed from the next reading on, until it is granted."""
    client = f"/clients/{relay.client_id}"
    relay.tenant.control("POST", client, {"roles": []})
    _end_hour(relay)
    answer = relay.api.call("GET", "/rooms")
    relay.tenant.control("POST", client, {"roles": ["Place.Read.All"]})
    _end_hour(relay)
    assert (answer.status_code, answer.json()["code"]) == (503, "permission_missing")
    assert int(answer.headers["Retry-After"]) > 0
    assert relay.api.call("GET", "/rooms").json()["complete"] is True
