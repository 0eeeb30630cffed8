"""The stored readings of rooms: parts, unreadable rows, and when they are deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.storage.deletion.call_rows import ROOMS_KEPT, CallRows
from shared.storage.rooms.readings import PART_LENGTH, RoomReading, RoomReadings, source_id_of
from tests.support.table import FakeTable
from tests.support.world import START


def room(number: int, name: str = "Room") -> dict[str, Any]:
    """Return a room as it is stored."""
    return {"mailbox": f"room{number}@contoso.com", "name": name}


@pytest.fixture
def table() -> FakeTable:
    """Return the table of watches."""
    return FakeTable()


@pytest.fixture
def readings(table: FakeTable) -> RoomReadings:
    """Return the rows of readings."""
    return RoomReadings(lambda: table)


def store(readings: RoomReadings, rooms: list[dict[str, Any]]) -> RoomReading:
    """Store a reading of the tenant's rooms."""
    token, parts = readings.write_parts(rooms, START)
    stored = readings.change("", lambda row: replace(row, at=START, as_of=START, token=token, parts=parts))
    assert stored is not None
    return stored


@pytest.mark.parametrize("name", ["Room", "Møterom", "\U0001f3e2" * 128, '"' * 256],
                         ids=["plain", "letters", "pairs", "quotes"])  # fmt: skip
def test_a_reading_of_any_size_comes_back(table: FakeTable, readings: RoomReadings, name: str) -> None:
    """No text is longer than a table takes, which counts in UTF-16."""
    rooms = [room(number, name) for number in range(300)]
    assert readings.rooms(store(readings, rooms)) == rooms
    texts = [row["rooms"] for key, row in table.rows.items() if key[0] == "rooms-part"]
    assert all(len(text.encode("utf-16-le")) // 2 <= PART_LENGTH for text in texts)


def test_a_reading_without_rooms_is_a_reading(readings: RoomReadings) -> None:
    """It has no parts."""
    assert readings.rooms(store(readings, [])) == []


def test_a_reading_whose_parts_are_gone_is_none(readings: RoomReadings) -> None:
    """A newer one has replaced it."""
    stored = store(readings, [room(1)])
    readings.delete_parts(stored.token, stored.parts)
    assert readings.rooms(stored) is None


@pytest.mark.parametrize("text", ["{", "{}", "[1]", 5])
def test_a_part_that_cannot_be_read_is_none(table: FakeTable, readings: RoomReadings, text: object) -> None:
    """It is not an empty list."""
    stored = store(readings, [room(1)])
    (part,) = [row for key, row in table.rows.items() if key[0] == "rooms-part"]
    table.update_entity({**part, "rooms": text})
    assert readings.rooms(stored) is None


def test_a_row_that_cannot_be_read_is_overwritten(table: FakeTable, readings: RoomReadings) -> None:
    """Nothing is known of the source until then."""
    store(readings, [room(1)])
    (row,) = [row for key, row in table.rows.items() if key[0] == "rooms"]
    table.update_entity({**row, "count": "many"})
    assert readings.get("") is None
    assert readings.change("", lambda before: replace(before, count=5)) is not None
    assert (found := readings.get("")) is not None
    assert (found.id, found.count) == (source_id_of(""), 5)


def test_a_mailbox_is_forgotten_in_every_reading(table: FakeTable, readings: RoomReadings) -> None:
    """Also in a part that no reading names any more. Other rooms stay."""
    readings.write_parts([room(1)], START)
    stored = store(readings, [room(1), room(2)])
    assert readings.forget("ROOM1@contoso.com") == 2
    assert readings.rooms(stored) == [room(2)]
    assert "room1@" not in str([dict(row) for row in table.rows.values()])
    assert readings.forget("room1@contoso.com") == 0


def test_old_readings_end_at_night(table: FakeTable, readings: RoomReadings) -> None:
    """With their parts, also those that an interruption left."""
    readings.write_parts([room(1)], START)
    store(readings, [room(2)])
    rows = CallRows(lambda: table, FakeTable, FakeTable)
    assert rows.drop_ended(START + ROOMS_KEPT) == 0
    assert rows.drop_ended(START + ROOMS_KEPT + timedelta(seconds=1)) == 3
    assert not table.rows
