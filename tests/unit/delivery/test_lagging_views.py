"""A view of a calendar lags up to two minutes behind the calendar: what it lacks, or still has, is no proof.

`deleted_items` of the world are events that a GET finds and the view lacks: deleted ones, and such as are too new.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphNotFound
from shared.messages import Job
from tests.support.due_messages import DueMessages
from tests.support.world import WATCH_ID, World, event

LAG = timedelta(minutes=2)
NIGHT = timedelta(minutes=10)


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose partner has the event E."""
    world.watch()
    world.events.by_id["E"] = event()
    queues = DueMessages(world)
    queues.notify()
    queues.play(NIGHT)
    assert world.webhook.news == [("created", "E")]
    world.webhook.taken.clear()
    return queues


def resync(world: World) -> None:
    """Compare the calendar with the ledger."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.resync.resync(watch)


def test_a_resync_that_misses_a_new_event_deletes_nothing(world: World, queues: DueMessages) -> None:
    """The event is read, and the view is read again three minutes later, when it has it."""
    world.events.deleted_items.add("E")
    resync(world)
    queues.play(LAG)
    world.events.deleted_items.clear()
    queues.play(NIGHT)
    assert world.webhook.news == []
    assert world.entry().delivered_state == "1"


def test_an_event_that_stays_away_is_deleted(world: World, queues: DueMessages) -> None:
    """A resync finds that it is missing, and so does the second look."""
    world.events.deleted_items.add("E")
    resync(world)
    queues.play(LAG)
    assert world.webhook.news == []
    queues.play(LAG)
    assert world.webhook.news == [("deleted", "E")]
    queues.play(NIGHT)
    assert len(world.webhook.news) == 1


def test_a_restored_event_is_delivered_although_the_view_lags(world: World, queues: DueMessages) -> None:
    """Its notification comes before the view has it again."""
    world.events.deleted_items.add("E")
    queues.notify(deleted=True)
    queues.play(NIGHT)
    world.events.by_id["E"] = event(etag="3")
    queues.notify()
    queues.play(LAG)
    assert world.webhook.news == [("deleted", "E")]
    world.events.deleted_items.clear()
    queues.play(NIGHT)
    assert world.webhook.news == [("deleted", "E"), ("created", "E")]


def test_a_deletion_is_delivered_although_the_view_still_has_the_event(world: World, queues: DueMessages) -> None:
    """Nobody would look again before the night."""
    queues.notify(deleted=True)
    queues.play(LAG)
    assert world.webhook.news == []
    world.events.deleted_items.add("E")
    queues.play(NIGHT)
    assert world.webhook.news == [("deleted", "E")]


def test_a_deletion_on_which_all_agree_is_delivered_at_once(world: World, queues: DueMessages) -> None:
    """The notification says it, and the view lacks the event."""
    world.events.deleted_items.add("E")
    queues.notify(deleted=True)
    queues.play(timedelta(seconds=15))
    assert world.webhook.news == [("deleted", "E")]


def test_a_move_to_deleted_items_that_is_notified_as_a_change_is_delivered(world: World, queues: DueMessages) -> None:
    """The event has another etag, looks the same, and is not on the calendar: a minute or two later likewise."""
    world.events.by_id["E"] = event(etag="2", subject="Ola Nordmann")
    world.events.deleted_items.add("E")
    queues.notify()
    queues.play(NIGHT)
    assert world.webhook.news == [("deleted", "E")]


def test_an_invisible_change_on_the_calendar_is_looked_at_once(world: World, queues: DueMessages) -> None:
    """Nothing is delivered, and nothing is queued."""
    world.events.by_id["E"] = event(etag="2", subject="Ola Nordmann")
    world.events.reads.clear()
    queues.notify()
    queues.play(NIGHT)
    assert (world.webhook.news, world.events.reads) == ([], ["E"])


def test_a_later_look_is_not_covered_by_an_earlier_read(world: World, queues: DueMessages) -> None:
    """The event changes again while a look at it waits: the view lags anew, and only the look after that is certain."""
    world.events.deleted_items.add("E")
    resync(world)
    queues.play(timedelta(seconds=100))
    world.events.by_id["E"] = event(etag="2", subject="Ola Nordmann")
    queues.notify()
    queues.play(timedelta(seconds=100))
    assert world.webhook.news == [("deleted", "E")]
    world.events.deleted_items.clear()
    queues.play(NIGHT)
    assert world.webhook.news == [("deleted", "E"), ("created", "E")]


def test_a_moved_event_that_is_not_readable_yet_is_delivered(world: World, queues: DueMessages) -> None:
    """GET does not find an event for a while after its creation or its move: a minute later it does."""
    moved = event(etag="2", start={"dateTime": "2026-11-20T15:00:00", "timeZone": "UTC"},
                  end={"dateTime": "2026-11-20T16:00:00", "timeZone": "UTC"})  # fmt: skip
    world.events.by_id["E"] = GraphNotFound(404, "ErrorItemNotFound")
    queues.notify()
    queues.play(timedelta(seconds=30))
    assert world.webhook.news == []
    world.events.by_id["E"] = moved
    queues.play(NIGHT)
    assert world.webhook.news == [("updated", "E")]


def test_a_late_notification_of_a_creation_brings_no_deleted_event(world: World) -> None:
    """Notifications come in any order, and a GET by the immutable id finds what is in Deleted Items."""
    world.watch()
    world.events.by_id["E"] = event()
    world.events.deleted_items.add("E")
    queues = DueMessages(world)
    queues.notify(deleted=True)
    queues.play(NIGHT)
    queues.notify()
    queues.play(NIGHT)
    assert world.webhook.news == []
    world.events.deleted_items.clear()  # restored
    queues.notify()
    queues.play(NIGHT)
    assert world.webhook.news == [("created", "E")]


def test_a_resync_of_a_gap_is_followed_by_a_second(world: World, queues: DueMessages) -> None:
    """The view does not have the last changes of the gap yet, and no notification tells of them."""
    world.events.by_id["N"] = event("N")
    world.events.deleted_items.add("N")
    queues.put(Job(WATCH_ID, "resync"))
    queues.play(LAG)
    world.events.deleted_items.clear()
    assert world.webhook.news == []
    queues.play(NIGHT)
    assert world.webhook.news == [("created", "N")]


@pytest.mark.parametrize("kind", ["resync", "resync-full", "missed"])
def test_a_second_resync_is_the_last(world: World, queues: DueMessages, kind: str) -> None:
    """Each gap costs two resyncs: what multiplies never ends."""
    queues.put(Job(WATCH_ID, kind))
    queues.play(timedelta(hours=12))
    assert [job.kind for job in queues.processed if isinstance(job, Job)] == [kind, "second-resync"]


def test_a_nightly_resync_has_no_second(world: World, queues: DueMessages) -> None:
    """Its mailbox has a live subscription, so what the view lacks is notified."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    queues.put(Job(WATCH_ID, "resync", watch.subscription_id))
    queues.play(NIGHT)
    assert [job.kind for job in queues.processed if isinstance(job, Job)] == ["resync"]
