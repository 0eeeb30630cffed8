"""The doctor of an app with an address filter in front."""

from __future__ import annotations

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.graph.handshake_check import BLOCKED, PATHS
from tests.support.doctor_world import DoctorWorld

FILTERED, NO_KEY = (BLOCKED, BLOCKED), "answers 401 instead of 200"


def handshake(restricted: str, errors: tuple[str, str]) -> Finding:
    """Return the finding where the relay's calls to its two paths end with these errors."""
    world = DoctorWorld(INBOUND_RESTRICTED=restricted)
    world.store.wrong = dict(zip(PATHS, errors, strict=True))
    findings = {finding.name: finding for finding in world.doctor.examine(DoctorRequest(ping=False))}
    world.end()
    return findings["handshake"]


def test_a_configured_filter_is_inconclusive() -> None:
    """The filter blocks the relay itself; `handshakeOutside` shows whether it lets Graph pass."""
    finding = handshake("true", FILTERED)
    assert (finding.ok, "handshakeOutside" in finding.remedy) == (None, True)


@pytest.mark.parametrize("restricted", ["false", ""])
def test_an_unexpected_filter_is_an_error(restricted: str) -> None:
    """It blocks Graph."""
    finding = handshake(restricted, FILTERED)
    assert (finding.ok, "address filter" in finding.remedy) == (False, True)


@pytest.mark.parametrize("errors", [(BLOCKED, NO_KEY), (NO_KEY, NO_KEY), ("", BLOCKED)])
def test_an_error_that_the_filter_does_not_explain_is_reported(errors: tuple[str, str]) -> None:
    """A filter returns 403 for every path of the app."""
    assert handshake("true", errors).ok is False


def test_a_filter_that_lets_the_relay_pass_is_ok() -> None:
    """An example is a filter for the customer's own network."""
    assert handshake("true", ("", "")).ok is True
