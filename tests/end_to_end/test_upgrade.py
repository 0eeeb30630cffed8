"""Claims about an upgrade on the running stack: the relay continues with the rows and messages of the previous version.

The tests depend on their order: paused, resumed, renewed, and finally all messages.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.support.previous_version import PreviousVersion
from tests.support.relay import CHANGES, REPAIRS, WORK, Relay
from tests.support.waiting import eventually

ROOM = "room1@contoso.com"
BOOKED = ("E-told", "E-hinted", "E-waiting", "E-waiting-again", "E-dead", "E-occurrence", "E-retry")
POISON = tuple(f"{queue}-poison" for queue in (CHANGES, REPAIRS, WORK))


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start a separate stack with a subscription for room1, whose Graph sends no notifications."""
    with Relay.running(tmp_path_factory.mktemp("upgrade")) as relay:
        relay.api.watch(ROOM)
        relay.tenant.control("POST", "/notifications", {"paused": True})
        yield relay


@pytest.fixture(scope="module")
def previous(relay: Relay) -> PreviousVersion:
    """Store the rows of the previous version, with deliveries paused, and book the events that they name."""
    events = {name: relay.book(ROOM, name, days, direct=True)["immutableId"] for days, name in enumerate(BOOKED)}
    (subscription,) = relay.subscriptions(ROOM)
    key_version = subscription["clientState"].partition(".")[0]
    stored = PreviousVersion(relay, events | {"s-1": subscription["id"], "v1": key_version})
    stored.store_rows()
    return stored


def _relay(relay: Relay, operation: str = "") -> dict[str, Any]:
    """Return the state of deliveries, after an optional operation."""
    if operation:
        answer = relay.api.call("POST", f"/relay/{operation}", key="master", json={"reason": "A test"})
        assert answer.status_code == 200, answer.text
    state: dict[str, Any] = relay.api.call("GET", "/relay", key="master").json()
    return state


def _delivered(relay: Relay, event_id: str) -> list[str]:
    """Return the types of an event's deliveries, in order."""
    bodies = [post["body"] for post in relay.posts(ROOM)]
    return [body["type"].rpartition(".")[2] for body in bodies if body["data"]["event"]["id"] == event_id]


def _is_delivered(relay: Relay, event_id: str, kind: str) -> bool:
    return _delivered(relay, event_id) == [kind]


def test_changes_of_the_previous_version_wait_and_are_delivered_at_the_resume(
    relay: Relay, previous: PreviousVersion
) -> None:
    """The stored pause still applies; after the resume, queued and parked changes arrive once each.

    Two events were deleted before the partner received them: it is told nothing.
    """
    assert previous.put("E-hinted", "E-hinted-deleted") == 2
    eventually(lambda: _relay(relay)["waiting"] == 5)
    state = _relay(relay)
    assert (state["state"], state["reason"]) == ("paused", "maintenance of the partner")
    assert relay.attempts(ROOM) == []
    _relay(relay, "resume")
    for name in ("E-hinted", "E-waiting", "E-waiting-again"):
        eventually(partial(_is_delivered, relay, previous.id_of(name), "created"))
    # A deleted event is looked at again minutes later, by a message that is hidden until then.
    eventually(lambda: (_relay(relay)["waiting"], relay.has_due(CHANGES)) == (0, False))
    for name in ("E-hinted-deleted", "E-waiting-deleted"):
        assert _delivered(relay, previous.id_of(name)) == []


def test_a_dead_letter_of_the_previous_version_is_replayed(relay: Relay, previous: PreviousVersion) -> None:
    """It is listed with its reason and status, and a replay delivers it."""
    _relay(relay, "resume")
    listed = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    assert sorted(item["reason"] for item in listed) == ["gave-up", "gave-up", "rejected", "unreadable-message"]
    (letter,) = [item for item in listed if item["eventId"] == previous.id_of("E-dead")]
    assert (letter["status"], letter["attempts"]) == (422, 1)
    answer = relay.api.call("POST", "/dead-letters/replay", key="master", json={"ids": [letter["id"]]})
    assert answer.status_code == 202, answer.text
    eventually(lambda: _delivered(relay, previous.id_of("E-dead")) == ["created"])
    remaining = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    assert letter["id"] not in {item["id"] for item in remaining}


def test_a_live_watch_of_the_previous_version_is_renewed(relay: Relay, previous: PreviousVersion) -> None:
    """A queued reauthorizationRequired extends the stored subscription."""
    (existing,) = relay.subscriptions(ROOM)
    soon = f"{datetime.now(UTC) + timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}"
    relay.tenant.control("PATCH", f"/subscriptions/{existing['id']}", {"expirationDateTime": soon})
    assert previous.put("reauthorizationRequired") == 1

    def expires() -> datetime:
        (current,) = relay.subscriptions(ROOM)
        assert current["id"] == existing["id"]
        return datetime.fromisoformat(current["expirationDateTime"])

    eventually(lambda: expires() > datetime.now(UTC) + timedelta(days=6))
    (watch,) = eventually(lambda: [item for item in relay.watches(ROOM) if item["state"] == "live"])
    assert watch["graphSubscriptionId"] == existing["id"]


def test_every_message_of_the_previous_version_is_processed(relay: Relay, previous: PreviousVersion) -> None:
    """No message fails or stays on a poison queue, and notifications reach the stored watch."""
    _relay(relay, "resume")
    previous.put()
    relay.tenant.control("POST", "/notifications", {"paused": False})
    relay.book(ROOM, "Booked after the upgrade", days=20)
    relay.in_step(ROOM)
    eventually(lambda: not any(relay.has_due(queue) for queue in (CHANGES, REPAIRS, WORK)))
    eventually(lambda: sum(map(relay.depth, POISON)) == 0)
    assert "(Failed" not in relay.stack.host.log.read_text()
    letters = relay.api.call("GET", "/dead-letters", key="master").json()["value"]
    assert previous.id_of("E-poison") in {item["eventId"] for item in letters}
