"""Claims about an upgrade on the running stack: the relay of today goes on from the rows and messages of the version
before.

The tests tell one story, in their order: paused, resumed, renewed, and at last all messages at once.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.previous_version import PreviousVersion
from tests.support.relay import CHANGES, REPAIRS, Relay
from tests.support.waiting import eventually

ROOM = "room1@contoso.com"
BOOKED = ("E-told", "E-hinted", "E-waiting", "E-waiting-again", "E-dead", "E-occurrence", "E-retry")
QUEUES = (CHANGES, REPAIRS, f"{CHANGES}-poison", f"{REPAIRS}-poison")


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a stack of its own, whose Graph has the subscription of room1, and whose hints all wait."""
    with Relay.running(tmp_path_factory.mktemp("upgrade")) as relay:
        relay.api.watch(ROOM)
        relay.tenant.control("POST", "/notifications", {"paused": True})
        yield relay


@pytest.fixture(scope="module")
def previous(relay: Relay) -> PreviousVersion:
    """Put the rows of before into its storage: the events of which they tell are booked, the endpoint is paused."""
    events = {name: relay.book(ROOM, name, days, direct=True)["immutableId"] for days, name in enumerate(BOOKED)}
    (subscription,) = relay.subscriptions(ROOM)
    key_version = subscription["clientState"].partition(".")[0]
    stored = PreviousVersion(relay, events | {"s-1": subscription["id"], "v1": key_version})
    stored.store_rows()
    return stored


def _relay(relay: Relay, operation: str = "") -> dict[str, Any]:
    """Return how deliveries stand, after an operation if one is given."""
    if operation:
        answer = relay.api.call("POST", f"/relay/{operation}", key="master", json={"reason": "A test"})
        assert answer.status_code == 200, answer.text
    state: dict[str, Any] = relay.api.call("GET", "/relay", key="master").json()
    return state


def _delivered(relay: Relay, event_id: str) -> list[str]:
    """Return what the partner was told of an event, in its order."""
    bodies = [post["body"] for post in relay.posts(ROOM)]
    return [body["type"].rpartition(".")[2] for body in bodies if body["data"]["event"]["id"] == event_id]


def test_a_change_of_before_waits_with_what_was_parked_and_is_delivered_at_the_resume(
    relay: Relay, previous: PreviousVersion
) -> None:
    """The pause of before holds; then the change on the queue and the parked ones arrive, each once."""
    assert previous.put("E-hinted", "E-hinted-deleted") == 2
    eventually(lambda: _relay(relay)["waiting"] == 5)
    state = _relay(relay)
    assert (state["state"], state["reason"]) == ("paused", "maintenance of the partner")
    assert relay.attempts(ROOM) == []
    _relay(relay, "resume")
    for name in ("E-hinted", "E-waiting", "E-waiting-again"):
        eventually(lambda name=name: _delivered(relay, previous.id_of(name)) == ["created"])  # type: ignore[misc]
    for name in ("E-hinted-deleted", "E-waiting-deleted"):
        eventually(lambda name=name: _delivered(relay, previous.id_of(name)) == ["deleted"])  # type: ignore[misc]
    eventually(lambda: _relay(relay)["waiting"] == 0)


def test_a_dead_letter_of_before_is_replayed(relay: Relay, previous: PreviousVersion) -> None:
    """It is listed as it died, and arrives."""
    _relay(relay, "resume")
    listed = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    assert sorted(item["reason"] for item in listed) == ["gave-up", "gave-up", "rejected", "unreadable-message"]
    (letter,) = [item for item in listed if item["eventId"] == previous.id_of("E-dead")]
    assert (letter["status"], letter["attempts"]) == (422, 1)
    answer = relay.api.call("POST", "/dead-letters/replay", key="master", json={"ids": [letter["id"]]})
    assert answer.status_code == 202, answer.text
    eventually(lambda: _delivered(relay, previous.id_of("E-dead")) == ["created"])
    left = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    assert letter["id"] not in {item["id"] for item in left}


def test_the_live_watch_of_before_is_renewed(relay: Relay, previous: PreviousVersion) -> None:
    """A wish for reauthorization that lay on the queue moves the end of the subscription that the row names."""
    (existing,) = relay.subscriptions(ROOM)
    soon = f"{datetime.now(UTC) + timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}"
    relay.tenant.control("PATCH", f"/subscriptions/{existing['id']}", {"expirationDateTime": soon})
    assert previous.put("reauthorizationRequired") == 1

    def end() -> datetime:
        (now,) = relay.subscriptions(ROOM)
        assert now["id"] == existing["id"]
        return datetime.fromisoformat(now["expirationDateTime"])

    eventually(lambda: end() > datetime.now(UTC) + timedelta(days=6))
    (watch,) = eventually(lambda: [item for item in relay.watches(ROOM) if item["state"] == "live"])
    assert watch["graphSubscriptionId"] == existing["id"]


def test_every_message_of_before_is_taken_and_the_partner_is_in_step(relay: Relay, previous: PreviousVersion) -> None:
    """None makes the host try again, none is left on a poison queue; hints find the watch of before."""
    _relay(relay, "resume")
    previous.put()
    relay.tenant.control("POST", "/notifications", {"paused": False})
    relay.book(ROOM, "Booked after the upgrade", days=20)
    relay.in_step(ROOM, seconds=60)
    for queue in QUEUES:
        eventually(lambda queue=queue: list(relay.queue(queue).peek_messages()) == [])  # type: ignore[misc]
    eventually(lambda: relay.depth(QUEUES[2]) + relay.depth(QUEUES[3]) == 0)
    assert "(Failed" not in relay.stack.host.log.read_text()
    letters = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    assert previous.id_of("E-poison") in {item["eventId"] for item in letters}
