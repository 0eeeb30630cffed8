"""What several parts of the unit tests share."""

from pathlib import Path

import pytest

from sandbox.certificates import make_certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a CA and a server's certificate, made once."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder
