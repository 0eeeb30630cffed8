"""The heartbeat, on the real Azurite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.data.tables import TableClient

from shared.storage.heartbeat import Heartbeat
from shared.storage.watches import Watches
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server


def test_the_last_beat_is_remembered(table: Callable[[], TableClient], clock: Clock) -> None:
    """It is None at first, exact to the microsecond, and does not count as a watch."""
    heartbeat = Heartbeat(table)
    assert heartbeat.last() is None
    heartbeat.beat(clock())
    later = clock() + timedelta(hours=1, microseconds=7)
    heartbeat.beat(later)
    assert heartbeat.last() == later
    assert list(Watches(table).all()) == []
