"""Leases at their bounds: what earlier versions read after a takeover, what is observed, and what is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.storage.leases import LENGTH, REMEMBERED, observed_after
from tests.support.table import FakeTable
from tests.unit.storage.test_leases import NOW, Process, Time

FREE_AFTER = observed_after(LENGTH)


@pytest.fixture
def table() -> FakeTable:
    """Return an empty table."""
    return FakeTable()


@pytest.fixture
def time() -> Time:
    """Return the real time."""
    return Time()


@pytest.fixture
def first(table: FakeTable, time: Time) -> Process:
    """Return a process."""
    return Process(table, time)


def test_earlier_versions_leave_a_lease_alone_that_was_taken_over(table: FakeTable, time: Time, first: Process) -> None:
    """They read from the row until when."""
    assert first.takes()
    other = Process(table, time)
    assert not other.takes()
    time.seconds += FREE_AFTER
    assert other.takes()
    [row] = table.rows.values()
    assert datetime.fromisoformat(row["until"]) == NOW + timedelta(seconds=FREE_AFTER) + LENGTH


def test_a_process_observes_its_own_lease_from_the_acquisition_on(time: Time, first: Process) -> None:
    """A worker that ended without a release does not keep the next one of its process waiting for longer."""
    assert first.takes()
    time.seconds += FREE_AFTER - 1
    assert not first.takes()
    time.seconds += 1
    assert first.takes()


def test_the_wait_for_a_lease_is_never_negative(table: FakeTable, time: Time, first: Process) -> None:
    """Another process takes it first, long after it could be taken."""
    other = Process(table, time)
    assert first.takes()
    assert not other.takes()
    time.seconds += 2 * FREE_AFTER
    calls = 0

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # after the insert and the read, before the change
            assert first.takes()

    table.before = before
    assert other.seen().wait == 0


def test_the_lease_that_was_observed_longest_ago_is_forgotten_first(
    table: FakeTable, time: Time, first: Process
) -> None:
    """A new etag is a new observation, which takes the lease to the end of the line."""
    other = Process(table, time)
    names = [str(number) for number in range(REMEMBERED)]
    assert all(first.takes(name) for name in names)
    assert not any(other.takes(name) for name in names)
    time.seconds += FREE_AFTER
    assert first.takes(names[0])
    assert not other.takes(names[0])
    assert first.takes("one more")
    assert not other.takes("one more")
    assert other.takes(names[2])
    time.seconds += FREE_AFTER
    assert other.takes(names[0])
    assert not other.takes(names[1])
