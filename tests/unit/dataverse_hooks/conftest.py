"""The relay over the sandbox's Graph and Dataverse, with its route for webhooks, a new one per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hooks_world import HookedWorld, hooks_world


@pytest.fixture
def world(certificates: Path) -> Iterator[HookedWorld]:
    """Yield the relay, which has not been started, in an environment without webhooks."""
    with hooks_world(certificates) as world:
        yield world
