"""The rows of retried changes and of numbers of deliveries, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.data.tables import TableClient

from shared.storage.parked import DEAD, WAITING, ParkedChanges
from shared.storage.retries import SLOT, DeliveryCounts, Retries, Retry, slot_of
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server


def test_retries_count_until_their_time(table: Callable[[], TableClient], clock: Clock) -> None:
    """More than a transaction takes; the first failure stays; none is taken for a parked change or a dead letter."""
    retries, now = Retries(table), clock()
    retries.put([Retry(f"{number:032x}", now, now + timedelta(minutes=5)) for number in range(150)])
    retries.put([Retry(f"{1:032x}", None, now + timedelta(hours=5))])
    retries.forget(f"{0:032x}")
    retries.forget(f"{0:032x}")
    assert len(retries.counting(now, 1000)) == 149
    assert len(retries.counting(now, 10)) == 10
    later = now + timedelta(minutes=6)
    [left] = retries.counting(later, 1000)
    assert (left.id, left.since) == (f"{1:032x}", now)
    retries.drop_old(later, 1000)
    assert [row.id for row in retries.all()] == [left.id]
    assert [ParkedChanges(table).count(kind) for kind in (WAITING, DEAD)] == [0, 0]


def test_numbers_of_deliveries_are_added_in_their_slot(table: Callable[[], TableClient], clock: Clock) -> None:
    """Processes with another shard write another row; the row of a slot is used again 80 minutes later."""
    counts, first = DeliveryCounts(table), slot_of(clock())
    assert counts.add(first, 5, 3)
    assert counts.add(first, 2, 3)
    assert counts.add(first, 1, 4)
    assert counts.since(first) == 8
    assert counts.add(first + 8 * SLOT, 10, 3)
    assert counts.since(first) == 11
    assert counts.since(first + SLOT) == 10
