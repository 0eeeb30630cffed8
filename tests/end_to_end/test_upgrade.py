"""Claims about an upgrade on the running stack: the relay of today goes on from the rows and messages of before.

The tests tell one story, in their order: paused, resumed, renewed, and at last all messages at once.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.stack import Stack
from tests.end_to_end.before import Before
from tests.end_to_end.conftest import SENDER
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import CHANGES, REPAIRS, World

ROOM = "room1@contoso.com"
BOOKED = ("E-told", "E-hinted", "E-waiting", "E-waiting-again", "E-dead", "E-occurrence", "E-retry")
QUEUES = (CHANGES, REPAIRS, f"{CHANGES}-poison", f"{REPAIRS}-poison")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack of its own, whose Graph has the subscription of room1, and whose hints all wait."""
    with Stack(tmp_path_factory.mktemp("upgrade"), {"SETTLE_SECONDS": "1"}, {"settings": SENDER}) as stack:
        made = World(stack)
        made.relay.watch(ROOM)
        made.tenant.control("POST", "/notifications", {"paused": True})
        yield made


@pytest.fixture(scope="module")
def before(world: World) -> Before:
    """Put the rows of before into its storage: the events of which they tell are booked, the endpoint is paused."""
    events = {name: world.book(ROOM, name, days, direct=True)["immutableId"] for days, name in enumerate(BOOKED)}
    (subscription,) = world.subscriptions(ROOM)
    key_version = subscription["clientState"].partition(".")[0]
    made = Before(world, events | {"s-1": subscription["id"], "v1": key_version})
    made.store_rows()
    return made


def _relay(world: World, operation: str = "") -> dict[str, Any]:
    """Return how deliveries stand, after an operation if one is given."""
    if operation:
        answer = world.relay.call("POST", f"/relay/{operation}", key="master", json={"reason": "A test"})
        assert answer.status_code == 200, answer.text
    state: dict[str, Any] = world.relay.call("GET", "/relay", key="master").json()
    return state


def _told(world: World, event_id: str) -> list[str]:
    """Return what the partner was told of an event, in its order."""
    bodies = [post["body"] for post in world.posts(ROOM)]
    return [body["type"].rpartition(".")[2] for body in bodies if body["data"]["event"]["id"] == event_id]


def test_a_change_of_before_waits_with_what_was_parked_and_is_delivered_at_the_resume(
    world: World, before: Before
) -> None:
    """The pause of before holds; then the change on the queue and the parked ones arrive, each once."""
    assert before.put("E-hinted", "E-hinted-deleted") == 2
    eventually(lambda: _relay(world)["waiting"] == 5)
    state = _relay(world)
    assert (state["state"], state["reason"]) == ("paused", "maintenance of the partner")
    assert world.attempts(ROOM) == []
    _relay(world, "resume")
    for name in ("E-hinted", "E-waiting", "E-waiting-again"):
        eventually(lambda name=name: _told(world, before.id_of(name)) == ["created"])  # type: ignore[misc]
    for name in ("E-hinted-deleted", "E-waiting-deleted"):
        eventually(lambda name=name: _told(world, before.id_of(name)) == ["deleted"])  # type: ignore[misc]
    eventually(lambda: _relay(world)["waiting"] == 0)


def test_a_dead_letter_of_before_is_replayed(world: World, before: Before) -> None:
    """It is listed as it died, and arrives."""
    _relay(world, "resume")
    listed = world.relay.call("GET", "/dead-letters", key="master").json()["value"]
    assert sorted(one["reason"] for one in listed) == ["gave-up", "gave-up", "rejected", "unreadable-message"]
    (letter,) = [one for one in listed if one["eventId"] == before.id_of("E-dead")]
    assert (letter["status"], letter["attempts"]) == (422, 1)
    answer = world.relay.call("POST", "/dead-letters/replay", key="master", json={"ids": [letter["id"]]})
    assert answer.status_code == 202, answer.text
    eventually(lambda: _told(world, before.id_of("E-dead")) == ["created"])
    left = world.relay.call("GET", "/dead-letters", key="master").json()["value"]
    assert letter["id"] not in {one["id"] for one in left}


def test_the_live_watch_of_before_is_renewed(world: World, before: Before) -> None:
    """A wish for reauthorization that lay on the queue moves the end of the subscription that the row names."""
    (standing,) = world.subscriptions(ROOM)
    soon = f"{datetime.now(UTC) + timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}"
    world.tenant.control("PATCH", f"/subscriptions/{standing['id']}", {"expirationDateTime": soon})
    assert before.put("reauthorizationRequired") == 1

    def end() -> datetime:
        (now,) = world.subscriptions(ROOM)
        assert now["id"] == standing["id"]
        return datetime.fromisoformat(now["expirationDateTime"])

    eventually(lambda: end() > datetime.now(UTC) + timedelta(days=6))
    (watch,) = eventually(lambda: [one for one in world.watches(ROOM) if one["state"] == "live"])
    assert watch["graphSubscriptionId"] == standing["id"]


def test_every_message_of_before_is_taken_and_the_partner_is_in_step(world: World, before: Before) -> None:
    """None makes the host try again, none is left on a poison queue; hints find the watch of before."""
    _relay(world, "resume")
    before.put()
    world.tenant.control("POST", "/notifications", {"paused": False})
    world.book(ROOM, "Booked after the upgrade", days=20)
    world.in_step(ROOM, seconds=60)
    for queue in QUEUES:
        eventually(lambda queue=queue: list(world.queue(queue).peek_messages()) == [])  # type: ignore[misc]
    eventually(lambda: world.depth(QUEUES[2]) + world.depth(QUEUES[3]) == 0)
    assert "(Failed" not in world.stack.host.log.read_text()
    letters = world.relay.call("GET", "/dead-letters", key="master").json()["value"]
    assert before.id_of("E-poison") in {one["eventId"] for one in letters}
