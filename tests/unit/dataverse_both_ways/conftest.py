"""The relay over the sandbox's Graph and Dataverse, writing both sides, a new one per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pairs_world import PairsWorld, pairs_world


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay, which follows two people."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both"}) as world:
        yield world.begin_to_follow()
