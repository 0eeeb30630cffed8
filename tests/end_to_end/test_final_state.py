"""Claims about the partner's final state: it is the calendar's, also where the relay has nothing more to send."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sandbox.demo.expected import expected_event
from tests.support.expected import at
from tests.support.relay import CHANGES, Relay
from tests.support.waiting import eventually

READ = "GET /users/{id}/events/{event}"
KARI = {"emailAddress": {"name": "Kari", "address": "kari@contoso.com"}, "type": "required"}
ANSWER = {"response": "accepted", "time": "2026-11-30T10:00:00Z"}


@pytest.fixture
def unreadable(relay: Relay) -> Iterator[None]:
    """Let Graph not find new events by their ids."""
    relay.tenant.control("POST", "/lies", {"unreadableSeconds": 3600})
    yield
    relay.tenant.control("POST", "/lies", {"unreadableSeconds": 0})
    relay.queue(CHANGES).clear_messages()  # the second look, a minute later: other tests would wait for it


def kinds(relay: Relay, address: str) -> list[str]:
    """Return the types of the deliveries about a mailbox, without their prefix, in order."""
    return [attempt["type"].rpartition(".")[2] for attempt in relay.attempts(address)]


def taken_without_an_answer(relay: Relay, address: str) -> None:
    """Let the partner take the next delivery about a mailbox, and cut the connection before its answer."""
    relay.fail(address, cut="after", times=1)


def has_only(relay: Relay, address: str, event: dict[str, Any]) -> bool:
    """Return whether the partner has just this event of a mailbox."""
    return relay.received(address) == {event["id"]: event}


def await_attempts(relay: Relay, address: str, number: int) -> None:
    """Wait until there were some deliveries about a mailbox."""
    eventually(lambda: len(relay.attempts(address)) >= number)


def test_after_a_lost_answer_the_partner_has_what_follows(relay: Relay) -> None:
    """The event moves out of the window, or becomes private, before it is sent again."""
    moved, private = relay.watched(), relay.watched()
    changes: dict[str, dict[str, Any]] = {
        moved: {"start": at(400, 8), "end": at(400, 9)}, private: {"sensitivity": "private"},
    }  # fmt: skip
    for address, change in changes.items():
        taken_without_an_answer(relay, address)
        booked = relay.book(address, "Doctor")
        await_attempts(relay, address, 1)
        assert relay.received(address)[booked["immutableId"]]["title"] == "Doctor"
        changed = expected_event(relay.tenant.change(address, booked["id"], **change))
        eventually(partial(has_only, relay, address, changed))


def test_after_a_lost_answer_to_a_restoration_the_deletion_is_delivered(relay: Relay) -> None:
    """The event was restored from Deleted Items, the partner took it, and it is deleted for good."""
    address = relay.watched()
    kept = relay.book(address)["immutableId"]
    relay.in_step(address)
    relay.tenant.soft_delete(address, kept)
    relay.in_step(address)
    taken_without_an_answer(relay, address)
    relay.tenant.restore(address, kept)
    await_attempts(relay, address, 3)
    assert relay.received(address).keys() == {kept}
    relay.tenant.remove(address, kept)
    relay.in_step(address)
    assert relay.received(address) == {}
    last = kinds(relay, address)
    assert (last[:2], last[-1]) == (["created", "deleted"], "deleted")


def test_a_new_event_that_graph_does_not_find_is_delivered_as_created(relay: Relay, unreadable: None) -> None:
    """Graph finds it only after its notification: no deletion is delivered, and the next notification is enough."""
    address, before = relay.watched(), relay.tenant.control("GET", "/calls").get(READ, 0)
    booked = relay.book(address)
    eventually(lambda: relay.tenant.control("GET", "/calls").get(READ, 0) > before)
    assert relay.attempts(address) == []
    relay.tenant.control("POST", "/lies", {"unreadableSeconds": 0})
    relay.tenant.change(address, booked["id"], categories=["Red category"])
    relay.in_step(address)
    assert kinds(relay, address) == ["created"]


def test_an_attendees_answer_delivers_nothing(relay: Relay) -> None:
    """The etag changes, what the partner has stays; the next change that it sees is delivered."""
    address = relay.watched()
    booked = relay.book(address, attendees=[KARI])
    relay.in_step(address)
    relay.tenant.change(address, booked["id"], attendees=[{**KARI, "status": ANSWER}])
    relay.quiet()
    assert kinds(relay, address) == ["created"]
    relay.tenant.change(address, booked["id"], subject="Another title")
    relay.in_step(address)
    assert kinds(relay, address) == ["created", "updated"]


def test_a_mailbox_that_is_watched_again_has_new_ids(relay: Relay) -> None:
    """What exists is delivered again, also unchanged events: the partner takes it, and has the calendar."""
    address = relay.mailbox()
    watch = relay.api.watch(address)
    booked = [relay.book(address, days=day) for day in range(2)]
    relay.in_step(address)
    relay.api.call("DELETE", f"/subscriptions/{watch['id']}")
    relay.tenant.change(address, booked[0]["id"], subject="Another title")
    watch = relay.api.watch(address)
    assert relay.api.call("POST", f"/subscriptions/{watch['id']}/resync", key="master").status_code == 202
    await_attempts(relay, address, 4)
    relay.in_step(address)
    attempts = relay.attempts(address)
    assert [attempt["duplicate"] for attempt in attempts] == [False] * 4
    assert len({attempt["webhookId"] for attempt in attempts}) == 4
    assert kinds(relay, address) == ["created"] * 4


def test_a_long_event_in_deleted_items_is_deleted(relay: Relay) -> None:
    """Over five years: Graph refuses a calendar view of all of it."""
    address = relay.watched()
    kept = relay.book(address, end=at(6 * 366))["immutableId"]
    relay.in_step(address)
    relay.tenant.soft_delete(address, kept)
    relay.in_step(address)
    assert kinds(relay, address) == ["created", "deleted"]
