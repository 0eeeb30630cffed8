"""What the tests of the partner share: one that runs, and is as new for every test."""

from collections.abc import Iterator

import pytest

from tests.support.partner_process import SECRET, RunningPartner, running_partner


@pytest.fixture(scope="module")
def served() -> Iterator[RunningPartner]:
    """One partner for all tests here."""
    with running_partner() as partner:
        yield partner


@pytest.fixture
def partner(served: RunningPartner) -> RunningPartner:
    """The partner, with nothing received and nothing planted."""
    served.delete("/behaviour")
    served.post("/secrets", {"secrets": [SECRET]})
    served.delete()
    return served
