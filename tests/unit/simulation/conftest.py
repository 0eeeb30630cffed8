"""A Graph in memory whose clock stands at the start of the simulation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.simulation.subscriptions import Subscriptions

START = datetime(2026, 1, 1, tzinfo=UTC)


class GraphInMemory(Subscriptions):
    """Graph's subscriptions, with a clock that the test moves."""

    def __init__(self) -> None:
        self.time = START
        super().__init__(lambda: self.time)

    def end(self, minutes: int = 10_000) -> datetime:
        """Return the end of a lifetime that begins now."""
        return self.time + timedelta(minutes=minutes)

    def subscribed(self, mailbox: str, url: str = "https://relay.example") -> str:
        """Create a subscription of a mailbox, and return its id."""
        return self.create(mailbox, f"{url}/api/notifications", f"{url}/api/lifecycle", "state", self.end()).id


@pytest.fixture
def graph() -> GraphInMemory:
    """Return a Graph without subscriptions."""
    return GraphInMemory()
