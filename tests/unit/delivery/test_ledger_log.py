"""What the ledger's row says of the last delivery: id, kind, origin, moments, number of attempts, status."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.partner.payload import message_id
from shared.partner.webhook import NotDelivered
from tests.support.due_messages import DueMessages
from tests.support.world import REFUSED, START, WATCH_ID, World, event

READ = timedelta(seconds=10)  # SETTLE_SECONDS


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the queues of a world whose room is watched."""
    world.watch()
    world.events.by_id["E"] = event()
    return DueMessages(world)


def logged(world: World) -> tuple[str, str, str, int, int]:
    """Return the id, the kind, the origin, the attempts and the status of the row."""
    entry = world.entry()
    return entry.webhook_id, entry.kind, entry.origin, entry.attempts, entry.last_status


def test_the_first_delivery(world: World, queues: DueMessages) -> None:
    """One attempt, at the moment of the delivery."""
    queues.notify()
    queues.play(timedelta(minutes=1))
    assert logged(world) == (message_id(WATCH_ID, "E", "1"), "created", "live", 1, 204)
    entry = world.entry()
    assert (entry.first_attempt, entry.last_attempt, entry.tried) == (START + READ, START + READ, "")
    assert entry.sent_as == START + READ


def test_three_failures_and_a_success(world: World, queues: DueMessages) -> None:
    """The attempts have one id, of which the row has the number and the first moment."""
    statuses = [500, 0, 429, 204]

    def answer(attempt: int) -> None:
        status = statuses[attempt - 1]
        world.webhook.failure = None if status == 204 else NotDelivered(status, "refused")

    world.webhook.on_delivery = answer
    seen = []
    queues.notify()
    for length in (timedelta(seconds=11), timedelta(seconds=8), timedelta(minutes=2), timedelta(minutes=10)):
        queues.play(length)
        seen.append((world.entry().tried, *logged(world)[1:]))
    assert seen == [
        ("1", "created", "live", 1, 500), ("1", "created", "live", 2, 0), ("1", "created", "live", 3, 429),
        ("", "created", "live", 4, 204),
    ]  # fmt: skip
    entry = world.entry()
    assert entry.first_attempt == START + READ
    assert entry.last_attempt is not None
    assert timedelta(minutes=3) < entry.last_attempt - entry.first_attempt < timedelta(minutes=7)


def test_the_next_state_begins_its_own_count(world: World, queues: DueMessages) -> None:
    """Also where the state before it was not acknowledged."""
    world.webhook.failure = REFUSED
    queues.notify()
    queues.play(timedelta(seconds=20))
    assert world.entry().attempts == 2
    world.webhook.failure = None
    world.events.by_id["E"] = event(etag="2")
    queues.notify()
    queues.play(timedelta(seconds=20))
    assert (world.entry().attempts, world.entry().first_attempt) == (1, START + timedelta(seconds=30))


def test_a_delivery_after_a_drain_is_backfill(world: World, queues: DueMessages) -> None:
    """Its attempts are counted from its delivery: parking is none."""
    world.pause.pause("test", "tester")
    queues.notify()
    queues.play(timedelta(hours=1))
    assert world.entry().attempts == 0
    world.pause.resume("test", "tester")
    queues.play(timedelta(minutes=1))
    assert logged(world) == (message_id(WATCH_ID, "E", "1"), "created", "backfill", 1, 204)
    assert world.entry().first_attempt == world.entry().last_attempt == START + timedelta(hours=1)


def test_a_delivery_after_a_resync_is_backfill(world: World, queues: DueMessages) -> None:
    """And that after the next notification is live again."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.resync.resync(watch)
    queues.play(timedelta(minutes=1))
    assert logged(world)[1:3] == ("created", "backfill")
    world.events.by_id["E"] = event(etag="2")
    queues.notify()
    queues.play(timedelta(minutes=1))
    assert logged(world)[1:3] == ("updated", "live")


def test_a_deletion(world: World, queues: DueMessages) -> None:
    """It has a row as well."""
    queues.notify()
    queues.play(timedelta(minutes=1))
    del world.events.by_id["E"]
    queues.notify(deleted=True)
    queues.play(timedelta(minutes=1))
    assert logged(world) == (world.webhook.tried[-1], "deleted", "live", 1, 204)


def test_a_reading_without_news_is_not_logged(world: World, queues: DueMessages) -> None:
    """The row still describes the last delivery."""
    queues.notify()
    queues.play(timedelta(minutes=1))
    before = world.entry()
    queues.notify()
    queues.play(timedelta(minutes=1))
    after = world.entry()
    assert before.read_at != after.read_at
    assert (before.last_attempt, before.attempts, before.sent_as) == (after.last_attempt, after.attempts, after.sent_as)
