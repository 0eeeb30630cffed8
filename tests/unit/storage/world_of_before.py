"""A world in memory whose tables have the rows of the old code, at the moment after the last was written."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from shared.graph.subscriptions import Subscription, resource_of
from shared.storage.leases import Leases
from tests.fixtures.before_restructure.load import content_of
from tests.support.booking_world import BookingWorld
from tests.support.table import FakeTable
from tests.support.world import MAILBOX

NOW = datetime(2026, 11, 20, 10, 33, tzinfo=UTC)


class WorldOfBefore(BookingWorld):
    """Its endpoint is paused, as in the fixture. Graph has the subscription of room1, and no event."""

    def __init__(self) -> None:
        super().__init__()
        self.time = NOW
        self.lease_rows = FakeTable()
        self.leases = Leases(lambda: self.lease_rows, clock=lambda: self.time.timestamp())  # noqa: PLW0108
        tables = {"watches": self.rows, "ledger": self.ledger_rows, "parked": self.parked_rows,
                  "slots": self.slot_rows, "attempts": self.lease_rows}  # fmt: skip
        rows = content_of("rows")
        for name, table in tables.items():
            for row in rows[name]:
                table.create_entity(row)
        urls = self.addresses.relay_url, self.addresses.lifecycle_url
        end = datetime(2026, 11, 27, 8, 41, tzinfo=UTC)
        self.subscriptions._ids = itertools.count(100)  # Graph does not reuse ids
        self.subscriptions.existing["s-1"] = Subscription("s-1", resource_of(MAILBOX), *urls, end)

    def flowing(self) -> WorldOfBefore:
        """Resume deliveries, and discard the jobs that this queues."""
        self.pause.resume("a test", "tester")
        self.jobs.take_jobs()
        return self


@pytest.fixture
def world() -> Iterator[WorldOfBefore]:
    """Return a world of before; its threads end with the test."""
    made = WorldOfBefore()
    yield made
    made.end()
