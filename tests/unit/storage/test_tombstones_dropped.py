"""A tombstone that is written is there afterwards, whatever another process does to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.storage.tombstones import Tombstones
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_tombstone_that_is_dropped_while_it_is_written_is_written_again() -> None:
    """Another process, which has taken over the subscription, drops it after it was found and before it is changed."""
    table = FakeTable()
    tombstones = Tombstones(lambda: table)
    tombstones.write("s-1", NOW)
    calls = 0

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:  # after the insert, before the change
            tombstones.drop("s-1")

    table.before = before
    tombstones.write("s-1", NOW + timedelta(hours=1))
    assert tombstones.written_at("s-1") == NOW + timedelta(hours=1)
    assert len(table.rows) == 1
