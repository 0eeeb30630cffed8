"""Claims about the doctor where an address filter stands before the app."""

from __future__ import annotations

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.graph.handshake_check import BLOCKED, PATHS
from tests.support.doctor_world import DoctorWorld

FILTERED, NO_KEY = (BLOCKED, BLOCKED), "answers 401, and not 200"


def handshake(restricted: str, mistakes: tuple[str, str]) -> Finding:
    """Return what is found where the relay's call to itself comes to this, at one path and the other."""
    world = DoctorWorld(INBOUND_RESTRICTED=restricted)
    world.store.wrong = dict(zip(PATHS, mistakes, strict=True))
    (finding,) = [one for one in world.doctor.examine(DoctorRequest(ping=False)) if one.name == "handshake"]
    world.end()
    return finding


def test_a_filter_that_is_wanted_is_no_mistake() -> None:
    """The relay is outside of it, as nearly everybody is; whether Graph is let in is seen from where callers are."""
    finding = handshake("true", FILTERED)
    assert (finding.ok, "handshakeOutside" in finding.remedy) == (None, True)


@pytest.mark.parametrize("restricted", ["false", ""])
def test_a_filter_that_nobody_wanted_is_one(restricted: str) -> None:
    """It keeps Graph out."""
    finding = handshake(restricted, FILTERED)
    assert (finding.ok, "address filter" in finding.remedy) == (False, True)


@pytest.mark.parametrize("mistakes", [(BLOCKED, NO_KEY), (NO_KEY, NO_KEY), ("", BLOCKED)])
def test_what_the_filter_does_not_explain_is_wrong(mistakes: tuple[str, str]) -> None:
    """It holds for the whole app, and says 403 to whatever is asked."""
    assert handshake("true", mistakes).ok is False


def test_a_filter_that_lets_the_relay_in_hides_nothing() -> None:
    """A network of one's own, for instance."""
    assert handshake("true", ("", "")).ok is True
