"""Claims about the partner's bad days, on the running stack: outages, refusals, a 410, a pause, and what helps."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack import Stack
from tests.end_to_end.conftest import SENDER
from tests.end_to_end.waiting import eventually
from tests.end_to_end.world import CHANGES, REPAIRS, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start a stack of their own: what an outage puts off for minutes is not to meet other tests."""
    with Stack(tmp_path_factory.mktemp("operations"), {"SETTLE_SECONDS": "1"}, {"settings": SENDER}) as stack:
        yield World(stack)


@pytest.fixture(autouse=True)
def _flowing_again(world: World) -> Any:
    """Leave a stack to the next test whose endpoint takes deliveries, and on whose queues no repair waits for later."""
    yield
    world.clear()
    _operate(world, "resume")
    eventually(lambda: _state(world)["waiting"] == 0)
    world.queue(REPAIRS).clear_messages()


def _operate(world: World, operation: str) -> dict[str, Any]:
    answer = world.relay.call("POST", f"/relay/{operation}", key="master", json={"reason": "A test"})
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


def _state(world: World) -> dict[str, Any]:
    state: dict[str, Any] = world.relay.call("GET", "/relay", key="master").json()
    return state


def _checks(world: World) -> dict[str, Any]:
    checks: dict[str, Any] = world.relay.call("GET", "/health/checks").json()["checks"]
    return checks


def _letters(world: World, **params: str) -> list[dict[str, Any]]:
    answer = world.relay.call("GET", "/dead-letters", key="master", params=params)
    assert answer.status_code == 200, answer.text
    letters: list[dict[str, Any]] = answer.json()["value"]
    return letters


def test_an_outage_costs_probes_and_loses_nothing(world: World) -> None:
    """Down, the partner is asked by one probe at a time; back, it gets each meeting in its last state, once."""
    rooms = [world.watched() for _ in range(4)]
    world.fail(None, status=503)
    for room in rooms:
        for days in range(4):
            world.book(room, days=days)
    eventually(lambda: _state(world)["state"] == "failing")
    tried = len(world.partner.deliveries()["list"])
    moved = world.book(rooms[0], days=5)
    for number in range(3):
        world.tenant.change(rooms[0], moved["id"], subject=f"Renamed {number}")
    eventually(lambda: _state(world)["waiting"] >= 1 and world.depth(CHANGES) < 20)
    assert len(world.partner.deliveries()["list"]) - tried < 10
    world.partner.control("DELETE", "/behaviour")
    world.in_step(*rooms, seconds=75)
    assert _state(world)["waiting"] == 0
    of_the_moved = [p for p in world.posts(rooms[0]) if p["body"]["data"]["event"]["title"] == "Renamed 2"]
    assert len({one["headers"]["webhook-id"] for one in of_the_moved}) == 1


def test_what_the_partner_rejects_can_be_replayed(world: World) -> None:
    """A 422 makes a dead letter at once; the partner mends its side, an administrator replays, it arrives."""
    room = world.watched()
    world.fail(room, status=422)
    event = world.book(room)
    (letter,) = eventually(lambda: [one for one in _letters(world) if one["eventId"] == event["immutableId"]])
    assert (letter["reason"], letter["status"], letter["attempts"]) == ("rejected", 422, 1)
    assert len(world.attempts(room)) == 1
    assert _letters(world, reason="rejected", **{"from": letter["died"]})
    assert _letters(world, to="2020-01-01T00:00:00Z") == []
    world.clear()
    answer = world.relay.call("POST", "/dead-letters/replay", key="master", json={"ids": [letter["id"]]})
    assert answer.status_code == 202
    world.in_step(room)
    path = answer.json()["link"].partition("/api")[2]
    progress = eventually(lambda: (now := world.relay.call("GET", path, key="master").json())["done"] and now)
    assert progress["queued"] == 1
    assert letter["id"] not in [one["id"] for one in _letters(world)]


def test_a_410_stops_everything_until_an_administrator_resumes(world: World) -> None:
    """Intake goes on, nothing is posted any more, and nothing is lost."""
    room, other = world.watched(), world.watched()
    world.fail(room, status=410, times=1)
    world.book(room)
    eventually(lambda: _state(world)["state"] == "gone")
    world.book(other)
    eventually(lambda: _state(world)["waiting"] >= 2)  # a late hint of another test may wait, too
    assert (len(world.attempts(room)), world.attempts(other)) == (1, [])
    checks = eventually(lambda: (now := _checks(world))["partner"]["ok"] is False and now)
    assert "410" in checks["partner"]["detail"]
    assert _operate(world, "resume")["state"] == "flowing"
    world.in_step(room, other)


def test_a_pause_holds_everything_back(world: World) -> None:
    """And leaves an audit line; after the resume all arrives."""
    room = world.watched()
    began = len(world.stack.host.log.read_text())
    assert _operate(world, "pause")["state"] == "paused"
    world.book(room)
    eventually(lambda: _state(world)["waiting"] >= 1)
    assert world.attempts(room) == []
    _operate(world, "resume")
    world.in_step(room)
    assert "relay.audit: pause by master key: reason='A test'" in world.stack.host.log.read_text()[began:]


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/relay"), ("POST", "/relay/pause"), ("POST", "/relay/resume"), ("GET", "/dead-letters"),
    ("DELETE", "/dead-letters?all=true"), ("POST", "/dead-letters/replay"),
    ("GET", f"/dead-letters/replays/{'f' * 32}"),
])  # fmt: skip
def test_operations_need_the_master_key(world: World, method: str, path: str) -> None:
    """The partner's key is not enough."""
    for key in ("function", None):
        assert world.relay.call(method, path, key=key, json={"reason": "x", "all": True}).status_code == 401
    assert _state(world)["state"] == "flowing"


def test_what_cannot_be_read_is_noted_and_stops_nothing(world: World) -> None:
    """Garbage on the queue ends as a dead letter without content; a good change after it arrives."""
    room = world.watched()
    world.put(CHANGES, "canary garbage")
    world.book(room)
    world.in_step(room)
    unreadable = eventually(lambda: _letters(world, reason="unreadable-message"))
    assert "canary" not in str(unreadable)
    answer = world.relay.call("DELETE", "/dead-letters", key="master", params={"ids": unreadable[0]["id"]})
    assert answer.json() == {"deleted": 1}
