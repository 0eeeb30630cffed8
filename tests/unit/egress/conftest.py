"""What the tests of calls to others share."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from shared.egress.resolver import Resolver
from shared.egress.session import checked_session
from tests.unit.egress import authority
from tests.unit.egress.deliveries import Names, here


@pytest.fixture
def session(tmp_path: Path) -> requests.Session:
    """Return a session for which HOST is on this machine."""
    return checked_session(Resolver(here, Names("127.0.0.1")), authority.roots(tmp_path))
