"""The heartbeat, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from azure.data.tables import TableClient

from shared.storage.heartbeat import Beats, Heartbeat
from shared.storage.watches import Watches
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server
ROW = {"PartitionKey": "relay", "RowKey": "heartbeat"}


def test_the_last_run_and_the_last_success_are_remembered(table: Callable[[], TableClient], clock: Clock) -> None:
    """They are None at first, exact to the microsecond, and do not count as a watch."""
    heartbeat = Heartbeat(table)
    assert (heartbeat.last_run(), heartbeat.beats().succeeded) == (None, None)
    heartbeat.ran(clock())
    assert (heartbeat.last_run(), heartbeat.beats().succeeded) == (clock(), None)
    end = clock() + timedelta(minutes=2, microseconds=7)
    heartbeat.succeeded(end)
    assert (heartbeat.last_run(), heartbeat.beats().succeeded) == (clock(), end)
    assert list(Watches(table).all()) == []


def test_runs_without_success_are_counted(table: Callable[[], TableClient], clock: Clock) -> None:
    """A run that fails moves the last run only; a success begins the count anew."""
    heartbeat = Heartbeat(table)
    for _ in range(3):
        heartbeat.ran(clock())
        clock.pass_by(1800)
    assert heartbeat.beats() == Beats(clock() - timedelta(minutes=30), None, 3)
    heartbeat.succeeded(clock())
    heartbeat.ran(clock())
    assert heartbeat.beats() == Beats(clock(), clock(), 1)


def test_an_earlier_version_can_work_on_the_same_row(table: Callable[[], TableClient], clock: Clock) -> None:
    """It writes the column "at" alone and needs it; a row of its own has no success."""
    table().upsert_entity({**ROW, "at": clock().isoformat()})
    heartbeat = Heartbeat(table)
    assert heartbeat.beats() == Beats(clock())
    heartbeat.ran(clock())
    heartbeat.succeeded(clock())
    later = clock() + timedelta(hours=1)
    table().upsert_entity({**ROW, "at": later.isoformat()})
    assert heartbeat.beats() == Beats(later, clock(), 0)


def test_a_success_alone_leaves_a_row_that_an_earlier_version_can_read(
    table: Callable[[], TableClient], clock: Clock
) -> None:
    """Somebody deleted the row during the run."""
    Heartbeat(table).succeeded(clock())
    assert datetime.fromisoformat(table().get_entity(ROW["PartitionKey"], ROW["RowKey"])["at"]) == clock()


def test_the_message_for_an_overdue_run_is_queued_once(table: Callable[[], TableClient], clock: Clock) -> None:
    """After each run, and again if none came; a moment that a wrong clock has written far ahead does not count."""
    heartbeat, wait, minute, now = Heartbeat(table), timedelta(minutes=90), timedelta(minutes=1), clock()
    assert not heartbeat.queue_run(now, wait)  # before the first run there is nothing to renew
    heartbeat.ran(now)
    later = now + timedelta(hours=2)
    assert [heartbeat.queue_run(later + number * minute, wait) for number in (0, 1, 90, 91)] == [
        True,
        False,
        False,
        True,
    ]
    heartbeat.ran(later + 100 * minute)
    assert heartbeat.beats().ran == later + 100 * minute
    assert heartbeat.queue_run(later + timedelta(days=5), wait)
    assert heartbeat.queue_run(later + 200 * minute, wait)
