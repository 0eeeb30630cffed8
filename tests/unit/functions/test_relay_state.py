"""The calls of an administrator: pause, resume, dead letters."""

from __future__ import annotations

from typing import Any

import pytest

from functions.dead_letters import delete_dead_letters, get_replay, list_dead_letters, replay_dead_letters
from functions.relay_state import get_relay, pause_relay, resume_relay
from shared.config import Settings
from shared.package import Package
from shared.storage.parked import DEAD
from shared.version import VERSION
from tests.support.world import SETTINGS, WATCH_ID, event
from tests.unit.functions.conftest import HostWorld, call, content_of

UNKNOWN = "f" * 32


def add_dead_letters(world: HostWorld, number: int = 1) -> None:
    """Make dead letters of so many events."""
    world.watch()
    for event_id in (f"E{each}" for each in range(number)):
        world.events.by_id[event_id] = event(event_id, subject="canary")
        message = world.hint(event_id)
        world.dead_letters.dead_letter(message, message.changes[0], "rejected", 422)


def test_pause_and_resume_return_the_state_of_deliveries(world: HostWorld) -> None:
    """The state has since when, why, and how many changes are parked; and what runs."""
    world.package = Package("1a2b3c4d" * 8, "c0ffee")
    assert content_of(call(get_relay, "GET"))["state"] == "flowing"
    answer = call(pause_relay, body={"reason": "A freeze"})
    assert answer.status_code == 200
    assert content_of(answer) == {
        "state": "paused", "since": "2026-11-20T10:00:00Z", "reason": "A freeze", "waiting": 0, "deadLetters": 0,
        "countedTo": 1000, "late": False, "retried": 0, "retriedSince": None,
        "stoppedSince": None, "stopReason": None, "outgoingAddress": None,
        "version": VERSION, "commit": "c0ffee", "packageHash": "1a2b3c4d" * 8,
    }  # fmt: skip
    assert content_of(call(resume_relay, body={"reason": "Over"}))["state"] == "flowing"
    assert world.breaker.allows_delivery()


@pytest.mark.parametrize(("setting", "shown"), [("20.50.2.1", "20.50.2.1"), ("a typing error", None)])
def test_the_state_has_the_outgoing_address(world: HostWorld, setting: str, shown: str | None) -> None:
    """A broken setting does not hide the state of deliveries."""
    world.settings = Settings.load(SETTINGS | {"OUTGOING_ADDRESS": setting})
    assert content_of(call(get_relay, "GET"))["outgoingAddress"] == shown


def test_the_state_says_what_is_retried(world: HostWorld) -> None:
    """Always, also while few enough are late; a single change of a quiet hour is late after ten minutes."""
    since, seen = world.time, []
    world.delivery_metrics.failed([("w", "E")], since, 3600)
    for _ in range(3):
        answer = content_of(call(get_relay, "GET"))
        assert (answer["retried"], answer["retriedSince"]) == (1, "2026-11-20T10:00:00Z")
        seen.append(answer["late"])
        world.pass_by(1801)
    assert seen == [False, True, False]


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"x", 400), ([], 400), ({}, 422), ({"reason": 1}, 422), ({"reason": ""}, 422)]
)
def test_a_call_without_a_reason_changes_nothing(world: HostWorld, body: object, status: int) -> None:
    """The problem says what to send."""
    for function in (pause_relay, resume_relay):
        answer = call(function, body=body)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert world.breaker.endpoint().etag == ""


def test_a_dead_letter_has_ids_times_and_reason(world: HostWorld) -> None:
    """It has no title, since none is stored."""
    add_dead_letters(world)
    answer = content_of(call(list_dead_letters, "GET"))
    (letter,) = answer["value"]
    assert answer["nextLink"] is None
    assert {name: letter[name] for name in ("subscriptionId", "eventId", "died", "reason", "status", "attempts")} == {
        "subscriptionId": WATCH_ID, "eventId": "E0", "died": "2026-11-20T10:00:00Z", "reason": "rejected",
        "status": 422, "attempts": 1,
    }  # fmt: skip
    assert "canary" not in str(answer)


def test_dead_letters_are_listed_in_pages(world: HostWorld) -> None:
    """NextLink keeps the selection, and has no key."""
    add_dead_letters(world, 5)
    seen, params = [], {"pageSize": "2", "reason": "rejected", "from": "2026-11-20T00:00:00Z", "code": "canary"}
    for _ in range(3):
        answer = content_of(call(list_dead_letters, "GET", params=params))
        seen += [letter["id"] for letter in answer["value"]]
        if answer["nextLink"]:
            query = answer["nextLink"].partition("?")[2]
            assert "reason=rejected" in query
            assert "canary" not in query
            params = params | {"after": query.rpartition("after=")[2]}
    assert (len(set(seen)), answer["nextLink"]) == (5, None)


@pytest.mark.parametrize("params", [
    {"pageSize": "0"}, {"pageSize": "1001"}, {"pageSize": "x"}, {"from": "yesterday"}, {"to": "2026-11-20"},
    {"from": "2026-11-20T10:00:00"}, {"after": "x"}, {"after": "' or '1' eq '1"}, {"reason": "a' or 'b"},
])  # fmt: skip
def test_an_invalid_parameter_is_422(world: HostWorld, params: dict[str, str]) -> None:
    """It never becomes part of a query."""
    add_dead_letters(world)
    assert call(list_dead_letters, "GET", params=params).status_code == 422


def test_a_replay_is_accepted_and_its_progress_can_be_read(world: HostWorld) -> None:
    """The response is 202 with a Location; an unknown replay is a 404."""
    add_dead_letters(world)
    answer = call(replay_dead_letters, body={"all": True})
    replay = content_of(answer)
    assert (answer.status_code, answer.headers["Location"]) == (202, replay["link"])
    progress = content_of(call(get_replay, "GET", route_params={"id": replay["id"]}))
    assert (progress["queued"], progress["done"]) == (0, None)
    for replay_id in (UNKNOWN, "x", "../watches"):
        assert call(get_replay, "GET", route_params={"id": replay_id}).status_code == 404


@pytest.mark.parametrize(
    ("params", "left"),
    [({"all": "true"}, 0), ({"ids": UNKNOWN}, 1), ({"from": "2026-11-20T00:00Z"}, 0), ({"to": "2026-11-20T00:00Z"}, 1)],
)
def test_dead_letters_are_deleted_by_a_selection(world: HostWorld, params: dict[str, Any], left: int) -> None:
    """The response has their number; the function key in the query is no part of the selection."""
    add_dead_letters(world)
    world.pass_by(1)
    answer = call(delete_dead_letters, "DELETE", params=params | {"code": "key"})
    assert content_of(answer) == {"deleted": 1 - left}
    assert world.parked.count(DEAD) == left


@pytest.mark.parametrize("params", [{}, {"all": "yes"}, {"ids": ""}, {"ids": "a,b"}, {"al": "true"}, {"from": "x"}])
def test_without_a_selection_nothing_is_deleted(world: HostWorld, params: dict[str, str]) -> None:
    """A mistake must not delete everything."""
    add_dead_letters(world)
    world.pass_by(1)
    assert call(delete_dead_letters, "DELETE", params=params).status_code == 422
    assert world.parked.count(DEAD) == 1
