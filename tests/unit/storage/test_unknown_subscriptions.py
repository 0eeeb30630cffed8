"""The rows of unknown subscriptions and of the audit's state, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from azure.data.tables import TableClient

from shared.storage.unknown_subscriptions import AuditState, UnknownSubscription, UnknownSubscriptions, unknown_id_of
from shared.storage.watches import Watches
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server


def unknown(subscription_id: str, expires: datetime, now: datetime) -> UnknownSubscription:
    """Return an unknown subscription."""
    return UnknownSubscription(unknown_id_of(subscription_id), subscription_id, "room1@contoso.com", expires, now, now)


def test_a_row_is_present_until_its_end(table: Callable[[], TableClient], clock: Clock) -> None:
    """The end is compared in whole seconds. The rows are no watches."""
    rows = UnknownSubscriptions(table)
    for name, seconds in (("ended", 0.0), ("now", 0.4), ("lives", 1.5)):
        rows.insert(unknown(name, clock() + timedelta(seconds=seconds), clock()))
    assert [row.subscription_id for row in rows.present(clock())] == ["lives"]
    assert (rows.count(), list(Watches(table).all())) == (3, [])


def test_a_row_is_forgotten_by_the_id_at_graph(table: Callable[[], TableClient], clock: Clock) -> None:
    """Forgetting one without a row does nothing."""
    rows = UnknownSubscriptions(table)
    rows.insert(unknown("lost", clock() + timedelta(days=1), clock()))
    rows.forget("lost")
    rows.forget("lost")
    assert rows.count() == 0


def test_the_first_of_two_changes_of_the_state_wins(table: Callable[[], TableClient], clock: Clock) -> None:
    """Also of two first ones, so that only one of several audits begins."""
    rows = UnknownSubscriptions(table)
    first, second = rows.state(), rows.state()
    assert first == AuditState()
    begun = rows.change_state(first, started=clock())
    assert begun == replace(rows.state(), started=clock())
    assert rows.change_state(second, started=clock()) is None
    again = rows.state()
    assert rows.change_state(again, counted_at=clock()) is not None
    assert rows.change_state(again, counted_at=clock()) is None
    assert rows.state().counted_at == clock()
