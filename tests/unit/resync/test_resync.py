"""A resync queues exactly the differences, and never holds a large calendar in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import GraphUnavailable
from shared.messages import Change, ChangeMessage
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry
from shared.storage.watches import Watch
from shared.utc import format_utc
from tests.support.fake_graph import FakeEvents
from tests.support.fake_queues import FakeQueue
from tests.support.world import START, WATCH_ID, World, event


@pytest.fixture
def watch(world: World) -> Watch:
    """Return a live watch."""
    return world.watch()


def delivered(world: World, event_id: str, etag: str = "1", days: float = 0, **changes: Any) -> None:
    """Record in the ledger that the partner has an event of one hour, a number of days ahead."""
    start = START + timedelta(days=days)
    fields: dict[str, Any] = {"delivered_state": etag, "read_at": START, "start": format_utc(start),
                             "end": format_utc(start + timedelta(hours=1))} | changes  # fmt: skip
    world.ledger.release([replace(world.entry(event_id), **fields)])


def queued(world: World, watch: Watch, *, full: bool = False) -> dict[str, bool]:
    """Resync, and return the queued changes: whether each is believed deleted, by id."""
    world.resync.resync(watch, full=full)
    return {change.event_id: change.deleted for message, _ in world.changes.take() for change in message.changes}


def test_exactly_the_differences_are_queued(world: World, watch: Watch) -> None:
    """New, changed and vanished events are queued, unchanged ones are not."""
    world.events.by_id = {name: event(name, "2") for name in ("new", "changed", "same")}
    delivered(world, "changed", "1")
    delivered(world, "same", "2")
    delivered(world, "vanished")
    assert queued(world, watch) == {"new": False, "changed": False, "vanished": True}


def test_an_unchanged_calendar_queues_nothing(world: World, watch: Watch) -> None:
    """A repeated resync queues nothing either."""
    world.events.by_id = {"E": event()}
    delivered(world, "E")
    assert [queued(world, watch), queued(world, watch)] == [{}, {}]


def test_a_full_resync_queues_every_event(world: World, watch: Watch) -> None:
    """It is for a partner that lost its data: a delivery has the same webhook-id and the type `created`."""
    world.events.by_id = {"E": event()}
    world.delivery.deliver(replace(world.hint(), skip_settling=True))
    world.pass_by(60)
    world.resync.resync(watch, full=True)
    [(message, _)] = world.changes.take()
    world.pass_by(11)
    world.delivery.deliver(message)
    (first, _), (second, body) = world.webhook.taken
    assert first == second
    assert body["type"] == "calendar.event.created"


def test_a_full_resync_is_not_covered_by_a_later_read(world: World, watch: Watch) -> None:
    """The later read did not deliver an unchanged event."""
    world.events.by_id = {"E": event()}
    delivered(world, "E", read_at=START + timedelta(seconds=5))
    again = ChangeMessage(START, (Change(WATCH_ID, "", "E"),), skip_settling=True, force=True)
    world.delivery.deliver(again)
    assert world.webhook.news == [("created", "E")]
    assert queued(world, watch) == {}


def test_an_event_believed_deleted_is_read_first(world: World, watch: Watch) -> None:
    """A page that Graph left out deletes nothing at the partner."""
    world.events.by_id = {"E": event()}
    delivered(world, "E")
    world.events.deleted_items = {"E"}
    world.resync.resync(watch)
    [(message, _)] = world.changes.take()
    world.events.deleted_items = set()
    world.pass_by(11)
    world.delivery.deliver(message)
    assert world.webhook.taken == []


def test_the_changes_wait_for_the_settling(world: World, watch: Watch) -> None:
    """A booking made a second ago may still have a temporary title."""
    world.events.by_id = {"E": event()}
    world.resync.resync(watch)
    [(message, _)] = world.changes.take()
    assert (message.skip_settling, message.notified_at) == (False, world.time)


def test_entries_before_the_window_are_dropped(world: World, watch: Watch) -> None:
    """A meeting that ended before the window, and the entry of a deleted one; nothing is delivered for either."""
    delivered(world, "over", days=-1.1)
    delivered(world, "gone", "deleted", days=-1.1)
    delivered(world, "never-told", "", start="", end="", read_at=START - timedelta(days=2))
    delivered(world, "gone-lately", "deleted")
    assert queued(world, watch) == {}
    left = {entry.event_id for page in world.ledger.pages(WATCH_ID) for entry in page}
    assert left == {"gone-lately"}


def test_entries_after_the_window_stay(world: World, watch: Watch) -> None:
    """A meeting moved a year ahead is missing from the calendar view, but not deleted."""
    delivered(world, "far", days=365)
    delivered(world, "master", "series 1", start="", end="")
    assert queued(world, watch) == {}
    left = {entry.event_id for page in world.ledger.pages(WATCH_ID) for entry in page}
    assert left == {"far", "master"}


def test_a_claimed_entry_stays(world: World, watch: Watch) -> None:
    """The next nightly resync drops it."""
    delivered(world, "over", days=-2)
    [claimed] = world.ledger.claim([world.entry("over")])
    assert claimed is not None
    queued(world, watch)
    assert world.entry("over").etag == claimed.etag


def test_a_failure_in_the_middle_is_raised(world: World, watch: Watch) -> None:
    """The same resync can be repeated."""
    world.events.by_id = {"E": event()}
    world.events.view_failure = GraphUnavailable(503, "x")
    with pytest.raises(GraphUnavailable):
        queued(world, watch)
    world.events.view_failure = None
    assert queued(world, watch) == {"E": False}


def test_a_direct_watch_has_nothing_to_resync(world: World) -> None:
    """Its changes do not pass through the relay."""
    direct = world.watch("d@contoso.com", delivery="direct")
    world.events.by_id = {"E": event()}
    assert queued(world, direct, full=True) == {}


START_TEXT = format_utc(START)


class Large(Ledger, FakeEvents):
    """A ledger and a calendar with many entries, each built when it is read; every tenth differs."""

    def __init__(self, entries: int) -> None:
        FakeEvents.__init__(self)
        self.numbers = range(entries)

    def pages(self, watch_id: str) -> Iterator[list[Entry]]:
        """Yield the ledger, a thousand rows at a time."""
        for first in self.numbers[::1000]:
            yield [Entry(watch_id, self._id(n), "etag", START, start=START_TEXT, end=START_TEXT)
                   for n in self.numbers[first : first + 1000]]  # fmt: skip

    def calendar_view(self, _mailbox: str, _start: datetime, _end: datetime) -> Iterator[dict[str, Any]]:
        """Yield the calendar."""
        for number in self.numbers:
            yield event(self._id(number), "another etag" if number % 10 == 0 else "etag", body="x" * 1000)

    def drop(self, entries: Sequence[Entry]) -> int:
        """Drop nothing."""
        return len(entries)

    def _id(self, number: int) -> str:
        return f"{number:0>120}"


class DiscardingQueue(FakeQueue):
    """A queue that keeps nothing."""

    def put(self, text: str, delay: float = 0) -> None:
        """Discard a message."""


@pytest.mark.long
def test_memory_stays_flat_on_a_calendar_of_50_000_entries(world: World, watch: Watch) -> None:
    """The events would be 100 MB; the resync keeps a fingerprint of each."""
    large = Large(50_000)
    world.ledger, world.events, world.changes = large, large, DiscardingQueue()
    tracemalloc.start()
    try:
        result = world.resync.resync(watch)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result["changed"], result["same"]) == (5_000, 45_000)
    assert peak < 16_000_000
