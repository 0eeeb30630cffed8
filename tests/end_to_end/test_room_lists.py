"""Claims about room lists and calls with many mailboxes on the running stack."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.relay import Relay
from tests.support.waiting import eventually

pytestmark = pytest.mark.long  # it starts a stack of its own

BUILDING, UNCHANGED = "building1@contoso.com", "building2@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(120)]
SENDER = {"hintSpreadSeconds": 0.1, "batchSeconds": 0.05, "flipSeconds": 0.2, "latencySeconds": 0.001,
          "roomLists": {BUILDING: ROOMS[:105], UNCHANGED: ROOMS[50:52]}}  # fmt: skip


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack whose allow-list is one room list with more than one page of rooms."""
    settings = {"SETTLE_SECONDS": "0.5", "ALLOWED_MAILBOXES": f"roomlist:{BUILDING},roomlist:{UNCHANGED}"}
    mailboxes = [{"address": address, "displayName": address, "kind": "room"} for address in ROOMS]
    seed = {"settings": SENDER, "mailboxes": mailboxes}
    with Relay.running(tmp_path_factory.mktemp("rooms"), settings, seed) as relay:
        relay.tenant.control("POST", f"/clients/{relay.client_id}", {"roles": ["Place.Read.All"]})
        yield relay


def _members(relay: Relay, rooms: list[str]) -> None:
    relay.tenant.control("POST", "/settings", {"roomLists": {BUILDING: rooms, UNCHANGED: ROOMS[50:52]}})


def _progress(relay: Relay, room_list: dict[str, Any]) -> dict[str, Any]:
    progress: dict[str, Any] = relay.api.call("GET", f"/room-lists/{room_list['id']}").json()
    return progress


def test_the_watches_of_a_room_list_follow_its_members(relay: Relay) -> None:
    """Rooms of all pages are watched; joining and leaving rooms follow; deleting the list deletes every watch."""
    refused = ROOMS[7]
    scope = [room for room in ROOMS if room != refused]
    relay.tenant.grant_in_exchange(relay.client_id, "Calendars.Read", mailboxes=scope)
    answer = relay.api.call("POST", "/room-lists", json={"roomList": BUILDING})
    room_list = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (202, room_list["link"])
    progress = eventually(lambda: (state := _progress(relay, room_list))["live"] == 104 and state)
    counts = {
        name: progress[name] for name in ("desired", "live", "pending", "refused", "gone", "paused", "notAllowed")
    }
    assert counts == {"desired": 105, "live": 104, "pending": 0, "refused": 1, "gone": 0, "paused": 0, "notAllowed": 0}
    assert "steps done" in relay.stack.host.log.read_text()
    relay.book(ROOMS[3])
    relay.in_step(ROOMS[3])

    joined, left = ROOMS[110], ROOMS[0]
    _members(relay, [*ROOMS[1:105], joined])
    assert relay.reconcile() == {"joined": 1, "left": 1, "created": 1}
    assert [len(relay.subscriptions(room)) for room in (joined, left)] == [1, 0]
    assert relay.watches(left) == []
    (watch,) = relay.watches(joined)
    assert watch["roomLists"] == [room_list["id"]]
    assert relay.api.call("DELETE", f"/subscriptions/{watch['id']}").status_code == 409

    fault = relay.fault("GET /v1.0/places/building1.*", status=503)
    assert relay.reconcile() == {}
    assert "503" in _progress(relay, room_list)["lastError"]
    relay.tenant.control("DELETE", f"/faults/{fault}")

    assert relay.api.call("DELETE", f"/room-lists/{room_list['id']}").status_code == 204
    eventually(lambda: relay.tenant.control("GET", "/subscriptions")["value"] == [])
    eventually(lambda: relay.api.call("GET", "/subscriptions").json()["value"] == [])


def test_each_mailbox_of_a_call_has_its_outcome(relay: Relay) -> None:
    """Rooms of the list get 201, another mailbox 403, and an invalid address 422."""
    mailboxes = [*ROOMS[20:40], "room1@contoso.com", "none"]
    answer = relay.api.call("POST", "/subscriptions/batch", json={"mailboxes": mailboxes})
    outcomes = answer.json()["value"]
    assert answer.status_code == 207
    assert [outcome["mailbox"] for outcome in outcomes] == mailboxes
    assert [outcome["status"] for outcome in outcomes] == [201] * 20 + [403, 422]
    assert all(len(relay.subscriptions(room)) == 1 for room in ROOMS[20:40])


def test_watches_are_looked_up_by_their_addresses(relay: Relay) -> None:
    """With a key and with a token that may only read; an address without a watch is named."""
    relay.api.call("POST", "/subscriptions/batch", json={"mailboxes": ROOMS[40:43]})
    query = {"mailboxes": [ROOMS[42], "room1@contoso.com", ROOMS[40].upper()]}
    by_key = relay.api.call("POST", "/subscriptions/query", json=query)
    by_token = relay.api.call("POST", "/subscriptions/query", json=query, token=relay.token("Relay.Read"))
    assert [watch["mailbox"] for watch in by_key.json()["value"]] == [ROOMS[42], ROOMS[40]]
    assert by_key.json()["notWatched"] == ["room1@contoso.com"]
    assert by_key.json() == by_token.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [({"mailboxes": [ROOMS[20], "room1@contoso.com", "none"]}, 207), ({"roomList": UNCHANGED}, 202),
     ({"roomList": "other@contoso.com"}, 403)],
    ids=["several", "list", "refused"],
)  # fmt: skip
def test_the_bodies_of_earlier_versions_are_still_taken(relay: Relay, body: dict[str, Any], status: int) -> None:
    """As before, with the headers of an old spelling."""
    answer = relay.api.call("POST", "/subscriptions", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers.keys() >= {"Deprecation", "Sunset"}


def test_an_unknown_room_list_is_refused(relay: Relay) -> None:
    """A room list outside the allow-list gets 403 without a call to Graph."""
    relay.tenant.control("DELETE", "/calls")
    answer = relay.api.call("POST", "/room-lists", json={"roomList": "other@contoso.com"})
    assert answer.status_code == 403
    assert not [name for name in relay.tenant.control("GET", "/calls") if "places" in name]
