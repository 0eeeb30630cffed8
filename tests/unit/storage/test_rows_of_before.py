"""All rows that the code before the restructure stored are read, and written back unchanged.

Values are compared in the order of the fields (see tests/fixtures/before_restructure/reading.py): a field may be
renamed, its column may not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any

import pytest

from shared.storage.heartbeat import Heartbeat
from shared.storage.leases import Leases
from shared.storage.ledger import CLAIM, Ledger
from shared.storage.parked import ParkedChanges
from shared.storage.partner_endpoint import Endpoints
from shared.storage.replays import Replays
from shared.storage.room_lists import RoomLists
from shared.storage.slot_bookings import SlotBookings
from shared.storage.watches import Watches
from tests.fixtures.before_restructure.load import FOLDER, content_of, rows_by_key, table_of
from tests.fixtures.before_restructure.reading import in_order, read_row
from tests.support.table import FakeTable

ROWS, EXPECTED = rows_by_key(), content_of("expected")
BOOKING_ROWS = [row for row in content_of("rows")["slots"] if not row["RowKey"].startswith("at-")]
STATES = {
    "watch": {"pending", "live", "refused", "gone", "paused"},
    "endpoint": {"flowing", "failing", "gone", "paused"},
    "slots": {"claimed", "booked", "moving", "ending", "ended"},
}
Table = Callable[[], Any]


def read(key: str) -> Any:
    """Return what the product reads from a row in a table with all others."""
    table = table_of(content_of("rows")[key.partition("/")[0]])
    return read_row(lambda: table, ROWS[key])


def by_kind() -> dict[str, list[Any]]:
    """Return what is read from all rows, by the name of the class."""
    found = defaultdict(list)
    for key in ROWS:
        found[type(read(key)).__name__].append(read(key))
    return found


@pytest.mark.parametrize("key", ROWS)
def test_a_row_of_before_reads_as_it_was_stored(key: str) -> None:
    """Every field has the value that the old code stored."""
    assert in_order(read(key)) == EXPECTED[key]
    assert json.dumps(in_order(read(key))) == json.dumps(EXPECTED[key])  # true is not 1


def test_the_fixture_holds_every_field_with_a_value_of_its_own() -> None:
    """A field that always has its default could be lost unnoticed."""
    for kind, values in by_kind().items():
        if not hasattr(values[0], "__dataclass_fields__"):
            continue
        for field in fields(values[0])[1:-1]:  # but for the key and the etag
            default = None if field.default is MISSING else field.default
            assert any(getattr(one, field.name) != default for one in values), (kind, field.name)


def test_the_fixture_holds_every_state() -> None:
    """The states of watches, of the endpoint and of bookings."""
    found = defaultdict(set)
    for key, row in ROWS.items():
        kind = row["PartitionKey"] if row["PartitionKey"] in STATES else key.partition("/")[0]
        found[kind].add(row.get("state"))
    assert {kind: found[kind] - {None} for kind in STATES} == STATES


def test_the_fixture_holds_no_title_and_no_secret() -> None:
    """The scenario's events are named Ola Nordmann and A talk, its key is an old secret, its customer Kari."""
    for name in ("rows", "messages", "expected"):
        text = (FOLDER / f"{name}.json").read_text()
        assert not any(word in text for word in ("Ola", "A talk", "secret", "Kari", "whsec_", "AccountKey"))


def unmarked(value: Any, *last: Any) -> Any:
    """Return a value as before its first write: without its etag, and with other values (`last`) before it."""
    values = [getattr(value, field.name) for field in fields(value)]
    return type(value)(*values[: len(values) - 1 - len(last)], *last, "")


def write_entry(table: Table, entry: Any) -> None:
    """Write a ledger entry as the product does: a claimed one by claiming, another one by releasing."""
    claimed_until = getattr(entry, fields(entry)[-2].name)
    if claimed_until is None:
        Ledger(table, lambda: pytest.fail("nothing is claimed")).release([unmarked(entry)])
    else:
        Ledger(table, lambda: claimed_until - CLAIM).claim([unmarked(entry, None)])


Writer = Callable[[Table, Any], Any]
WRITERS: dict[str, Writer] = {
    "watch": lambda table, value: Watches(table).insert(value),
    "roomlist": lambda table, value: RoomLists(table).insert(value),
    "replay": lambda table, value: Replays(table).insert(value),
    "attempt": lambda table, value: Leases(table).insert(value),
    "endpoint": lambda table, value: Endpoints(table).change(unmarked(value)),
    "relay": lambda table, value: Heartbeat(table).beat(value),
    "waiting": lambda table, value: ParkedChanges(table).put("waiting", [value]),
    "dead": lambda table, value: ParkedChanges(table).put("dead", [value]),
}


@pytest.mark.parametrize("key", [key for key in ROWS if not key.startswith("slots/")])
def test_a_row_of_before_is_written_back_as_it_was(key: str) -> None:
    """The columns and values are the same, so that an installation can return to the old version."""
    table = FakeTable()
    write: Writer = WRITERS.get(ROWS[key]["PartitionKey"], write_entry)
    write(lambda: table, read(key))
    [row] = table.rows.values()
    assert dict(row) == ROWS[key]
    assert {name: type(value) for name, value in row.items()} == {n: type(value) for n, value in ROWS[key].items()}


@pytest.mark.parametrize("row", BOOKING_ROWS, ids=[row["state"] for row in BOOKING_ROWS])
def test_a_booking_of_before_is_written_back_with_its_times(row: dict[str, Any]) -> None:
    """Its own row and one for every five minutes it holds, and no other."""
    table = FakeTable()
    SlotBookings(lambda: table).claim(read(f"slots/{row['PartitionKey']}/{row['RowKey']}"))
    times = [slot for slot in content_of("rows")["slots"] if slot.get("booking") == row["RowKey"]]
    assert sorted(table.rows.values(), key=str) == sorted([row, *times], key=str)
