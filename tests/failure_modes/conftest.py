"""A tenant with a hundred live watches, and an empty world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.tenant import Tenant
from tests.support.world import World


@pytest.fixture
def tenant() -> Tenant:
    """Return a tenant with a hundred live watches."""
    return Tenant()


@pytest.fixture
def world() -> Iterator[World]:
    """Return an empty world; its threads end with the test."""
    made = World()
    yield made
    made.end()
