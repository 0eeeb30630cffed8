"""The moment of the first notification travels with a change: through parking, drain, probe and replay.

It decides whether an event was in the window. An event that is over by the time of its delivery is delivered all the
same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.messages import ChangeMessage, Job
from shared.partner.webhook import NotDelivered
from shared.reliability.dead_letters import parse_selection
from shared.storage.parked import DEAD, WAITING
from shared.storage.partner_endpoint import EndpointState
from tests.support.due_messages import DueMessages
from tests.support.world import REFUSED, START, WATCH_ID, World, event

DAY = timedelta(days=1)
DAYS = 5 * DAY  # after which the meeting of two hours ahead has left the window
Way = Callable[[World, DueMessages], None]


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose room is watched."""
    world.watch()
    return DueMessages(world)


def notify_and_pause(world: World, queues: DueMessages, *, deleted: bool = False) -> None:
    """Park a change of the event, by a pause."""
    world.pause.pause("test", "tester")
    queues.notify(deleted=deleted)
    queues.play(timedelta(minutes=1))
    assert len(world.parked.page(WAITING, 10)) == 1


def by_drain(world: World, queues: DueMessages) -> None:
    """Resume."""
    world.pause.resume("test", "tester")
    queues.play(timedelta(minutes=1))


def by_second_drain(world: World, queues: DueMessages) -> None:
    """Resume, and pause again before the change is processed; a day later resume."""
    world.pause.resume("test", "tester")
    world.jobs.wanted.clear()
    assert world.recovery.drain() == "drained-1"
    world.pause.pause("test", "tester")
    queues.play(DAY)
    assert len(world.parked.page(WAITING, 10)) == 1
    by_drain(world, queues)


def by_drain_after_a_failure(world: World, queues: DueMessages) -> None:
    """Resume; the first attempt fails, and the second succeeds."""
    world.webhook.failure = REFUSED
    world.pause.resume("test", "tester")
    queues.play(timedelta(seconds=1))
    world.webhook.failure = None
    queues.play(timedelta(minutes=1))


def by_probe(world: World, queues: DueMessages) -> None:
    """The probe takes it."""
    world.breaker.transition(EndpointState.FAILING, "test")
    world.pass_by(31)
    assert world.recovery.probe() == "taken"
    assert len(world.parked.page(WAITING, 10)) == 0
    queues.play(timedelta(minutes=1))


def by_replay(world: World, queues: DueMessages) -> None:
    """The partner rejects it, and it is replayed."""
    world.webhook.failure = NotDelivered(400, "status 400")
    by_drain(world, queues)
    assert len(world.parked.page(DEAD, 10)) == 1
    queues.play(DAY)
    world.webhook.failure = None
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    world.pass_by(1)
    queues.play(timedelta(minutes=1))


WAYS = pytest.mark.parametrize("way", [by_drain, by_second_drain, by_drain_after_a_failure, by_probe, by_replay])


def resync(world: World) -> None:
    """Resync, as in the night."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.resync.resync(watch)


@WAYS
def test_an_event_that_is_over_by_then_is_delivered(world: World, queues: DueMessages, way: Way) -> None:
    """It was in the window when Graph notified it."""
    world.events.by_id["E"] = event()
    notify_and_pause(world, queues)
    queues.play(DAYS)
    way(world, queues)
    assert world.webhook.news == [("created", "E")]


@WAYS
@pytest.mark.parametrize("deleted", [False, True])
def test_a_cancellation_that_is_over_by_then_is_delivered(
    world: World, queues: DueMessages, way: Way, *, deleted: bool
) -> None:
    """Nights that pass meanwhile do not drop what the ledger knows of the meeting."""
    world.events.by_id["E"] = event()
    queues.notify()
    queues.play(timedelta(minutes=1))
    if deleted:
        del world.events.by_id["E"]
    else:
        world.events.by_id["E"] = event(etag="2", isCancelled=True)
    notify_and_pause(world, queues, deleted=deleted)
    for _ in range(DAYS // DAY):
        queues.play(DAY)
        resync(world)
        assert world.entry().delivered_state == "1"
    way(world, queues)
    assert world.webhook.news == [("created", "E"), ("deleted" if deleted else "updated", "E")]
    assert deleted or world.webhook.taken[-1][1]["data"]["event"]["cancelled"] is True


def test_a_meeting_whose_dead_letter_waits_stays_in_the_ledger(world: World, queues: DueMessages) -> None:
    """Nothing is parked, and nights pass until somebody replays its deletion."""
    world.events.by_id["E"] = event()
    queues.notify()
    queues.play(timedelta(minutes=1))
    del world.events.by_id["E"]
    world.webhook.failure = NotDelivered(400, "status 400")
    queues.notify(deleted=True)
    queues.play(timedelta(minutes=1))
    world.webhook.failure = None
    for _ in range(30):
        queues.play(DAY)
        resync(world)
    assert world.webhook.news == [("created", "E")]
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    queues.play(timedelta(minutes=1))
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_a_night_between_the_drain_and_the_delivery_drops_nothing(world: World, queues: DueMessages) -> None:
    """The change is on the queue, and no longer in the table."""
    world.events.by_id["E"] = event()
    queues.notify()
    queues.play(timedelta(minutes=1))
    del world.events.by_id["E"]
    notify_and_pause(world, queues, deleted=True)
    queues.play(DAYS)
    world.pause.resume("test", "tester")
    world.jobs.wanted.clear()
    assert world.recovery.drain() == "drained-1"
    resync(world)
    queues.play(timedelta(minutes=1))
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


def test_a_night_between_a_notification_and_the_delivery_drops_nothing(world: World, queues: DueMessages) -> None:
    """The meeting leaves the window while its deletion settles."""
    world.events.by_id["E"] = event()
    queues.notify()
    queues.play(timedelta(minutes=1))
    world.time = START + DAY + timedelta(hours=2, minutes=59, seconds=55)
    del world.events.by_id["E"]
    queues.notify(deleted=True)
    queues.play(timedelta(seconds=6))
    resync(world)
    queues.play(timedelta(minutes=1))
    assert world.webhook.news == [("created", "E"), ("deleted", "E")]


@pytest.mark.parametrize("way", [by_drain, by_second_drain, by_drain_after_a_failure])
def test_an_occurrence_that_is_over_by_then_is_delivered(world: World, queues: DueMessages, way: Way) -> None:
    """The notification was for its series. The occurrence was in the window then."""
    occurrence = event("O", type="occurrence", seriesMasterId="M")
    world.events.by_id |= {"M": event("M", type="seriesMaster"), "O": occurrence}
    world.events.of_master["M"] = [occurrence]
    world.pause.pause("test", "tester")
    queues.notify("M")
    queues.play(DAYS)
    way(world, queues)
    queues.play(timedelta(minutes=5))
    assert (world.webhook.news, world.events.expanded_from) == ([("created", "O")], [START - DAY])


def test_the_first_of_several_notifications_counts(world: World, queues: DueMessages) -> None:
    """Of all that were parked for the event, and not the last."""
    world.events.by_id["E"] = event()
    notify_and_pause(world, queues)
    for _ in range(3):
        queues.play(DAY)
        queues.notify()
    queues.play(timedelta(minutes=1))
    (parked,) = world.parked.page(WAITING, 10)
    assert (parked.first_at, parked.at > START + 2 * DAY) == (START, True)
    by_drain(world, queues)
    assert world.webhook.news == [("created", "E")]


def test_attempts_go_on_after_a_drain(world: World, queues: DueMessages) -> None:
    """Otherwise a change would never become a dead letter while its partner is now and then paused."""
    world.events.by_id["E"] = event()
    message = replace(world.hint(), attempt=7, skip_settling=True)
    world.pause.pause("test", "tester")
    world.delivery.deliver(message)
    world.webhook.failure = REFUSED
    world.pause.resume("test", "tester")
    queues.play(timedelta(seconds=5))
    retries = [each for each in queues.processed if isinstance(each, ChangeMessage)]
    assert [each.attempt for each in retries] == [7]
    assert world.entry().retry_token != ""
    queues.play(DAY)
    assert [each.attempt for each in queues.processed if isinstance(each, ChangeMessage)][:2] == [7, 8]


def test_attempts_begin_again_after_a_replay(world: World, queues: DueMessages) -> None:
    """A person has asked for it."""
    world.events.by_id["E"] = event()
    message = replace(world.hint(), attempt=20, skip_settling=True)
    world.webhook.failure = REFUSED
    assert world.delivery.deliver(message) == {"dead": 1}
    world.pass_by(1)
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    queues.play(timedelta(seconds=15))
    attempts: list[Any] = [each.attempt for each in queues.processed if isinstance(each, ChangeMessage)]
    assert attempts[:2] == [0, 1]


def test_what_a_drain_and_a_replay_queue_is_backfill(world: World, queues: DueMessages) -> None:
    """Live changes are told apart from it."""
    message = world.hint()
    world.parking.park(message, message.changes, "test")
    world.dead_letters.dead_letter(message, message.changes[0], "rejected", 400)
    world.pass_by(1)
    world.dead_letters.start_replay(parse_selection({"all": True}), "tester")
    queues.put(Job("", "drain"))
    queues.play(timedelta(seconds=1))
    origins = [each.origin for each in queues.processed if isinstance(each, ChangeMessage)]
    assert origins == ["backfill", "backfill"]
