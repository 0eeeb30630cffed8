"""Fixtures that several folders of the unit tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.certificates import make_certificates
from tests.support.world import World


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a CA and a server certificate, created once."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture
def world() -> Iterator[World]:
    """Return an empty world; its threads end with the test."""
    made = World()
    yield made
    made.end()
