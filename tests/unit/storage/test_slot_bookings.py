"""The table of slot bookings, on the real Azurite: a time is reserved once, and a booking completely or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient, UpdateMode

from shared.storage.slot_bookings import LONGEST, Booking, SlotBookings

pytestmark = pytest.mark.server

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MAILBOX = "agent1@contoso.com"


@pytest.fixture
def slots(table: Callable[[], TableClient]) -> SlotBookings:
    """Return the slot bookings in an empty table."""
    return SlotBookings(table)


class Killed(BaseException):
    """The process ends here: nothing catches it."""


class Dying:
    """A table whose process ends after a number of transactions."""

    def __init__(self, table: TableClient, lives: int) -> None:
        self._table = table
        self._lives = lives

    def submit_transaction(self, operations: Any) -> Any:
        """Carry out a transaction, or end the process."""
        if not self._lives:
            raise Killed
        self._lives -= 1
        return self._table.submit_transaction(operations)


def booking(start: int = 0, minutes: float = 30, **changes: Any) -> Booking:
    """Return a booking that begins a number of minutes after noon."""
    begin = NOON + start * MINUTE
    given: dict[str, Any] = {
        "mailbox": MAILBOX,
        "start": begin,
        "end": begin + minutes * MINUTE,
        "since": NOON,
        "transaction": "t",
    }
    return Booking(id=uuid.uuid4().hex, **(given | changes))


def claimed(slots: SlotBookings, *given: Any, **changes: Any) -> Booking:
    """Return a new booking that has reserved its times."""
    stored = slots.claim(booking(*given, **changes))
    assert stored is not None
    return stored


def test_a_booking_is_read_as_it_was_stored(slots: SlotBookings) -> None:
    """Every field is read, and the case of the mailbox does not matter."""
    stored = claimed(slots, event_id="E/+=", to_start=NOON, to_end=NOON + MINUTE * 10)
    assert slots.get(MAILBOX.upper(), stored.id) == stored
    assert slots.get("agent2@contoso.com", stored.id) is None
    assert slots.get(MAILBOX, "at-2026-11-20T1200") is None


@pytest.mark.parametrize(("start", "minutes"), [(0, 30), (-25, 30), (25, 5), (10, 5), (-60, 120)])
def test_overlapping_times_are_reserved_once(slots: SlotBookings, start: int, minutes: int) -> None:
    """The second booking leaves nothing behind, and other times are free."""
    first = claimed(slots)
    assert slots.claim(booking(start, minutes)) is None
    assert [row.id for row in slots.holders(MAILBOX, NOON - LONGEST, NOON + LONGEST)] == [first.id]
    claimed(slots, 30)
    claimed(slots, -30)
    claimed(slots, mailbox="agent2@contoso.com")


def test_of_fifty_concurrent_bookings_a_single_booking_gets_the_time(slots: SlotBookings) -> None:
    """Storage decides."""
    with ThreadPoolExecutor(50) as callers:
        outcomes = list(callers.map(lambda number: slots.claim(booking(number % 6 * 5)), range(50)))
    got = [claim for claim in outcomes if claim]
    spans = sorted((claim.start, claim.end) for claim in got)
    assert got
    assert all(spans[place][1] <= spans[place + 1][0] for place in range(len(spans) - 1))


def test_the_longest_booking_fits_into_a_transaction(slots: SlotBookings) -> None:
    """Also when it is moved to another time and back."""
    stored = claimed(slots, 0, LONGEST / MINUTE)
    moving = slots.change(stored, state="moving", to_start=NOON + LONGEST, to_end=NOON + 2 * LONGEST)
    assert moving is not None
    assert slots.claim(booking(0)) is None
    assert slots.claim(booking(int(LONGEST / MINUTE))) is None
    moved = slots.change(moving, state="booked", start=moving.to_start, end=moving.to_end, to_start=None, to_end=None)
    assert moved is not None
    claimed(slots, 0)
    assert slots.claim(booking(int(LONGEST / MINUTE))) is None
    assert slots.remove(moved)
    claimed(slots, int(LONGEST / MINUTE))


@pytest.mark.parametrize("ended", [True, False])
def test_both_times_of_a_long_move_are_released(slots: SlotBookings, *, ended: bool) -> None:
    """Their cells need two transactions; afterwards others can have both times."""
    stored = claimed(slots, 0, LONGEST / MINUTE, state="booked")
    moving = slots.change(stored, state="moving", to_start=NOON + LONGEST, to_end=NOON + 2 * LONGEST)
    assert moving is not None
    if ended:
        assert slots.change(moving, state="ended", to_start=None, to_end=None) is not None
    else:
        assert slots.remove(moving)
    claimed(slots, 0, LONGEST / MINUTE)
    claimed(slots, int(LONGEST / MINUTE), LONGEST / MINUTE)


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_a_release_that_is_killed_in_any_part_is_completed_by_the_next(
    table: Callable[[], TableClient], parts: int
) -> None:
    """The row says at each step which cells the booking has."""
    slots = SlotBookings(table)
    stored = claimed(slots, 0, LONGEST / MINUTE, state="booked")
    moving = slots.change(stored, state="moving", to_start=NOON + LONGEST, to_end=NOON + 2 * LONGEST)
    assert moving is not None
    dying: Any = Dying(table(), parts)
    with suppress(Killed):
        SlotBookings(lambda: dying).remove(moving)
    left = slots.get(MAILBOX, stored.id)
    assert (left is None) == (parts == 2)
    assert left is None or slots.remove(left)
    claimed(slots, 0, LONGEST / MINUTE)
    claimed(slots, int(LONGEST / MINUTE), LONGEST / MINUTE)


def test_a_row_of_an_earlier_version_is_read(slots: SlotBookings, table: Callable[[], TableClient]) -> None:
    """It lacks the column `content_hash`."""
    stored = claimed(slots)
    (row,) = table().query_entities("state ne ''")
    before = {name: value for name, value in row.items() if name != "content_hash"}
    table().update_entity(before, mode=UpdateMode.REPLACE)
    read = slots.get(MAILBOX, stored.id)
    assert read is not None
    assert (read.content_hash, read.start) == ("", stored.start)


def test_a_stale_booking_changes_nothing(slots: SlotBookings) -> None:
    """Neither the row nor its times change after another write."""
    stored = claimed(slots)
    ended = slots.change(stored, state="ended")
    assert ended is not None
    assert slots.change(stored, state="booked") is None
    assert not slots.remove(stored)
    assert slots.get(MAILBOX, stored.id) == ended
    claimed(slots)


def test_a_move_to_a_time_that_is_taken_changes_nothing(slots: SlotBookings) -> None:
    """The booking keeps its times."""
    claimed(slots, 30)
    stored = claimed(slots)
    assert slots.change(stored, state="moving", to_start=NOON + 20 * MINUTE, to_end=NOON + 50 * MINUTE) is None
    assert slots.get(MAILBOX, stored.id) == stored


def test_bookings_are_listed_by_state_and_time(slots: SlotBookings) -> None:
    """By state, by the time of that state, and by end."""
    claim = claimed(slots, 60)
    done = claimed(slots, state="booked", since=NOON + MINUTE)
    assert [row.id for row in slots.unfinished()] == [claim.id]
    assert [row.id for row in slots.since(MAILBOX, NOON + MINUTE)] == [done.id]
    assert {row.id for row in slots.since(MAILBOX, NOON)} == {claim.id, done.id}
    assert [row.id for row in slots.before(done.end + MINUTE)] == [done.id]
    assert list(slots.before(done.end)) == []
