"""The note in a watch's row that Graph refuses to let its calendar be read."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import (
    GraphError,
    GraphForbidden,
    GraphNotFound,
    GraphQuotaExceeded,
    GraphRejected,
    GraphUnavailable,
    ServiceUnavailable,
)
from shared.storage.watches import Watch, Watches
from shared.watches.readings import WITHIN, WRITE_EVERY, Readings
from tests.support.world import WATCH_ID, World

FORBIDDEN = GraphForbidden(403, "ErrorAccessDenied", "r-1")
NO_MAILBOX = GraphNotFound(404, "ErrorInvalidUser")


@pytest.fixture
def readings(world: World) -> Readings:
    """Return the notes in the world's rows."""
    return Readings(world.watches, world.now)


class CountedWatches(Watches):
    """Watches that record the notes written to their rows."""

    def __init__(self, world: World, notes: list[str]) -> None:
        super().__init__(lambda: world.rows)
        self.notes = notes

    def merge(self, row: Watch, **changes: Any) -> Watch | None:
        """Write a note."""
        self.notes.append(changes["reading_state"])
        return super().merge(row, **changes)


def row(world: World, watch_id: str = WATCH_ID) -> Watch:
    """Return a watch's row."""
    watch = world.watches.get(watch_id)
    assert watch is not None
    return watch


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [(FORBIDDEN, "refused", "Calendars.Read"), (NO_MAILBOX, "gone", "no mailbox"),
     (GraphNotFound(404, "Unreadable"), "gone", "no mailbox"), (GraphQuotaExceeded(429, "x"), "refused", "")],
)  # fmt: skip
def test_the_first_refusal_is_recorded_and_steers_nothing(
    world: World, readings: Readings, error: GraphError, state: str, text: str
) -> None:
    """The row says since when and what to do; the state, the subscription and the next work are as before."""
    before = world.watch()
    readings.refused(before, error)
    after = row(world)
    assert (after.reading_state, after.reading_since) == (state, world.time)
    assert text in after.reading_error
    steering = ("state", "since", "last_error", "tried", "due_at", "retry_at", "subscription_id", "gap_since")
    assert [getattr(after, name) for name in steering] == [getattr(before, name) for name in steering]


@pytest.mark.parametrize(
    "error",
    [GraphNotFound(404, "ErrorItemNotFound"), GraphNotFound(410, "Gone"), GraphUnavailable(503, "x"),
     GraphUnavailable(429, "x", "", 60), GraphRejected(400, "x"), ServiceUnavailable("storage"), ValueError("x")],
)  # fmt: skip
def test_another_error_says_nothing_of_the_mailbox(world: World, readings: Readings, error: Exception) -> None:
    """A missing event is an answer about the event, and an outage is none."""
    readings.refused(world.watch(), error)
    assert row(world).reading_state == ""


def test_the_first_success_removes_the_note(world: World, readings: Readings) -> None:
    """It need not wait for the time between two notes."""
    readings.refused(world.watch(), FORBIDDEN)
    readings.succeeded(row(world))
    after = row(world)
    assert (after.reading_state, after.reading_since, after.reading_error) == ("", None, "")


def test_a_success_makes_the_missing_resync_due(world: World, readings: Readings) -> None:
    """It rested while the calendar could not be read; without one the row's work stays where it is."""
    later = world.time + timedelta(hours=9)
    for gap in (world.time, None):
        watch = world.watch(f"{gap is None}@contoso.com", gap_since=gap, due_at=later, reading_state="refused")
        readings.succeeded(watch)
        after = world.watches.get(watch.id)
        assert after is not None
        assert after.due_at == (world.time if gap else later)


def test_a_success_of_an_unmarked_watch_costs_nothing(world: World, readings: Readings) -> None:
    """Storage is neither read nor written."""
    watch, calls = world.watch(), []
    world.rows.before = lambda: calls.append("storage")
    readings.succeeded(watch)
    assert calls == []


def test_a_note_is_written_once_a_minute_at_most(world: World) -> None:
    """Also while Graph refuses and accepts in turn, and when many readings of one old row are refused."""
    stale, writes = world.watch(), list[str]()
    readings = Readings(CountedWatches(world, writes), world.now)
    for _ in range(10):
        readings.refused(stale, FORBIDDEN)
    assert writes == ["refused"]
    readings.succeeded(row(world))
    readings.refused(row(world), FORBIDDEN)
    assert writes == ["refused", ""]
    world.pass_by(WRITE_EVERY.total_seconds())
    readings.refused(row(world), FORBIDDEN)
    assert writes == ["refused", "", "refused"]


def test_another_process_does_not_write_the_note_again(world: World, readings: Readings) -> None:
    """`since` stays that of the first refusal; another kind of refusal is written, after a minute."""
    readings.refused(world.watch(), FORBIDDEN)
    other, first = Readings(world.watches, world.now), world.time
    world.pass_by(30)
    other.refused(row(world), FORBIDDEN)
    other.refused(row(world), NO_MAILBOX)
    assert (row(world).reading_state, row(world).reading_since) == ("refused", first)
    world.pass_by(3600)
    other.refused(row(world), FORBIDDEN)
    assert row(world).reading_since == first
    other.refused(row(world), NO_MAILBOX)
    assert (row(world).reading_state, row(world).reading_since) == ("gone", world.time)


def test_a_note_survives_a_concurrent_write(world: World, readings: Readings) -> None:
    """Another process has written to the row since it was read, or deleted it."""
    watch = world.watch()
    world.watches.saw_change(watch, world.time, "user")
    readings.refused(watch, FORBIDDEN)
    assert (row(world).reading_state, row(world).user_id) == ("refused", "user")
    world.watches.delete(row(world))
    world.pass_by(60)
    readings.refused(watch, FORBIDDEN)
    assert world.watches.get(WATCH_ID) is None


def test_a_note_that_cannot_be_written_is_no_error(world: World, readings: Readings) -> None:
    """The caller's delivery goes on."""
    marked, other = world.watch(reading_state="refused"), world.watch("other@contoso.com")
    world.rows.failing = 3
    readings.succeeded(marked)
    readings.refused(other, FORBIDDEN)
    assert world.rows.failing == 0


def refuse(world: World, readings: Readings, caplog: pytest.LogCaptureFixture, *watches: Watch) -> int:
    """Refuse readings of watches, and return how often Graph's refusals were reported since the start."""
    with caplog.at_level(logging.ERROR, "relay.readings"):
        for watch in watches:
            readings.refused(watch, FORBIDDEN)
    return caplog.text.count("Graph refuses readings")


def test_many_refusals_are_a_single_line(world: World, readings: Readings, caplog: pytest.LogCaptureFixture) -> None:
    """Of forty watches three are more than 5 %; the line comes once in ten minutes."""
    watches = [world.watch(f"room{number}@contoso.com") for number in range(40)]
    assert refuse(world, readings, caplog, *watches[:2], *watches[:2]) == 0
    assert refuse(world, readings, caplog, *watches[2:]) == 1
    assert "3 of 40" in caplog.text
    world.pass_by(WITHIN.total_seconds() - 1)
    assert refuse(world, readings, caplog, *watches) == 1
    world.pass_by(1)
    assert refuse(world, readings, caplog, *watches) == 2


def test_refusals_over_a_longer_time_are_no_line(
    world: World, readings: Readings, caplog: pytest.LogCaptureFixture
) -> None:
    """Each ten minutes two of forty."""
    watches = [world.watch(f"room{number}@contoso.com") for number in range(40)]
    for first in range(0, 40, 2):
        assert refuse(world, readings, caplog, *watches[first : first + 2]) == 0
        world.pass_by(WITHIN.total_seconds())


def test_the_watches_are_counted_once_in_ten_minutes(world: World) -> None:
    """Refusals of one mailbox in a loop do not read the table in a loop."""
    watches = [world.watch(f"room{number}@contoso.com") for number in range(40)]
    calls: list[str] = []
    world.rows.before = lambda: calls.append("storage")
    readings = Readings(world.watches, world.now)
    for _ in range(20):
        readings.refused(watches[0], FORBIDDEN)
    assert len(calls) == 2  # the note, and the number of rows
