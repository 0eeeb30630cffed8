"""Changes of an event that is parked already are merged into its row, whoever writes it meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from shared.errors import ServiceUnavailable
from shared.storage.parked import ATTEMPTS, DEAD, WAITING, Parked, ParkedChanges, merged
from tests.support.table import FakeTable

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def change(hours: int = 0, **more: Any) -> Parked:
    """Return a change that was parked some hours after it was notified at AT + `hours`."""
    at = AT + hours * HOUR
    fields: dict[str, Any] = {"at": at + HOUR / 2, "first_at": at} | more
    return Parked("w", "u", "E", reason="paused", **fields)


@pytest.fixture
def table() -> FakeTable:
    """Return an empty table."""
    return FakeTable()


def row(table: FakeTable, kind: str = WAITING) -> Parked:
    """Return the only row."""
    (parked,) = ParkedChanges(lambda: table).page(kind, 10)
    return replace(parked, etag="")


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_the_first_notification_stays_in_any_order(table: FakeTable, order: tuple[int, ...]) -> None:
    """Whether they are parked together or by and by; everything else is that of the last."""
    changes = [change(hours) for hours in order]
    for each in changes:
        ParkedChanges(lambda: table).put(WAITING, [each])
    expected = replace(changes[-1], first_at=AT + HOUR)
    assert row(table) == expected
    together = FakeTable()
    ParkedChanges(lambda: together).put(WAITING, changes)
    assert row(together) == expected


def test_a_row_of_an_earlier_version_was_notified_when_it_was_parked(table: FakeTable) -> None:
    """At the latest. A later change does not move that."""
    changes = ParkedChanges(lambda: table)
    changes.put(WAITING, [change(first_at=None)])
    assert row(table).first_at is None
    changes.put(WAITING, [change(2)])
    assert row(table).first_at == AT + HOUR / 2


def test_the_series_stays() -> None:
    """A later change may not name it."""
    assert merged(change(series_id="M"), change(1)).series_id == "M"
    assert merged(change(), change(1, series_id="M")).series_id == "M"


def test_attempts_are_not_lost() -> None:
    """A change that a resync finds must not begin the attempts of what is parked again."""
    assert merged(change(attempts=7), change(1)).attempts == 7
    assert merged(change(), change(1, attempts=7)).attempts == 7


def other_writer(table: FakeTable, *, first: Parked, number: int) -> None:
    """Let another process write `first`, then later changes, before each of `number` writes of this process."""
    calls = 0
    others = ParkedChanges(lambda: table)

    def before() -> None:
        nonlocal calls
        calls += 1
        table.before = lambda: None
        others.put(WAITING, [first if calls == 1 else change(10 + calls, deleted=calls % 2 == 0)])
        if calls < number:
            table.before = before

    table.before = before


@pytest.mark.parametrize("exists", [False, True])
def test_writers_at_the_same_time_lose_nothing(table: FakeTable, *, exists: bool) -> None:
    """Another process parks an earlier change with a flag between a read and a write of this process."""
    changes = ParkedChanges(lambda: table)
    if exists:
        changes.put(WAITING, [change(5)])
    other_writer(table, first=change(-3, deleted=True, force=True), number=5)
    changes.put(WAITING, [change(4)])
    after = row(table)
    assert (after.first_at, after.deleted, after.force) == (AT - 3 * HOUR, True, True)


def test_a_row_that_is_dropped_between_read_and_write_is_created(table: FakeTable) -> None:
    """The drain has put it back on the queue meanwhile; this change stays parked."""
    changes = ParkedChanges(lambda: table)
    changes.put(WAITING, [change(-3)])
    calls = 0

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # the transaction, the read, the update
            table.before = lambda: None
            ParkedChanges(lambda: table).forget(WAITING, change().id)

    table.before = before
    changes.put(WAITING, [change(4)])
    assert (row(table).first_at, calls) == (AT + 4 * HOUR, 3)


def test_endless_conflicts_are_an_error(table: FakeTable) -> None:
    """The message then stays with the host."""
    other_writer(table, first=change(), number=10 * ATTEMPTS)
    with pytest.raises(ServiceUnavailable):
        ParkedChanges(lambda: table).put(WAITING, [change(1)])


def test_the_kinds_are_apart(table: FakeTable) -> None:
    """A dead letter does not take the moment of a parked change."""
    changes = ParkedChanges(lambda: table)
    changes.put(WAITING, [change()])
    changes.put(DEAD, [change(1)])
    assert (row(table).first_at, row(table, DEAD).first_at) == (AT, AT + HOUR)
