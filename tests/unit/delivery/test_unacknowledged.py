"""States that the partner may have taken without the relay's knowledge: each ends with the partner knowing better.

The partner's answer is lost after it took the state, or the worker is killed before it writes the ledger.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphNotFound
from shared.partner.webhook import NotDelivered
from tests.support.world import WATCH_ID, World, event

GONE = GraphNotFound(404, "ErrorItemNotFound")
FAR: dict[str, Any] = {"start": {"dateTime": "2029-11-20T12:00:00", "timeZone": "UTC"},
       "end": {"dateTime": "2029-11-20T13:00:00", "timeZone": "UTC"}}  # fmt: skip


class Killed(BaseException):
    """The process ends in the middle of a delivery."""


def lost(_: World) -> BaseException:
    """The partner took the delivery, and its answer did not arrive."""
    return NotDelivered(0, "no answer (ReadTimeout)")


def killed(_: World) -> BaseException:
    """The partner took the delivery, and the worker was killed."""
    return Killed()


class Receiver:
    """A receiver by the guide: it drops a webhook-id that it knows, and what is older than what it has."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.has: dict[str, tuple[str, Any]] = {}

    def take(self, message_id: str, body: str) -> None:
        """Take a delivery."""
        content = json.loads(body)
        event_id, moment = content["data"]["event"]["id"], content["timestamp"]
        if message_id in self.ids:
            return
        self.ids.append(message_id)
        if event_id not in self.has or moment >= self.has[event_id][0]:
            self.has[event_id] = (moment, None if content["type"].endswith("deleted") else content["data"]["event"])

    def title(self, event_id: str = "E") -> str | None:
        """Return the title of an event; None if the partner does not have it."""
        known = self.has.get(event_id, ("", None))[1]
        return str(known["title"]) if known else None


@pytest.fixture
def receiver(world: World) -> Receiver:
    """Pass each delivery that arrives to a receiver, whatever the relay gets to know of it."""
    receiver = Receiver()
    world.webhook.on_arrival = receiver.take
    world.watch()
    return receiver


def deliver(world: World, event_id: str = "E", *, deleted: bool = False) -> None:
    """Deliver a change after it has settled, and every message that follows, until nothing is left."""
    message = world.hint(event_id, deleted=deleted)
    world.pass_by(12)
    world.delivery.deliver(message)
    while messages := [each for each, _ in world.changes.take()]:
        world.pass_by(70)
        for each in messages:
            world.delivery.deliver(each)


def send_unacknowledged(world: World, failure: type[BaseException], *, deleted: bool = False) -> None:
    """Deliver the event's state to a partner that takes it without the relay's knowledge; nobody tries again."""
    world.webhook.failure = NotDelivered(0, "no answer (ReadTimeout)") if failure is NotDelivered else failure()
    message = world.hint(deleted=deleted)
    world.pass_by(12)
    with suppress(Killed):
        world.delivery.deliver(message)
    world.changes.take()
    world.pass_by(130)  # the claim of a worker that was killed has expired
    world.webhook.failure = None


FAILURES = pytest.mark.parametrize("failure", [NotDelivered, Killed])


@FAILURES
@pytest.mark.parametrize("is_delivered", [False, True])
def test_an_event_that_moves_out_of_the_window(
    world: World, receiver: Receiver, failure: type[BaseException], *, is_delivered: bool
) -> None:
    """The partner gets to know the new times."""
    if is_delivered:
        world.events.by_id["E"] = event()
        deliver(world)
    world.events.by_id["E"] = event(etag="2")
    send_unacknowledged(world, failure)
    world.events.by_id["E"] = event(etag="3", **FAR)
    deliver(world)
    assert receiver.title() == "Ola Nordmann 3"
    assert world.webhook.news[-1] == ("updated", "E")


@FAILURES
def test_an_event_that_becomes_a_series(world: World, receiver: Receiver, failure: type[BaseException]) -> None:
    """The single event is deleted."""
    world.events.by_id["E"] = event()
    send_unacknowledged(world, failure)
    world.events.by_id["E"] = event(etag="2", type="seriesMaster")
    deliver(world)
    assert (receiver.title(), world.webhook.news) == (None, [("deleted", "E")])


@FAILURES
def test_a_series_that_was_single_in_between(world: World, receiver: Receiver, failure: type[BaseException]) -> None:
    """The ledger knows it as a series, and the partner as a single event."""
    series = event(type="seriesMaster")
    world.events.by_id["E"] = series
    deliver(world)
    world.events.by_id["E"] = event(etag="2")
    send_unacknowledged(world, failure)
    world.events.by_id["E"] = series | {"@odata.etag": "3"}
    deliver(world)
    assert receiver.title() is None


@FAILURES
def test_an_event_that_is_deleted_again_after_its_restoration(
    world: World, receiver: Receiver, failure: type[BaseException]
) -> None:
    """The second deletion has an id of its own, also when the event comes back and goes once more."""
    world.events.by_id["E"] = event()
    deliver(world)
    for number in (2, 3, 4):
        world.events.by_id["E"] = GONE
        deliver(world, deleted=True)
        assert receiver.title() is None
        world.events.by_id["E"] = event(etag=str(number))
        send_unacknowledged(world, failure)
        assert receiver.title() == f"Ola Nordmann {number}"
    world.events.by_id["E"] = GONE
    deliver(world, deleted=True)
    assert receiver.title() is None


@FAILURES
def test_an_event_that_returns_as_it_was_after_a_deletion(
    world: World, receiver: Receiver, failure: type[BaseException]
) -> None:
    """Graph did not find it for a while. The partner has its deletion, and the ledger its state."""
    world.events.by_id["E"] = event()
    deliver(world)
    world.events.by_id["E"] = GONE
    send_unacknowledged(world, failure, deleted=True)
    assert receiver.title() is None
    world.events.by_id["E"] = event()
    deliver(world)
    assert receiver.title() == "Ola Nordmann"


@FAILURES
def test_an_event_that_is_private_again(world: World, receiver: Receiver, failure: type[BaseException]) -> None:
    """The partner does not keep the title that it was sent in between."""
    world.events.by_id["E"] = event(sensitivity="private")
    deliver(world)
    world.events.by_id["E"] = event(etag="2")
    send_unacknowledged(world, failure)
    assert receiver.title() == "Ola Nordmann 2"
    world.events.by_id["E"] = event(etag="3", sensitivity="private")
    deliver(world)
    assert receiver.title() == "Private"


@FAILURES
def test_an_event_that_is_gone_before_it_is_acknowledged(
    world: World, receiver: Receiver, failure: type[BaseException]
) -> None:
    """What may have been delivered is reported as deleted."""
    world.events.by_id["E"] = event()
    send_unacknowledged(world, failure)
    world.events.by_id["E"] = GONE
    deliver(world, deleted=True)
    assert receiver.title() is None


@FAILURES
@pytest.mark.parametrize("deletes", [False, True])
def test_a_state_has_the_same_id_at_every_attempt(
    world: World, receiver: Receiver, failure: type[BaseException], *, deletes: bool
) -> None:
    """Also after a lost answer and after a kill, for an event and for its deletion."""
    world.events.by_id["E"] = event()
    if deletes:
        deliver(world)
        world.events.by_id["E"] = GONE
    for _ in range(3):
        send_unacknowledged(world, failure, deleted=deletes)
    deliver(world, deleted=deletes)
    assert len(set(world.webhook.tried)) == 1 + deletes
    assert (receiver.title() is None) == deletes


@FAILURES
def test_a_resync_finds_what_is_not_acknowledged(
    world: World, receiver: Receiver, failure: type[BaseException]
) -> None:
    """The event has the state that the ledger knows, or is not in the view: the night delivers it all the same."""
    world.events.by_id["E"] = event()
    send_unacknowledged(world, failure)
    world.pass_by(timedelta(days=2).total_seconds())  # no message on the queue retries the delivery any more
    del world.events.by_id["E"]
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.resync.resync(watch)
    ((message, _),) = world.changes.take()
    world.pass_by(12)
    world.delivery.deliver(message)
    assert receiver.title() is None


def test_a_late_delivery_of_a_frozen_worker_changes_nothing(world: World, receiver: Receiver) -> None:
    """Its timestamp is older than that of the state which another worker has delivered since."""
    late: list[tuple[str, str]] = []
    world.webhook.on_arrival = lambda message_id, body: late.append((message_id, body))
    world.events.by_id["E"] = event()
    send_unacknowledged(world, Killed)
    world.webhook.on_arrival = receiver.take
    world.events.by_id["E"] = event(etag="2")
    deliver(world)
    receiver.take(*late[0])
    assert receiver.title() == "Ola Nordmann 2"
