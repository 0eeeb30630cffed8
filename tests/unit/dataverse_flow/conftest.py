"""The relay over the sandbox's Graph and Dataverse, a new one per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pairs_world import PairsWorld, pairs_world


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay, which has not been started."""
    with pairs_world(certificates) as world:
        yield world
