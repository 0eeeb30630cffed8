"""A world with a followed business for each test."""

from collections.abc import Iterator

import pytest

from tests.support.followed_world import FollowedWorld


@pytest.fixture
def world() -> Iterator[FollowedWorld]:
    """Return a world whose business was read once, without an appointment; end its threads after the test."""
    world = FollowedWorld()
    yield world
    world.end()
