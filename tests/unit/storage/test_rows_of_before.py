"""All rows that the code before the restructure stored are read, and written back unchanged.

Values are compared in the order of the fields (see tests/fixtures/before_restructure/reading.py): a field may be
renamed, its column may not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.storage.heartbeat import Heartbeat
from shared.storage.leases import Leases
from shared.storage.ledger import CLAIM, Ledger
from shared.storage.ledger_entry import UNKNOWN_BEFORE
from shared.storage.parked import ParkedChanges
from shared.storage.partner_endpoint import Endpoints
from shared.storage.replays import Replays
from shared.storage.room_lists import RoomLists
from shared.storage.slot_bookings import SlotBookings
from shared.storage.table import columns_of
from shared.storage.watches import Watches
from tests.fixtures.before_restructure.load import FOLDER, content_of, rows_by_key, table_of
from tests.fixtures.before_restructure.reading import in_order, read_row
from tests.support.table import FakeTable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROWS, EXPECTED = rows_by_key(), content_of("expected")
BOOKING_ROWS = [row for row in content_of("rows")["slots"] if not row["RowKey"].startswith("at-")]
STATES = {
    "watch": {"pending", "live", "refused", "gone", "paused"},
    "endpoint": {"flowing", "failing", "gone", "paused"},
    "slots": {"claimed", "booked", "moving", "ending", "ended"},
}
ADDED = (  # the columns that rows have since: of a watch, and of the heartbeat
    "described", "posts_to", "lifecycle", "nonce", "former_expires", "due_at", "settings_hash", "retry_at",
    "failing_since", "missing_since", "looked_up_at", "reading_state", "reading_since", "reading_error",
    "silent_resyncs", "replaced_at", "renamed_at", "new_address", "posted_end", "posted_key",
    "posted_nonce", "born", "resync_token", "resync_due", "resync_started", "resync_full", "resynced", "paused_by",
    "unfinished", "owner", "owner_read_at", "owner_unknown_since",
)  # fmt: skip
ADDED_OF = {  # the same, of the ledger, of what is parked, and of slot bookings
    "Entry": (
        "tried", "fingerprint", "page", "born", "sent_as", "origin", "webhook_id", "kind", "first_attempt",
        "last_attempt", "attempts", "last_status",
    ),
    "Parked": ("series_id", "first_at", "source"),
    "Booking": ("content_hash",),
}  # fmt: skip
Table = Callable[[], Any]


def read(key: str) -> Any:
    """Return what the product reads from a row in a table with all others."""
    table = table_of(content_of("rows")[key.partition("/")[0]])
    return read_row(lambda: table, ROWS[key])


def added_fields(value: Any) -> list[Field[Any]]:
    """Return the fields of what was read that the old code did not have."""
    if not hasattr(value, "__dataclass_fields__"):
        return []
    columns = columns_of(type(value))
    return [field for field in fields(value) if columns.get(field.name) in added_columns(value)]


def added_columns(value: Any) -> tuple[str, ...]:
    """Return the columns that the rows of a class have since."""
    return ADDED_OF.get(type(value).__name__, ADDED)


def default_of(value: Any, field: Field[Any]) -> Any:
    """Return the value of a field that the old code did not have.

    The old code did not keep what it tried: of an entry whose delivery is open, that is unknown.
    """
    if field.name == "sent_as":
        return f"@{value.read_at.isoformat()}" if value.read_at else None
    if field.name != "tried":
        return field.default
    return UNKNOWN_BEFORE if value.retry_token or value.is_dead_lettered or value.claimed_until else ""


def by_kind() -> dict[str, list[Any]]:
    """Return what is read from all rows, by the name of the class."""
    found = defaultdict(list)
    for key in ROWS:
        found[type(read(key)).__name__].append(read(key))
    return found


@pytest.mark.parametrize("key", ROWS)
def test_a_row_of_before_reads_as_it_was_stored(key: str) -> None:
    """Every field has the value that the old code stored, and each field added since has its default."""
    value, added = read(key), added_fields(read(key))
    expected = [*EXPECTED[key], *(default_of(value, field) for field in added)] if added else EXPECTED[key]
    assert in_order(value) == expected
    assert json.dumps(in_order(value)) == json.dumps(expected)  # true is not 1


def test_the_fixture_holds_every_field_with_a_value_of_its_own() -> None:
    """A field that always has its default could be lost unnoticed."""
    for kind, values in by_kind().items():
        if not hasattr(values[0], "__dataclass_fields__"):
            continue
        added = added_fields(values[0])
        for field in fields(values[0])[1:-1]:  # but for the key and the etag
            if field in added:
                continue
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
    until = entry.claimed_until
    if until is None:
        Ledger(table, lambda: pytest.fail("nothing is claimed")).release([unmarked(entry)])
    else:
        Ledger(table, lambda: until - CLAIM).claim([replace(unmarked(entry), claimed_until=None)])


Writer = Callable[[Table, Any], Any]
WRITERS: dict[str, Writer] = {
    "watch": lambda table, value: Watches(table).insert(value),
    "roomlist": lambda table, value: RoomLists(table).insert(value),
    "replay": lambda table, value: Replays(table).insert(value),
    "attempt": lambda table, value: Leases(table).insert(value),
    "endpoint": lambda table, value: Endpoints(table).change(unmarked(value)),
    "relay": lambda table, value: Heartbeat(table).ran(value),
    "waiting": lambda table, value: ParkedChanges(table).put("waiting", [value]),
    "dead": lambda table, value: ParkedChanges(table).put("dead", [value]),
}


@pytest.mark.parametrize("key", [key for key in ROWS if not key.startswith("slots/")])
def test_a_row_of_before_is_written_back_as_it_was(key: str) -> None:
    """The columns and values are the same, so that an installation can return to the old version.

    The old code neither reads nor writes the columns added since, which say nothing until something is known.
    """
    table, stored = FakeTable(), read(key)
    write: Writer = WRITERS.get(ROWS[key]["PartitionKey"], write_entry)
    write(lambda: table, stored)
    [row] = table.rows.values()
    before = {name: value for name, value in row.items() if name not in added_columns(stored)}
    assert before == ROWS[key]
    assert {name: type(value) for name, value in before.items()} == {n: type(value) for n, value in ROWS[key].items()}
    added = {name: value for name, value in row.items() if name in added_columns(stored)}
    assert not any(value for name, value in added.items() if name not in ("unfinished", "tried", "sent_as"))


def test_a_change_of_a_row_of_before_writes_only_the_columns_that_change() -> None:
    """A row of the old code gets an added column when that is written, and no other."""
    key = next(key for key in ROWS if key.startswith("watches/watch/"))
    table = table_of(content_of("rows")["watches"])
    watches, watch = Watches(lambda: table), read(key)
    watch = watches.get(watch.id)
    assert watch is not None
    assert watches.change(watch, missing_since=NOON, last_error="x") is not None
    row = dict(table.rows[ROWS[key]["PartitionKey"], ROWS[key]["RowKey"]])
    assert row == ROWS[key] | {"missing_since": NOON.isoformat(), "last_error": "x"}


@pytest.mark.parametrize("row", BOOKING_ROWS, ids=[row["state"] for row in BOOKING_ROWS])
def test_a_booking_of_before_is_written_back_with_its_times(row: dict[str, Any]) -> None:
    """Its own row and one for every five minutes it holds, and no other."""
    table = FakeTable()
    SlotBookings(lambda: table).claim(read(f"slots/{row['PartitionKey']}/{row['RowKey']}"))
    times = [slot for slot in content_of("rows")["slots"] if slot.get("booking") == row["RowKey"]]
    assert sorted(table.rows.values(), key=str) == sorted([row, *times], key=str)
