"""A lease of any name has one holder at a time, and expires when its holder crashes."""

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
    """Return an empty table."""
    return FakeTable()


@pytest.fixture
def leases(table: FakeTable) -> Leases:
    """Return the leases in the table."""
    return Leases(lambda: table)


def acquired(leases: Leases, name: str, now: datetime = NOW) -> Lease:
    """Acquire a free lease for a minute."""
    lease = leases.acquire(name, now, now + MINUTE)
    assert lease is not None
    return lease


@pytest.mark.parametrize("name", NAMES)
def test_a_lease_of_any_name_expires_and_is_acquired_again(leases: Leases, name: str) -> None:
    """It can expire repeatedly: the second holder may crash, too."""
    for number in range(3):
        now = NOW + number * MINUTE
        acquired(leases, name, now)
        for later in (timedelta(), MINUTE - timedelta(microseconds=1)):
            assert leases.acquire(name, now + later, now + 2 * MINUTE) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_released_lease_is_free_immediately(leases: Leases, table: FakeTable, name: str) -> None:
    """It leaves no row."""
    for _ in range(2):
        leases.release(acquired(leases, name))
        assert table.rows == {}


def test_different_names_are_different_leases(leases: Leases) -> None:
    """Each name has its own lease."""
    assert len({acquired(leases, name).id for name in NAMES}) == len(NAMES)


def test_a_late_holder_releases_nothing(leases: Leases) -> None:
    """The lease expired, and another holder has it."""
    late = acquired(leases, "drain")
    acquired(leases, "drain", NOW + MINUTE)
    leases.release(late)
    assert leases.acquire("drain", NOW + MINUTE, NOW + 2 * MINUTE) is None


def test_an_expired_lease_is_taken_over_once(leases: Leases, table: FakeTable) -> None:
    """Both callers have read the row before either changes it."""
    acquired(leases, "drain")
    later, calls = NOW + MINUTE, 0
    others: list[Lease | None] = []

    def before() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # after the insert and the read, before the change
            others.append(leases.acquire("drain", later, later + MINUTE))

    table.before = before
    assert leases.acquire("drain", later, later + MINUTE) is None
    assert others[0] is not None


def test_a_row_has_a_hash_and_a_time(leases: Leases, table: FakeTable) -> None:
    """Nothing of the name is stored."""
    acquired(leases, "ola@contoso.com")
    [row] = table.rows.values()
    assert set(row) == {"PartitionKey", "RowKey", "id", "until"}
    assert re.fullmatch("[0-9a-f]{32}", row["RowKey"])
