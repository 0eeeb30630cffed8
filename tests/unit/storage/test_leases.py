"""Claims about leases: any name can be held, by one holder at a time, and a holder that crashed is not waited for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from shared.storage.leases import Lease, Leases
from tests.support.table import FakeTable

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NAMES = [
    "drain", "", "turn\nsalon@contoso.com", "0123456789abcdef" * 2, "Ünïcødé/#?", "half: \ud800", "x" * 2000,
]  # fmt: skip


@pytest.fixture
def table() -> FakeTable:
    """Return the table, without a row."""
    return FakeTable()


@pytest.fixture
def leases(table: FakeTable) -> Leases:
    """Return the leases of the table."""
    return Leases(lambda: table)  # type: ignore[arg-type, return-value]


def acquired(leases: Leases, name: str, now: datetime = NOW) -> Lease:
    """Acquire a lease that is free, for a minute."""
    lease = leases.acquire(name, now, now + MINUTE)
    assert lease is not None
    return lease


@pytest.mark.parametrize("name", NAMES)
def test_a_lease_of_any_name_expires_and_is_acquired_again(leases: Leases, name: str) -> None:
    """More than once: the second holder may crash, too."""
    for number in range(3):
        now = NOW + number * MINUTE
        acquired(leases, name, now)
        for later in (timedelta(), MINUTE - timedelta(microseconds=1)):
            assert leases.acquire(name, now + later, now + 2 * MINUTE) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_lease_that_is_released_is_free_at_once(leases: Leases, table: FakeTable, name: str) -> None:
    """And leaves no row."""
    for _ in range(2):
        leases.release(acquired(leases, name))
        assert table.rows == {}


def test_names_do_not_meet(leases: Leases) -> None:
    """Each has a lease of its own."""
    assert len({acquired(leases, name).id for name in NAMES}) == len(NAMES)


def test_a_holder_that_comes_too_late_releases_nothing(leases: Leases) -> None:
    """The lease expired, and another holder has it."""
    late = acquired(leases, "drain")
    acquired(leases, "drain", NOW + MINUTE)
    leases.release(late)
    assert leases.acquire("drain", NOW + MINUTE, NOW + 2 * MINUTE) is None


def test_of_two_who_take_over_an_expired_lease_one_gets_it(leases: Leases, table: FakeTable) -> None:
    """Both have read the row before either changes it."""
    acquired(leases, "drain")
    later, others, calls = NOW + MINUTE, [], []

    def before() -> None:
        calls.append(1)
        if len(calls) == 3:  # it has tried to insert and has read; now it would change
            others.append(leases.acquire("drain", later, later + MINUTE))

    table.before = before
    assert leases.acquire("drain", later, later + MINUTE) is None
    assert others[0] is not None


def test_a_row_holds_a_hash_and_a_moment(leases: Leases, table: FakeTable) -> None:
    """Nothing of the name."""
    acquired(leases, "ola@contoso.com")
    [row] = table.rows.values()
    assert set(row) == {"PartitionKey", "RowKey", "id", "until"}
    assert re.fullmatch("[0-9a-f]{32}", row["RowKey"])
