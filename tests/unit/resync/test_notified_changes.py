"""Which changes that a resync finds count as changes without a notification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import GraphUnavailable
from shared.resync.notified_changes import LOOK_BACK, MOST_CANDIDATES, NOTIFIED_WITHIN
from shared.storage.watches import Watch
from shared.utc import format_utc
from tests.support.fake_graph import FakeEvents
from tests.support.world import MAILBOX, START, World, event

DAY = timedelta(days=1)


@pytest.fixture
def watch(world: World) -> Watch:
    """Return a watch that has been live for three days."""
    return world.watch(since=START - 3 * DAY, created=START - 9 * DAY)


def put(
    world: World, event_id: str = "E", *, ago: timedelta = timedelta(hours=2), days: float = 1, **more: Any
) -> None:
    """Put an event of one hour, some days ahead, into the calendar. It was changed some time ago."""
    start = START + timedelta(days=days)
    times = {name: {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
             for name, moment in (("start", start), ("end", start + timedelta(hours=1)))}  # fmt: skip
    modified = {"lastModifiedDateTime": (world.time - ago).isoformat()}
    world.events.by_id[event_id] = event(event_id, "2", **(times | modified | more))


def read(world: World, event_id: str = "E", *, ago: timedelta, state: str = "") -> None:
    """Record in the ledger when an event was read, and the state that the partner has."""
    entry = replace(world.entry(event_id), read_at=world.time - ago, delivered_state=state)
    if state:
        entry = replace(entry, start=format_utc(START + DAY), end=format_utc(START + DAY + timedelta(hours=1)))
    world.ledger.release([entry])


def counted(world: World, watch: Watch, *, full: bool = False) -> tuple[int, int]:
    """Resync, and return the numbers of changes without a notification and with one."""
    counts = world.resync.resync(watch, full=full)
    return counts["unnotified"], counts["notified"]


@pytest.mark.parametrize("state", [None, "", "1"])
def test_a_change_that_left_no_reading_is_unnotified(world: World, watch: Watch, state: str | None) -> None:
    """A new event, one that was outside the window before, and one that the partner has in another state."""
    put(world)
    if state is not None:
        read(world, ago=timedelta(hours=5), state=state)
    assert counted(world, watch) == (1, 0)


def test_a_change_whose_event_was_read_soon_after_is_notified(world: World, watch: Watch) -> None:
    """The partner has its state."""
    put(world)
    read(world, ago=timedelta(hours=2) - timedelta(seconds=12), state="2")
    assert counted(world, watch) == (0, 1)


def test_a_reading_before_the_change_is_no_evidence(world: World, watch: Watch) -> None:
    """The state is the same all the same: no notification came of this change, and none may be due."""
    put(world)
    read(world, ago=timedelta(hours=9), state="2")
    assert counted(world, watch) == (0, 0)


def test_a_change_that_a_resync_delivered_is_neither(world: World, watch: Watch) -> None:
    """Its reading came hours later: the resync found it. So the repetition of a resync does not say the opposite."""
    put(world, ago=timedelta(hours=9))
    read(world, ago=timedelta(hours=3), state="2")
    assert counted(world, watch) == (0, 0)


def test_a_resync_before_the_deliveries_of_the_last_does_not_count_twice(world: World, watch: Watch) -> None:
    """The first finds the change and has it delivered; then the state is the partner's."""
    put(world)
    assert counted(world, watch) == (1, 0)
    world.pass_by(11)
    for message, _ in world.changes.take():
        world.delivery.deliver(message)
    assert counted(world, watch) == (0, 0)


def test_a_delivery_that_fails_was_notified(world: World, watch: Watch) -> None:
    """The event was read after the change, but the partner does not have its state yet."""
    put(world)
    read(world, ago=timedelta(hours=2) - timedelta(seconds=12), state="1")
    assert counted(world, watch) == (0, 0)


@pytest.mark.parametrize("ago", [timedelta(), NOTIFIED_WITHIN - timedelta(seconds=1), LOOK_BACK, 30 * DAY])
def test_a_young_or_old_change_is_not_counted(world: World, watch: Watch, ago: timedelta) -> None:
    """Its notification may be on its way, or an earlier resync has counted it."""
    put(world, ago=ago)
    assert counted(world, watch) == (0, 0)


@pytest.mark.parametrize("modified", [None, "", "2026-11-20T08:00:00", "soon", 5])
def test_an_event_without_a_moment_is_not_counted(world: World, watch: Watch, modified: object) -> None:
    """It is resynced all the same."""
    put(world, lastModifiedDateTime=modified)
    assert counted(world, watch) == (0, 0)
    assert len(world.changes.take()) == 1


@pytest.mark.parametrize("start", [None, {"dateTime": "x", "timeZone": "UTC"}])
def test_an_event_without_times_is_not_counted(world: World, watch: Watch, start: object) -> None:
    """It is resynced all the same."""
    put(world, start=start)
    assert counted(world, watch) == (0, 0)


@pytest.mark.parametrize(
    "row",
    [{"state": "pending"}, {"state": "refused"}, {"gap_since": START}, {"missing_since": START},
     {"since": START - timedelta(hours=1)}, {"since": None, "created": START - timedelta(hours=1)}],
)  # fmt: skip
def test_a_change_in_a_gap_or_before_the_set_up_is_not_counted(world: World, row: dict[str, Any]) -> None:
    """There was no subscription, or perhaps none."""
    put(world)
    assert counted(world, world.watch(**({"since": START - 3 * DAY, "created": START - 9 * DAY} | row))) == (0, 0)


def test_an_event_that_entered_the_window_since_is_not_counted(world: World, watch: Watch) -> None:
    """It was changed twenty hours ago, ten hours beyond the end of the window; its notification was not delivered."""
    put(world, ago=timedelta(hours=20), days=180 - 10 / 24)
    put(world, "inside", ago=timedelta(hours=20), days=179)
    assert counted(world, watch) == (1, 0)


def test_a_full_resync_counts_nothing(world: World, watch: Watch) -> None:
    """It sends everything again."""
    put(world)
    assert counted(world, watch, full=True) == (0, 0)


def test_a_direct_watch_counts_nothing(world: World) -> None:
    """Its notifications do not come to the relay."""
    put(world)
    assert counted(world, world.watch("d@contoso.com", delivery="direct")) == (0, 0)


def test_a_deleted_event_is_not_counted(world: World, watch: Watch) -> None:
    """Nothing tells when it was deleted."""
    read(world, ago=2 * DAY, state="1")
    counts = world.resync.resync(watch)
    assert (counts["vanished"], counts["unnotified"]) == (1, 0)


def test_an_occurrence_is_notified_by_its_series(world: World, watch: Watch) -> None:
    """Graph notifies a change of a series for its master."""
    put(world, "O", seriesMasterId="M", type="occurrence")
    assert counted(world, watch) == (1, 0)
    read(world, "M", ago=timedelta(hours=2), state="series 2")
    assert counted(world, watch) == (0, 0)


class LateEvents(FakeEvents):
    """A calendar. Something happens before its view is read."""

    def __init__(self, world: World, before: Callable[[], None]) -> None:
        super().__init__()
        self.by_id, self.before = world.events.by_id, before

    def calendar_view(self, mailbox: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        """List the events."""
        self.before()
        yield from super().calendar_view(mailbox, start, end)


def test_a_notification_that_is_processed_during_the_resync_counts(world: World, watch: Watch) -> None:
    """The entries are read again after the view."""
    put(world)
    world.events = LateEvents(world, lambda: read(world, ago=timedelta(hours=1)))
    assert counted(world, watch) == (0, 0)


def test_only_some_of_many_changes_are_looked_up(world: World, watch: Watch) -> None:
    """It is enough to know that some have no notification; eight entries are read together."""
    for number in range(3 * MOST_CANDIDATES):
        put(world, f"E{number}")
    calls: list[str] = []
    world.ledger_rows.before = lambda: calls.append("ledger")
    assert counted(world, watch) == (MOST_CANDIDATES, 0)
    assert len(calls) == 1 + MOST_CANDIDATES / 8


def test_a_resync_without_missing_notifications_reads_the_ledger_once(world: World, watch: Watch) -> None:
    """As before."""
    put(world)
    read(world, ago=timedelta(hours=2), state="2")
    calls: list[str] = []
    world.ledger_rows.before = lambda: calls.append("ledger")
    assert counted(world, watch) == (0, 1)
    assert len(calls) == 1


def test_nothing_is_counted_soon_after_a_wait_that_graph_requested(world: World, watch: Watch) -> None:
    """The notifications of that time are still on the queue, and become visible together with the resync."""
    world.resync.holds.note(MAILBOX, GraphUnavailable(429, "x", retry_after=60), world.time)
    world.pass_by(60 + NOTIFIED_WITHIN.total_seconds() - 1)
    put(world)
    assert counted(world, watch) == (0, 0)
    world.pass_by(1)
    put(world)
    assert counted(world, watch) == (1, 0)
