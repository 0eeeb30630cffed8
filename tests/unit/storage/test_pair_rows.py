"""The rows of the table `pairs` end: by time, and when their mailbox is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableClient

from shared.storage.deletion.pair_rows import BRAKES_KEPT, PAIRS_KEPT, RESOURCES_KEPT, PairRows
from shared.storage.pairs.brakes import Brakes
from shared.storage.pairs.index import IndexedEvent, PairIndex, event_key
from shared.storage.pairs.pair import Pair
from shared.storage.pairs.pairs import Pairs
from shared.storage.pairs.resources import Resources, StoredResource
from shared.storage.pairs.tracking import TrackingRow

pytestmark = pytest.mark.server
Table = Callable[[], TableClient]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAST, MINUTE = timedelta(days=400), timedelta(minutes=1)
WATCH, OTHER = "1" * 32, "2" * 32


@pytest.fixture
def rows(table: Table) -> PairRows:
    """Return what deletes the rows; the window begins 400 days ago."""
    return PairRows(table, lambda: PAST)


def keys(table: Table) -> list[tuple[str, str]]:
    """Return the partition of each row, and the last digit of its key."""
    return sorted((str(row["PartitionKey"]), str(row["RowKey"])[-1]) for row in table().list_entities())


def fill(table: Table, number: int, watch_id: str, end: datetime, changed: datetime) -> None:
    """Store a row of each kind."""
    key = f"{number:032x}"
    Pairs(table, lambda: NOW).insert(Pair(key, "dataverse", "paired", "r", watch_id, start=end, end=end))
    PairIndex(table).write(watch_id, IndexedEvent(key, "pair", key, end=end))
    Brakes(table).change(watch_id, lambda _: {"changed": changed})
    Resources(table).insert(StoredResource(key, "a@contoso.com", watch_id, read_at=changed))


def test_rows_end_by_time(table: Table, rows: PairRows) -> None:
    """A pair and its event a month after they left the window, which may be long; the others after their last use."""
    fill(table, 1, WATCH, NOW - PAST - PAIRS_KEPT - MINUTE, NOW - RESOURCES_KEPT - MINUTE)
    fill(table, 2, OTHER, NOW - PAST - PAIRS_KEPT + MINUTE, NOW - BRAKES_KEPT + MINUTE)
    TrackingRow(table).change(lambda _: {"token_days": 7})
    assert rows.drop_ended(NOW) == 4
    assert keys(table) == [("brake", "2"), (f"event-{OTHER}", "2"), ("pair", "2"), ("resource", "2"), ("tracking", "0")]
    assert rows.drop_ended(NOW) == 0


def test_a_mailbox_that_is_held_stays_held(table: Table, rows: PairRows) -> None:
    """Also if nobody releases it for a year."""
    Brakes(table).change(WATCH, lambda _: {"changed": NOW - timedelta(days=365), "held_since": NOW - PAST})
    assert rows.drop_ended(NOW) == 0
    assert Brakes(table).read(WATCH).held_since == NOW - PAST


def test_a_mailbox_is_forgotten(table: Table, rows: PairRows) -> None:
    """Every row that names it, also one that this version cannot read; none of another."""
    fill(table, 1, WATCH, NOW, NOW)
    fill(table, 2, OTHER, NOW, NOW)
    fill(table, 3, WATCH, NOW, NOW)
    table().update_entity({"PartitionKey": "pair", "RowKey": f"{1:032x}", "state": "of a later version"})
    table().update_entity({"PartitionKey": f"event-{WATCH}", "RowKey": f"{1:032x}", "kind": "of a later version"})
    assert rows.forget(WATCH) == 2
    assert keys(table) == [("brake", "2"), (f"event-{OTHER}", "2"), ("pair", "2"), ("resource", "2")]
    assert rows.forget(WATCH) == 0


def test_an_event_without_an_end_is_kept(table: Table, rows: PairRows) -> None:
    """It is not known to be over."""
    PairIndex(table).write(WATCH, IndexedEvent(event_key("event"), "microsoft"))
    assert rows.drop_ended(NOW) == 0
