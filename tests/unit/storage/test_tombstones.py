"""Tombstones name subscriptions of deleted watches for ten days, on the real Azurite."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.data.tables import TableClient

from shared.storage.tombstones import KEEP, Tombstones
from shared.storage.watches import Watches
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server

Table = Callable[[], TableClient]
SUBSCRIPTION = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"


@pytest.fixture
def tombstones(table: Table) -> Tombstones:
    """Return the tombstones in an empty table."""
    return Tombstones(table)


def test_a_tombstone_names_a_single_subscription(tombstones: Tombstones, clock: Clock) -> None:
    """Any text is an id, and a second write moves the time."""
    for subscription_id in (SUBSCRIPTION, "", "s/?#\\", "\udc80"):
        assert not tombstones.names(subscription_id)
        tombstones.write(subscription_id, clock())
        tombstones.write(subscription_id, clock() + timedelta(days=1))
        assert tombstones.names(subscription_id)
    assert not tombstones.names(SUBSCRIPTION.upper())
    assert {row.at for row in tombstones.all()} == {clock() + timedelta(days=1)}
    assert tombstones.written_at(SUBSCRIPTION) == clock() + timedelta(days=1)
    assert tombstones.written_at("another") is None


def test_a_tombstone_holds_a_hash_and_a_time_alone(tombstones: Tombstones, table: Table, clock: Clock) -> None:
    """Nothing in it leads to the mailbox or to the subscription."""
    clock.pass_by(0.5)
    tombstones.write(SUBSCRIPTION, clock())
    [row] = table().list_entities()
    assert set(row) == {"PartitionKey", "RowKey", "id", "at"}
    assert re.fullmatch(r"[0-9a-f]{32}", row["RowKey"])
    assert row["id"] == row["RowKey"]
    assert row["at"] == "2026-11-20T10:00:00Z"


def test_tombstones_are_kept_longer_than_a_subscription_lives(tombstones: Tombstones, clock: Clock) -> None:
    """Ten days; then they are dropped, and only the old ones are."""
    assert timedelta(minutes=10_080) < KEEP
    tombstones.write("old", clock())
    clock.pass_by(1)
    tombstones.write("new", clock())
    clock.pass_by(KEEP.total_seconds() - 1)
    assert tombstones.drop_old(clock()) == 0
    clock.pass_by(1)
    assert tombstones.drop_old(clock()) == 1
    assert [tombstones.names(name) for name in ("old", "new")] == [False, True]


def test_a_tombstone_is_no_watch(tombstones: Tombstones, table: Table, clock: Clock) -> None:
    """They share a table."""
    tombstones.write(SUBSCRIPTION, clock())
    watches = Watches(table)
    assert (list(watches.rows()), watches.count(), list(watches.due(clock() + KEEP))) == ([], 0, [])


def test_a_tombstone_can_be_dropped(tombstones: Tombstones, clock: Clock) -> None:
    """Of a subscription that is known to be gone; also of one without a tombstone."""
    for name in ("a", "b"):
        tombstones.write(name, clock())
    tombstones.drop("a")
    tombstones.drop("never")
    assert [tombstones.names(name) for name in ("a", "b")] == [False, True]
