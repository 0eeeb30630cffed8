"""Leases that several take at once, the rows of earlier versions, and what a row shows."""

from __future__ import annotations

import random
import re
from datetime import datetime

import pytest

from shared.errors import RelayError
from shared.storage.leases import LENGTH, REMEMBERED, Seen, lease_id_of, observed_after
from tests.support.table import FakeTable
from tests.unit.storage.test_leases import NAMES, NOW, Process, Time

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


@pytest.mark.parametrize("seed", range(10))
def test_no_two_hold_a_lease_in_any_order_of_steps(table: FakeTable, time: Time, seed: int) -> None:
    """Three processes with wrong clocks take, keep, freeze, are killed and release; storage fails at times. In the end
    one of them gets the lease.
    """
    chance = random.Random(seed)
    processes = [Process(table, time, ahead=30 * number - 30, started=chance.random() * 1e6) for number in range(3)]
    took = 0
    for _ in range(1_000):
        time.seconds += chance.choice((1, 5, 20, 61, 250, 700))
        process = chance.choice(processes)
        table.failing = chance.choice((0, 0, 0, 1))
        step = chance.random()
        try:
            if step < 0.9:
                took += 0 if process.keeps() else process.takes()
            elif process.held is not None:
                killed, process.held = process.held, None
                if step < 0.95:
                    killed.release()
        except RelayError:
            process.held = None
        assert sum(each.held is not None and each.held.is_held() for each in processes) <= 1
    table.failing = 0
    assert took > 10
    got = []
    for _ in range(3):  # if one works, or a killed one has the lease, the others observe it first
        got += [process.takes() for process in processes if not process.keeps()]
        time.seconds += FREE_AFTER
    assert any(got)


def test_different_names_are_different_leases(first: Process) -> None:
    """Each name has its own row."""
    assert len({lease_id_of(name) for name in NAMES}) == len(NAMES)
    assert all(first.takes(name) for name in NAMES)


def test_a_lease_is_taken_over_once(table: FakeTable, time: Time, first: Process) -> None:
    """Both have observed it, and have read the row before either changes it."""
    one, another = Process(table, time), Process(table, time)
    assert first.takes()
    assert not one.takes()
    assert not another.takes()
    time.seconds += FREE_AFTER
    calls = 0

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # after the insert and the read, before the change
            assert another.takes()

    table.before = before
    assert not one.takes()
    assert another.keeps()


def test_a_lease_that_is_released_during_the_attempt_can_be_had_at_the_next(table: FakeTable, first: Process) -> None:
    """There is nothing to observe."""
    assert first.takes()
    held, calls = first.held, 0
    assert held is not None

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:  # after the insert, before the read
            held.release()

    table.before = before
    assert first.seen() == Seen("", 0)
    assert first.takes()


def test_a_lost_answer_costs_the_holder_its_lease(time: Time, first: Process, table: FakeTable) -> None:
    """The row has an etag that nobody knows. It is free after it has been observed."""
    assert first.takes()
    [row] = table.rows.values()
    row.etag = "another"
    time.seconds += 60
    assert not first.keeps()
    assert not first.takes()
    time.seconds += FREE_AFTER
    assert first.takes()


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00", ""])
def test_a_row_of_an_earlier_version_is_observed_like_any_other(
    table: FakeTable, time: Time, first: Process, until: str
) -> None:
    """Its time says nothing to this version."""
    key = lease_id_of("audit")
    table.create_entity({"PartitionKey": "attempt", "RowKey": key, "id": key, "until": until})
    assert not first.takes()
    time.seconds += FREE_AFTER - 1
    assert not first.takes()
    time.seconds += 1
    assert first.takes()


def test_a_row_has_a_hash_and_a_time(first: Process, table: FakeTable) -> None:
    """Nothing of the name is stored. Earlier versions leave the lease alone until its time."""
    assert first.takes("ola@contoso.com")
    [row] = table.rows.values()
    assert set(row) == {"PartitionKey", "RowKey", "id", "until"}
    assert re.fullmatch("[0-9a-f]{32}", row["RowKey"])
    assert datetime.fromisoformat(row["until"]) == NOW + LENGTH


def test_a_process_remembers_a_bounded_number_of_leases(table: FakeTable, time: Time, first: Process) -> None:
    """One that it forgot is observed anew: later, and never too early."""
    other = Process(table, time)
    names = [str(number) for number in range(REMEMBERED + 1)]
    assert all(first.takes(name) for name in names)
    assert not any(other.takes(name) for name in names)
    assert len(other.leases._first_seen) == REMEMBERED
    time.seconds += FREE_AFTER
    assert not other.takes(names[0])
    assert other.takes(names[-1])


def test_a_process_does_not_remember_what_it_released(first: Process) -> None:
    """Its bookings do not displace a lease that it observes."""
    assert first.takes()
    assert first.held is not None
    first.held.release()
    assert not first.leases._first_seen
