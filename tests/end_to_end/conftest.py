"""The relay that most end-to-end tests share, started once, for the first test that uses it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.relay import Relay

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here: each talks to servers."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("server")


@pytest.fixture(scope="session")
def shared_relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """Start the relay that most tests share."""
    with Relay.running(tmp_path_factory.mktemp("stack")) as relay:
        yield relay


@pytest.fixture
def relay(shared_relay: Relay) -> Iterator[Relay]:
    """Give the shared relay; what a test planted is taken away after it."""
    yield shared_relay
    shared_relay.clear()
