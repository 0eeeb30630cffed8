"""Claims about a resync: exactly what differs is queued, and a large calendar never lies in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import GraphUnavailable
from shared.messages import Change, ChangeMessage
from shared.storage.ledger import Entry
from shared.storage.watches import Watch
from shared.utc import format_utc
from tests.support.world import START, WATCH_ID, World, event


@pytest.fixture
def watch(world: World) -> Watch:
    """Return a live watch."""
    return world.watch()


def told(world: World, event_id: str, etag: str = "1", days: float = 0, **changes: Any) -> None:
    """Let the ledger say that the partner knows an event, an hour long, so many days ahead."""
    start = START + timedelta(days=days)
    given: dict[str, Any] = {"delivered_state": etag, "read_at": START, "start": format_utc(start),
                             "end": format_utc(start + timedelta(hours=1))} | changes  # fmt: skip
    world.ledger.release([replace(world.entry(event_id), **given)])


def queued(world: World, watch: Watch, *, full: bool = False) -> dict[str, bool]:
    """Resync, and return what was queued: whether it is believed gone, by id."""
    world.resync.resync(watch, full=full)
    return {one.event_id: one.deleted for message, _ in world.changes.take() for one in message.changes}


def test_exactly_what_differs_is_queued(world: World, watch: Watch) -> None:
    """New, changed and vanished; what is in step is not."""
    world.events.by_id = {name: event(name, "2") for name in ("new", "changed", "same")}
    told(world, "changed", "1")
    told(world, "same", "2")
    told(world, "vanished")
    assert queued(world, watch) == {"new": False, "changed": False, "vanished": True}


def test_a_calendar_in_step_queues_nothing(world: World, watch: Watch) -> None:
    """However often."""
    world.events.by_id = {"E": event()}
    told(world, "E")
    assert [queued(world, watch), queued(world, watch)] == [{}, {}]


def test_a_full_resync_queues_all_of_it_again(world: World, watch: Watch) -> None:
    """For a partner that lost its data: what is delivered has the same webhook-id, and is news of a first time."""
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


def test_a_full_resync_is_not_covered_by_a_later_reading(world: World, watch: Watch) -> None:
    """Whoever read the event since had no reason to tell it again."""
    world.events.by_id = {"E": event()}
    told(world, "E", read_at=START + timedelta(seconds=5))
    again = ChangeMessage(START, (Change(WATCH_ID, "", "E"),), skip_settling=True, force=True)
    world.delivery.deliver(again)
    assert world.webhook.news == [("created", "E")]
    assert queued(world, watch) == {}


def test_what_is_believed_gone_is_read_before_it_is_told(world: World, watch: Watch) -> None:
    """A page that Graph left out deletes nothing at the partner."""
    world.events.by_id = {"E": event()}
    told(world, "E")
    world.events.deleted_items = {"E"}
    world.resync.resync(watch)
    [(message, _)] = world.changes.take()
    world.events.deleted_items = set()
    world.pass_by(11)
    world.delivery.deliver(message)
    assert world.webhook.taken == []


def test_the_changes_settle_like_hinted_ones(world: World, watch: Watch) -> None:
    """A room's title may be that of a booking made a second ago."""
    world.events.by_id = {"E": event()}
    world.resync.resync(watch)
    [(message, _)] = world.changes.take()
    assert (message.skip_settling, message.notified_at) == (False, world.time)


def test_what_left_the_window_is_dropped(world: World, watch: Watch) -> None:
    """A meeting that ended before it, and the memory of one that was deleted; nothing is told of either."""
    told(world, "over", days=-1.1)
    told(world, "gone", "deleted", days=-1.1)
    told(world, "never-told", "", start="", end="", read_at=START - timedelta(days=2))
    told(world, "gone-lately", "deleted")
    assert queued(world, watch) == {}
    left = {entry.event_id for page in world.ledger.pages(WATCH_ID) for entry in page}
    assert left == {"gone-lately"}


def test_what_lies_beyond_the_window_stays(world: World, watch: Watch) -> None:
    """A meeting that was moved a year ahead: the view does not show it, but it is not gone."""
    told(world, "far", days=365)
    told(world, "master", "series 1", start="", end="")
    assert queued(world, watch) == {}
    left = {entry.event_id for page in world.ledger.pages(WATCH_ID) for entry in page}
    assert left == {"far", "master"}


def test_a_row_that_somebody_works_on_stays(world: World, watch: Watch) -> None:
    """The next night takes it."""
    told(world, "over", days=-2)
    [claimed] = world.ledger.claim([world.entry("over")])
    assert claimed is not None
    queued(world, watch)
    assert world.entry("over").etag == claimed.etag


def test_a_failure_in_the_middle_is_raised(world: World, watch: Watch) -> None:
    """And the same resync can be done again."""
    world.events.by_id = {"E": event()}
    world.events.view_failure = GraphUnavailable(503, "x")
    with pytest.raises(GraphUnavailable):
        queued(world, watch)
    world.events.view_failure = None
    assert queued(world, watch) == {"E": False}


def test_a_direct_watch_has_nothing_to_resync(world: World) -> None:
    """Nothing of it passes through us."""
    direct = world.watch("d@contoso.com", delivery="direct")
    world.events.by_id = {"E": event()}
    assert queued(world, direct, full=True) == {}


START_TEXT = format_utc(START)


class Large:
    """A ledger and a calendar of many entries that are made as they are read; every tenth differs."""

    def __init__(self, entries: int) -> None:
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

    def drop(self, entries: list[Entry]) -> int:
        """Drop nothing."""
        return len(entries)

    def _id(self, number: int) -> str:
        return f"{number:0>120}"


def test_memory_stays_flat_on_a_calendar_of_50_000_entries(world: World, watch: Watch) -> None:
    """Its events would be 100 MB; what is held of each is a fingerprint."""
    large = Large(50_000)
    world.ledger = world.events = large  # type: ignore[assignment]
    world.changes.put = lambda *_: None  # type: ignore[method-assign]
    tracemalloc.start()
    try:
        found = world.resync.resync(watch)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found["changed"], found["same"]) == (5_000, 45_000)
    assert peak < 16_000_000
