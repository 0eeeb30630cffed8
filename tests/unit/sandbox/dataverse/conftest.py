"""A running environment per test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.dataverse_world import DataverseWorld, dataverse_world


@pytest.fixture
def seed() -> dict[str, Any]:
    """Return keys of the environment's seed; a test module may override it."""
    return {}


@pytest.fixture
def world(certificates: Path, seed: dict[str, Any]) -> Iterator[DataverseWorld]:
    """Serve a tenant with an environment."""
    with dataverse_world(certificates, **seed) as world:
        yield world
