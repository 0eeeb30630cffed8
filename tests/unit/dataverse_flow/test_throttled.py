"""Claims about 429 and 503: nobody calls Dataverse in a pause, no attempt is used up, and then all is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.dataverse.flow.hints import HintQueue, Hints
from shared.storage.pairs.call_leases import CallLeases
from tests.support.dataverse_world import KARI, OLA
from tests.support.pairs_world import MemoryQueue, PairsWorld, pairs_world
from tests.support.throttling import another_instance, queued, refuse

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]


def moments_of_calls(world: PairsWorld) -> list[datetime]:
    """Return a list that keeps the moment of each call of Dataverse from now on."""
    moments: list[datetime] = []
    world.to_dynamics.on_call = lambda when: moments.append(world.now()) if when == "before" else None
    return moments


@pytest.mark.parametrize("seconds", [60, 300])
def test_no_call_before_retry_after_and_then_all(world: PairsWorld, seconds: int) -> None:
    """Thirty bookings in two messages: the second call is refused, and no attempt of any hint is used up."""
    world.begin_to_follow()
    bookings = queued(world, 30)
    refuse(world, 429, seconds)
    moments = moments_of_calls(world)
    began = world.now()
    world.pair_settling.process(world.queue.take()[1])
    refused_at = moments[-1]
    while world.queue.messages and world.now() < refused_at + timedelta(seconds=seconds):
        assert [json.loads(text)["attempt"] for _, text in world.queue.messages] == [0] * len(world.queue.messages)
        wait, text = world.queue.take()
        world.dataverse.tenant.clock.advance(wait)
        world.pair_settling.process(text)
    later = [each for each in moments if each > refused_at]
    assert all(each >= refused_at + timedelta(seconds=seconds) for each in later)
    world.empty_queue()
    assert len(world.calendar()) == len(bookings)
    assert world.now() - began < timedelta(seconds=seconds + 60)


def test_a_pause_holds_for_every_instance(world: PairsWorld) -> None:
    """One that was not refused itself reads the row; after the pause one probes."""
    world.begin_to_follow()
    queued(world, 1)
    refuse(world, 429, 60)
    other = another_instance(world)
    world.pair_settling.process(world.queue.take()[1])
    world.forget_calls()
    with pytest.raises(Exception, match="429"):
        other.call("GET", "WhoAmI")
    world.dataverse.tenant.clock.advance(59)
    with pytest.raises(Exception, match="429"):
        other.call("GET", "WhoAmI")
    assert world.to_dynamics.calls == []
    world.dataverse.tenant.clock.advance(2)
    assert other.call("GET", "WhoAmI")["OrganizationId"]


def test_an_instance_that_has_just_looked_learns_of_a_pause_within_half_a_second(world: PairsWorld) -> None:
    """What it remembers of the row is no older."""
    world.begin_to_follow()
    other = another_instance(world)
    other.call("GET", "WhoAmI")
    queued(world, 1)
    refuse(world, 429, 60)
    world.pair_settling.process(world.queue.take()[1])
    world.dataverse.tenant.clock.advance(0.5)
    world.forget_calls()
    with pytest.raises(Exception, match="429"):
        other.call("GET", "WhoAmI")
    assert world.to_dynamics.calls == []


def test_a_mailbox_that_graph_throttles_is_left_alone(world: PairsWorld) -> None:
    """429 with Retry-After 60 for one mailbox: no call to it for 60 seconds, other mailboxes go on, and then all."""
    world.begin_to_follow()
    for each in range(5):
        world.dataverse.book(hours=24 + each)
    world.dataverse.book(resource=KARI)
    world.follow.run()
    world.tenant_fault({"match": f"POST /v1.0/users/{OLA}/events", "status": 429, "times": 1,
                        "headers": {"Retry-After": "60"}})  # fmt: skip
    world.forget_calls()
    began = world.now()
    world.pair_settling.process(world.queue.take()[1])
    assert [path.rpartition("/users/")[2] for _, path in world.to_graph.calls if OLA in path] == [f"{OLA}/events"]
    assert len(world.times(KARI)) == 1
    while world.queue.messages and (world.now() - began).total_seconds() < 59:
        wait, text = world.queue.take()
        if wait > 59 - (world.now() - began).total_seconds():
            world.queue.messages.append((world.now() + timedelta(seconds=wait), text))
            break
        world.dataverse.tenant.clock.advance(wait)
        world.pair_settling.process(text)
    assert len([path for _, path in world.to_graph.calls if OLA in path]) == 1
    world.empty_queue()
    assert len(world.times(OLA)) == 5


def test_a_paused_message_is_not_split(world: PairsWorld) -> None:
    """Twenty hints do not become twenty messages, and Graph is not read for them."""
    world.begin_to_follow()
    queued(world, 20)
    refuse(world, 429, 60)
    world.forget_calls()
    world.pair_settling.process(world.queue.take()[1])
    (message,) = world.queue.messages
    assert len(json.loads(message[1])["bookings"]) == 20
    assert world.to_graph.calls == []


def test_events_of_a_paused_message_stay_with_it(world: PairsWorld) -> None:
    """The message of a notification is put back whole."""
    world.dataverse.book()
    world.begin_to_follow()
    (event,) = world.calendar()
    (pair,) = world.pairs.all()
    hints = Hints(hinted_at=world.now(), events=((pair.mailbox_watch, event["id"]), (pair.mailbox_watch, "other")))
    refuse(world, 503, None)
    world.pair_queue.send(hints)
    world.pair_settling.process(world.queue.take()[1])
    ((_, text),) = world.queue.messages
    assert json.loads(text)["events"] == [list(each) for each in hints.events]


def test_a_hint_that_is_paused_for_days_uses_attempts_up(world: PairsWorld) -> None:
    """After a day each put-back is an attempt, so that nothing is put back for ever."""
    world.begin_to_follow()
    queued(world, 1)
    world.queue.messages.clear()
    old = (world.now() - timedelta(days=2)).isoformat()
    refuse(world, 429, 60)
    hint = {"v": 1, "hinted": old, "attempt": 0, "bookings": [world.dataverse.book(hours=90)]}
    world.pair_settling.process(json.dumps(hint))
    assert [json.loads(text)["attempt"] for _, text in world.queue.messages] == [1]


@pytest.fixture
def trial(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay over a trial."""
    with pairs_world(certificates, trial=True) as world:
        yield world


def test_a_small_number_of_calls_slows_the_relay_down_and_loses_nothing(trial: PairsWorld) -> None:
    """Forty calls in five minutes for thirty bookings."""
    trial.begin_to_follow()
    trial.dataverse.control("POST", "/settings", {"requests": 40})
    for each in range(30):
        trial.dataverse.book(hours=24 + each)
    trial.dataverse.tenant.clock.advance(301)
    trial.follow_on()
    refused = trial.dataverse.control("GET", "/limits")
    assert (len(trial.calendar(OLA)), trial.pair_dead_letters.count(), bool(refused)) == (30, 0, True)


def test_eight_messages_at_once_and_the_ninth_waits(world: PairsWorld) -> None:
    """Whatever the number of instances; each message has up to twenty pairs."""
    world.begin_to_follow()
    queued(world, 45)
    assert sorted(len(json.loads(text)["bookings"]) for _, text in world.queue.messages) == [5, 20, 20]
    held = [CallLeases(world.leases, world.now).acquire() for _ in range(8)]
    assert all(held)
    world.forget_calls()
    waiting = len(world.queue.messages)
    world.pair_settling.process(world.queue.take()[1])
    assert (world.to_dynamics.calls, world.to_graph.calls, len(world.queue.messages)) == ([], [], waiting)
    assert held[0] is not None
    held[0].release()
    world.pair_settling.process(world.queue.take()[1])
    assert world.to_graph.writes


def test_a_message_that_cannot_be_sent_back_is_not_lost(world: PairsWorld) -> None:
    """The queue refuses: the function fails, so that the host gives the message out again."""
    world.begin_to_follow()
    queued(world, 1)
    refuse(world, 429, 60)
    _, text = world.queue.take()

    class Refusing(MemoryQueue):
        def put(self, text: str, delay: float = 0) -> None:
            raise OSError(text, delay)

    world.pair_settling.queue._queue = Refusing(world.now)
    assert isinstance(world.pair_settling.queue, HintQueue)
    with pytest.raises(OSError, match="bookings"):
        world.pair_settling.process(text)
