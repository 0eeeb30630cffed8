"""What a reading of a room list proves, from the number of rooms alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.policy.room_list_rule import CONFIRM_AFTER, FEW, VOID_AFTER, after_reading, is_confirmed
from shared.storage.room_lists import RoomListReading
from tests.support.world import START

NEW = RoomListReading("0" * 32)
FULL = after_reading(NEW, 250, START)
MINUTE = timedelta(minutes=1)


def after(row: RoomListReading, *readings: tuple[timedelta, int]) -> RoomListReading:
    """Return the row after readings, each at a time after START."""
    for moment, count in readings:
        row = after_reading(row, count, START + moment)
    return row


def test_the_first_reading_with_rooms_is_believed() -> None:
    """There is nothing to compare it with."""
    assert not is_confirmed(NEW)
    assert is_confirmed(FULL)
    assert (FULL.count, FULL.since) == (250, START)


@pytest.mark.parametrize("row", [NEW, FULL, after_reading(NEW, 1, START)])
def test_an_empty_list_is_believed_after_twenty_minutes(row: RoomListReading) -> None:
    """Whatever was known before."""
    empty = after(row, (MINUTE, 0), (CONFIRM_AFTER, 0))
    assert not is_confirmed(empty)
    assert empty.fewer_since == START + MINUTE
    empty = after(empty, (MINUTE + CONFIRM_AFTER, 0))
    assert is_confirmed(empty)
    assert is_confirmed(after(empty, (timedelta(hours=1), 0)))


@pytest.mark.parametrize("count", [1, 100, 249 - FEW])
def test_a_part_of_a_list_is_believed_after_twenty_minutes(count: int) -> None:
    """Graph may return the first page only."""
    part = after(FULL, (MINUTE, count))
    assert not is_confirmed(part)
    assert part.count == 250
    part = after(part, (MINUTE + CONFIRM_AFTER, count))
    assert is_confirmed(part)
    assert part.count == count


@pytest.mark.parametrize("count", [250 - FEW, 250, 251, 1000])
def test_the_loss_of_a_single_room_and_any_gain_is_believed_at_once(count: int) -> None:
    """That is how lists change."""
    assert is_confirmed(after(FULL, (MINUTE, count)))


def test_another_number_begins_the_time_again() -> None:
    """A list whose size changes from reading to reading is not believed."""
    readings = [(MINUTE * 15 * number, count) for number, count in enumerate([100, 0, 150, 100, 0, 0])]
    row = after(FULL, *readings)
    assert (is_confirmed(row), row.fewer_since) == (False, START + MINUTE * 60)
    assert is_confirmed(after(row, (MINUTE * 60 + CONFIRM_AFTER, 0)))


def test_a_full_reading_ends_the_time() -> None:
    """Two lies twenty minutes apart are no proof."""
    row = after(FULL, (MINUTE, 0), (MINUTE * 10, 250), (MINUTE * 30, 0))
    assert (is_confirmed(row), row.fewer_since) == (False, START + MINUTE * 30)


@pytest.mark.parametrize("gap", [VOID_AFTER + MINUTE, timedelta(days=5), -MINUTE, timedelta(days=-5)])
def test_readings_too_far_apart_confirm_nothing(gap: timedelta) -> None:
    """Nobody looked meanwhile, or a clock is wrong."""
    row = after(FULL, (MINUTE, 0), (MINUTE + gap, 0))
    assert (is_confirmed(row), row.fewer_since) == (False, START + MINUTE + gap)


def test_an_unchanged_list_leaves_its_row_unchanged() -> None:
    """Nothing is written then."""
    assert after(FULL, (timedelta(days=3), 250)) == FULL
    part = after(FULL, (MINUTE, 100))
    assert after(part, (MINUTE * 5, 100)) == part
