"""Graph's Retry-After: nothing reads the mailbox before it has passed, and nothing else waits for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from shared.errors import GraphError, GraphUnavailable
from shared.messages import ChangeMessage
from shared.partner.webhook import NotDelivered
from shared.storage.parked import WAITING
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import World, event

HOUR, DAY = 3_600.0, 86_400.0
OTHER = "room2@contoso.com"


def throttled(seconds: float | None) -> GraphUnavailable:
    """Return Graph's answer to too many readings of a mailbox."""
    return GraphUnavailable(429, "ApplicationThrottled", retry_after=seconds)


@pytest.fixture
def world(world: World) -> World:
    """Return a world with two watched rooms."""
    world.watch()
    world.watch(OTHER)
    return world


def deliver(world: World, message: ChangeMessage) -> Counter[str]:
    """Deliver a message after it has settled."""
    world.pass_by(11)
    return world.delivery.deliver(message)


@pytest.mark.parametrize("seconds", [6.0, 2 * HOUR, DAY])
def test_retry_after_is_not_cut_short(world: World, seconds: float) -> None:
    """The change goes back on the queue with at least that delay, up to a day."""
    world.events.by_id["E"] = throttled(seconds)
    assert deliver(world, world.hint()) == Counter({"put-back": 1})
    [(again, delay)] = world.changes.take()
    assert delay >= seconds
    world.events.by_id["E"] = event()
    world.pass_by(delay)
    assert world.delivery.deliver(again) == Counter(told=1)


def test_no_other_message_reads_the_mailbox_meanwhile(world: World) -> None:
    """It is put back unchanged until then, without an attempt and without a claim, and is then delivered."""
    world.events.by_id |= {"E": throttled(2 * HOUR), "F": event("F")}
    deliver(world, world.hint("E"))
    world.changes.take()
    world.pass_by(HOUR)
    message = world.hint("F")
    assert deliver(world, message) == Counter({"put-back": 1})
    [(again, delay)] = world.changes.take()
    assert (again, round(delay)) == (message, HOUR - 11)
    assert (world.events.reads, world.entry("F").etag) == (["E"], "")
    world.pass_by(delay)
    assert world.delivery.deliver(again) == Counter(told=1)


def test_a_retry_of_another_event_keeps_its_chain(world: World) -> None:
    """A held message is not superseded by itself: its retry token stays that of the entry."""
    world.events.by_id |= {"E": throttled(HOUR), "F": event("F")}
    world.webhook.failure = NotDelivered(500, "status 500")
    deliver(world, world.hint("F"))
    [(retry, _)] = world.changes.take()
    deliver(world, world.hint("E"))
    world.changes.take()
    assert deliver(world, retry) == Counter({"put-back": 1})
    [(again, delay)] = world.changes.take()
    assert again == retry
    world.webhook.failure = None
    world.pass_by(delay)
    assert world.delivery.deliver(again) == Counter(told=1)


def test_the_rest_of_a_batch_is_not_read(world: World) -> None:
    """Four readings of a mailbox run at once; after the first answer none begins, and no change is lost."""
    names = [f"E{number:02}" for number in range(40)]
    world.events.by_id = dict.fromkeys(names, throttled(600))
    assert deliver(world, world.hint(*names)) == Counter({"put-back": 40})
    assert len(world.events.reads) <= 4
    put_back = world.changes.take()
    assert sorted(change.event_id for message, _ in put_back for change in message.changes) == names
    assert min(delay for _, delay in put_back) == pytest.approx(600, abs=1)
    world.events.by_id = {name: event(name) for name in names}
    world.pass_by(600)
    assert sum((world.delivery.deliver(message) for message, _ in put_back), Counter[str]()) == Counter(told=40)


def test_other_mailboxes_do_not_wait(world: World) -> None:
    """Neither those of the same message, nor their retries after a failure of the partner."""
    other = next(watch for watch in world.watches.all() if watch.mailbox == OTHER)
    world.events.by_id |= {"E": throttled(DAY), "F": event("F"), "G": event("G", start=None)}
    message = world.hint("E")
    message = replace(message, changes=message.changes + world.hint("F", "G", watch_id=other.id).changes)
    assert deliver(world, message) == Counter({"told": 1, "put-back": 2})
    delays = {change.event_id: delay for sent, delay in world.changes.take() for change in sent.changes}
    assert delays["E"] >= DAY
    assert delays["G"] < 60
    world.events.by_id["G"] = event("G")
    assert deliver(world, world.hint("G", watch_id=other.id)) == Counter(told=1)


def test_the_partners_retry_after_concerns_all_mailboxes(world: World) -> None:
    """All failed deliveries of a message go back as one message."""
    other = next(watch for watch in world.watches.all() if watch.mailbox == OTHER)
    world.events.by_id |= {"E": event("E"), "F": event("F")}
    world.webhook.failure = NotDelivered(503, "status 503", 120.0)
    message = world.hint("E")
    deliver(world, replace(message, changes=message.changes + world.hint("F", watch_id=other.id).changes))
    [(again, delay)] = world.changes.take()
    assert (len(again.changes), delay) == (2, 120)


@pytest.mark.parametrize(
    "error", [throttled(None), throttled(0), GraphUnavailable(503, "x"), NotDelivered(503, "x", 60)]
)
def test_another_failure_holds_no_mailbox(world: World, error: Exception) -> None:
    """Nobody asked for a wait, or the partner did."""
    world.events.by_id["F"] = event("F")
    if isinstance(error, GraphError):
        world.events.by_id["E"] = error
    else:
        world.events.by_id["E"] = event("E")
        world.webhook.failure = error
    deliver(world, world.hint("E"))
    world.webhook.failure = None
    assert deliver(world, world.hint("F")) == Counter(told=1)


def test_a_probe_does_not_read_a_held_mailbox(world: World) -> None:
    """Its parked changes stay parked, and say nothing of the partner."""
    world.events.by_id |= {"E": throttled(HOUR), "F": event("F")}
    deliver(world, world.hint("E"))
    world.breaker.transition(EndpointState.FAILING, "test")
    message = world.hint("F")
    world.parking.park(message, message.changes, "failing")
    world.pass_by(61)
    assert world.recovery.probe() == "failed"
    assert (world.events.reads, world.parked.count(WAITING)) == (["E"], 1)
    world.pass_by(HOUR)
    assert world.recovery.probe() == "taken"


@pytest.mark.parametrize(("seconds", "least"), [(HOUR, HOUR), (None, 4)])
def test_an_unreadable_room_list_holds_its_rooms_only(seconds: float | None, least: float) -> None:
    """A room that needs no list is delivered; the delay of the other grows with each attempt."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com,roomlist:building@contoso.com")
    room, other = world.watch(), world.watch(OTHER)
    world.rooms.by_list["building@contoso.com"] = throttled(seconds)
    world.events.by_id |= {"E": event("E"), "F": event("F")}
    message = world.hint("E", watch_id=room.id)
    message = replace(message, changes=message.changes + world.hint("F", watch_id=other.id).changes)
    assert deliver(world, message) == Counter({"told": 1, "put-back": 1})
    [(again, delay)] = world.changes.take()
    assert ([change.event_id for change in again.changes], again.attempt) == (["E"], 1)
    assert delay >= least
    world.end()
