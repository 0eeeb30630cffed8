"""Single rows that many processes and threads change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.data.tables import TableClient

from shared.errors import ServiceUnavailable
from shared.storage.maintenance import ATTEMPTS, Brake, Handshake, Lifetime, Rollout, SingleRow, Sweep
from shared.storage.watches import Watches
from shared.threads import side_by_side
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
Table = Callable[[], TableClient]


def increment(row: Brake) -> dict[str, Any]:
    """Count."""
    return {"created": row.created + 1}


@pytest.mark.server
@pytest.mark.parametrize("kind", [Sweep, Brake, Rollout, Lifetime, Handshake])
def test_a_row_is_read_as_it_was_written(table: Table, kind: type[Any]) -> None:
    """Every field, on the real Azurite; before the first write it has its defaults. No watch is read from it."""
    stored = SingleRow(table, kind, kind.__name__.lower())
    assert stored.read() == kind()
    values = {"datetime": NOW, "str": "text", "int": 7}
    changes = {
        each.name: values[str(each.type).partition(" ")[0]] for each in fields(kind) if each.name not in ("id", "etag")
    }
    written = stored.write(lambda _: changes)
    assert stored.read() == written
    assert {name: getattr(written, name) for name in changes} == changes
    assert list(Watches(table).rows()) == []


def test_a_decision_without_changes_writes_nothing() -> None:
    """Neither the first time nor later."""
    table = FakeTable()
    stored = SingleRow(lambda: table, Brake, "brake")
    assert stored.write(lambda _: {}) == Brake()
    assert table.rows == {}
    row = stored.write(increment)
    assert stored.write(lambda _: {}) == row


def test_a_decision_is_repeated_on_the_row_that_another_process_wrote() -> None:
    """No change is lost."""
    table = FakeTable()
    mine, other = (SingleRow(lambda: table, Brake, "brake") for _ in range(2))
    seen = []

    def decide(row: Brake) -> dict[str, Any]:
        seen.append(row.created)
        if len(seen) <= 3:
            other.write(increment)
        return increment(row)

    assert mine.write(decide).created == 4
    assert seen == [0, 1, 2, 3]


def test_attempts_are_bounded() -> None:
    """With another process that writes before each of them, the write ends with an error."""
    table = FakeTable()
    mine, other = (SingleRow(lambda: table, Brake, "brake") for _ in range(2))
    other.write(increment)

    def decide(row: Brake) -> dict[str, Any]:
        other.write(increment)
        return increment(row)

    with pytest.raises(ServiceUnavailable, match="writers"):
        mine.write(decide)
    assert other.read().created == 1 + ATTEMPTS


def test_the_workers_of_a_run_do_not_stand_in_each_others_way() -> None:
    """Two threads of one process never decide at the same time, and each of many writes counts."""
    table = FakeTable()
    stored = SingleRow(lambda: table, Brake, "brake")
    both, met = threading.Barrier(2), []

    def decide(row: Brake) -> dict[str, Any]:
        with suppress(threading.BrokenBarrierError):
            met.append(both.wait(0.1))
        return increment(row)

    side_by_side(lambda _: stored.write(decide), range(320), 32, "workers")
    assert (stored.read().created, met) == (320, [])


def test_a_storage_failure_is_an_error() -> None:
    """And the next write works."""
    table = FakeTable()
    stored = SingleRow(lambda: table, Brake, "brake")
    table.failing = 1
    with pytest.raises(ServiceUnavailable):
        stored.write(increment)
    assert stored.write(increment).created == 1
