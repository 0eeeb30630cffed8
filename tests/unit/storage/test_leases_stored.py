"""Leases on the real Azurite: etags change with every write, and conditions are checked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from azure.data.tables import TableClient

from shared.storage.leases import Held, Leases, Seen
from tests.unit.storage.conftest import Clock

pytestmark = pytest.mark.server


def test_a_lease_is_renewed_observed_taken_and_released(table: Callable[[], TableClient], clock: Clock) -> None:
    """Two processes take turns; the first one stops in between."""
    first, other = (Leases(table, clock=lambda: clock.time.timestamp()) for _ in range(2))  # noqa: PLW0108
    held = first.acquire("audit", clock())
    assert isinstance(held, Held)
    before = other.acquire("audit", clock())
    clock.pass_by(60)
    assert held.keep(clock())
    seen = other.acquire("audit", clock())
    assert isinstance(before, Seen)
    assert isinstance(seen, Seen)
    assert before.etag != seen.etag
    clock.pass_by(310)
    taken = other.acquire("audit", clock())
    assert isinstance(taken, Held)
    assert not held.keep(clock())
    held.release()
    assert isinstance(first.acquire("audit", clock(), waited_for=seen.etag), Seen)
    taken.release()
    assert isinstance(first.acquire("audit", clock()), Held)
