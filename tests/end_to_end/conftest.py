"""The stacks that the end-to-end tests share, each started once, when the first test asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.stack import Stack
from tests.end_to_end.world import World

FOLDER = Path(__file__).parent
SENDER = {"hintSpreadSeconds": 0.2, "batchSeconds": 0.05, "flipSeconds": 0.3, "seed": 7}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here: each talks to servers."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("server")


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start the stack that most tests share."""
    settings = {"SETTLE_SECONDS": "1", "ALLOWED_NOTIFICATION_HOSTS": "localhost"}
    with Stack(tmp_path_factory.mktemp("stack"), settings, {"settings": SENDER}) as stack:
        yield World(stack)


@pytest.fixture
def world(_world: World) -> Iterator[World]:
    """Give the shared stack; what a test planted is taken away after it."""
    yield _world
    _world.clear()
