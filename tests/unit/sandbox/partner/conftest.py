"""A running partner, reset for every test."""

from collections.abc import Iterator

import pytest

from tests.support.partner_process import SECRET, RunningPartner, running_partner


@pytest.fixture(scope="module")
def served() -> Iterator[RunningPartner]:
    """Serve a partner for all tests here."""
    with running_partner() as partner:
        yield partner


@pytest.fixture
def partner(served: RunningPartner) -> RunningPartner:
    """Return the partner, with nothing received and no planned behaviour."""
    served.delete("/behaviour")
    served.post("/secrets", {"secrets": [SECRET]})
    served.delete()
    return served
