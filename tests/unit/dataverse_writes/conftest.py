"""The relay over the sandbox's Graph and Dataverse, writing both sides, a new one per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dataverse_world import KARI, OLA, ROOM
from tests.support.pairs_world import PairsWorld, pairs_world

RESOURCES = [{"mailbox": OLA}, {"mailbox": KARI}, {"mailbox": ROOM, "marked": False}]


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay, which follows two people and not the room, and writes both sides."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": "both"}, resources=RESOURCES) as world:
        yield world.begin_to_follow()
