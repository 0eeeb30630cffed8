"""Nightly resyncs beside failing deliveries: an owed event has one chain of attempts, and the chain ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.partner.webhook import NotDelivered
from shared.storage.parked import DEAD
from shared.storage.watches import Watch
from tests.support.due_messages import DueMessages
from tests.support.world import REFUSED, World, event

DAY = timedelta(days=1)
FAR: dict[str, Any] = {"start": {"dateTime": "2027-02-20T12:00:00", "timeZone": "UTC"},
                       "end": {"dateTime": "2027-02-20T13:00:00", "timeZone": "UTC"}}  # fmt: skip
UNREADABLE = {"start": {"dateTime": "2027-02-20T12:00:00", "timeZone": "Europe/Oslo"}}


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose room is watched."""
    world.watch()
    return DueMessages(world)


def play_nights(world: World, queues: DueMessages, number: int) -> None:
    """Resync once a day for a number of days, and process what is due."""
    watch = world.watches.get(world.entry().watch_id)
    assert isinstance(watch, Watch)
    for _ in range(number):
        queues.play(DAY)
        world.resync.resync(watch)


def test_a_failing_event_becomes_a_single_dead_letter(world: World, queues: DueMessages) -> None:
    """Sixty nights with a failing partner: at most 22 attempts, one dead letter, and none of it grows afterwards."""
    world.events.by_id["E"] = event(**FAR)
    world.webhook.failure = REFUSED
    queues.notify()
    play_nights(world, queues, 10)
    tried, processed = len(world.webhook.tried), len(queues.processed)
    assert tried <= 22
    (letter,) = world.parked.page(DEAD, 10)
    play_nights(world, queues, 50)
    assert (len(world.webhook.tried), len(queues.processed)) == (tried, processed)
    assert world.parked.page(DEAD, 10) == [letter]
    assert len(set(world.webhook.tried)) == 1


def test_an_event_that_only_resyncs_find_becomes_a_single_dead_letter(world: World, queues: DueMessages) -> None:
    """No notification of it has arrived."""
    world.events.by_id["E"] = event(**FAR)
    world.webhook.failure = REFUSED
    play_nights(world, queues, 60)
    assert len(world.webhook.tried) <= 22
    assert len(world.parked.page(DEAD, 10)) == 1


def test_a_later_change_of_a_dead_letter_is_tried_again(world: World, queues: DueMessages) -> None:
    """By its notification, or by the next resync. The dead letter goes once the partner takes it."""
    world.events.by_id["E"] = event(**FAR)
    world.webhook.failure = REFUSED
    queues.notify()
    play_nights(world, queues, 10)
    tried = len(world.webhook.tried)
    world.events.by_id["E"] = event(etag="2", **FAR)
    play_nights(world, queues, 1)
    world.webhook.failure = None
    play_nights(world, queues, 1)
    assert len(world.webhook.tried) > tried
    assert (world.webhook.news, world.parked.page(DEAD, 10)) == ([("created", "E")], [])


def test_a_failing_deletion_becomes_a_single_dead_letter(world: World, queues: DueMessages) -> None:
    """The event is in no view of these nights."""
    world.events.by_id["E"] = event(**FAR)
    queues.notify()
    queues.play(DAY)
    del world.events.by_id["E"]
    world.webhook.failure = REFUSED
    queues.notify(deleted=True)
    play_nights(world, queues, 60)
    assert len(world.webhook.tried) <= 23
    assert len(world.parked.page(DEAD, 10)) == 1


@pytest.mark.parametrize("deleted", [False, True])
def test_a_rejected_delivery_is_not_sent_again(world: World, queues: DueMessages, *, deleted: bool) -> None:
    """The partner would reject the same body every night. A later change is sent."""
    world.events.by_id["E"] = event(**FAR)
    if deleted:
        queues.notify()
        queues.play(DAY)
        del world.events.by_id["E"]
    world.webhook.failure = NotDelivered(400, "status 400")
    queues.notify(deleted=deleted)
    play_nights(world, queues, 30)
    assert len(world.webhook.tried) == 1 + deleted
    world.webhook.failure = None
    world.events.by_id["E"] = event(etag="2", **FAR)
    play_nights(world, queues, 2)
    assert world.webhook.taken[-1][1]["data"]["event"]["title"] == "Ola Nordmann 2"
    assert world.parked.page(DEAD, 10) == []


def test_an_event_that_cannot_be_read_becomes_a_single_dead_letter(world: World, queues: DueMessages) -> None:
    """It lacks its times in UTC. It is read again once Exchange has changed it, by the next resync."""
    changed_at = {"lastModifiedDateTime": "2026-11-20T10:00:00Z"}
    world.events.by_id["E"] = event(**FAR | UNREADABLE | changed_at)
    queues.notify()
    play_nights(world, queues, 10)
    reads = len(world.events.reads)
    assert reads <= 22
    play_nights(world, queues, 20)
    assert (len(world.events.reads), len(world.parked.page(DEAD, 10))) == (reads, 1)
    changed_at = {"lastModifiedDateTime": world.time.isoformat().replace("+00:00", "Z")}
    world.events.by_id["E"] = event(etag="2", **FAR | changed_at)
    world.pass_by(60)
    play_nights(world, queues, 2)
    assert (world.webhook.news, world.parked.page(DEAD, 10)) == ([("created", "E")], [])


def test_a_dead_letter_of_an_event_that_has_left_the_window_is_left_alone(world: World, queues: DueMessages) -> None:
    """It is not in the calendar view because time passed, not because it was deleted."""
    world.events.by_id["E"] = event()
    world.webhook.failure = NotDelivered(400, "status 400")
    queues.notify()
    play_nights(world, queues, 20)
    world.events.deleted_items.add("E")  # what is before the window is not in the view
    world.pass_by(timedelta(days=40).total_seconds())
    play_nights(world, queues, 20)
    assert len(world.webhook.tried) == 1


def test_a_dead_letter_beyond_the_window_is_left_alone(world: World, queues: DueMessages) -> None:
    """The ledger has the times that the partner has, which are in the window, and the event was moved out of it."""
    far = {name: value | {"dateTime": "2030-02-20T12:00:00"} for name, value in FAR.items()}
    world.events.by_id["E"] = event(**FAR)
    queues.notify()
    queues.play(timedelta(minutes=5))
    world.webhook.failure = NotDelivered(400, "status 400")
    world.events.by_id["E"] = event(etag="2", **far)
    queues.notify()
    queues.play(timedelta(minutes=5))
    tried = len(world.webhook.tried)
    world.events.deleted_items.add("E")  # what is beyond the window is not in the view
    world.events.during = lambda _: world.events.deleted_items.clear()
    play_nights(world, queues, 5)
    assert (len(world.webhook.tried), len(world.parked.page(DEAD, 10))) == (tried, 1)
