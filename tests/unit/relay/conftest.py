"""A world for each test of a use case."""

from collections.abc import Iterator

import pytest

from tests.unit.relay.fakes import World


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world with nothing in it; its threads end with it."""
    made = World()
    yield made
    made.workers.shutdown()
