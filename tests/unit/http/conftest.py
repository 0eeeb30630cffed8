"""Fixtures for tests of outgoing calls."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from shared.http.checked_session import checked_session
from shared.http.resolver import Resolver
from tests.support import authority
from tests.support.deliveries import Names, here


@pytest.fixture
def session(tmp_path: Path) -> requests.Session:
    """Return a session for which HOST is this machine."""
    return checked_session(Resolver(here, Names("127.0.0.1")), authority.roots(tmp_path))
