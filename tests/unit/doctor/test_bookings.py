"""Claims about the doctor where the feature bookings is on: what is missing is named, and nothing that is needed is
called too much.
"""

from __future__ import annotations

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.errors import ConfigurationError
from tests.support.doctor_world import OUTSIDE, DoctorWorld
from tests.support.world import MAILBOX

READ, WRITE, CANCEL = "Bookings.Read.All", "BookingsAppointment.ReadWrite.All", "Bookings.ReadWrite.All"


def examined(features: str, *roles: str) -> dict[str, Finding]:
    """Return the findings of a relay whose token carries some roles."""
    world = DoctorWorld(ALLOWED_MAILBOXES=MAILBOX, FEATURES=features)
    world.probe.granted = frozenset(roles)
    found = {one.name: one for one in world.doctor.examine(DoctorRequest((MAILBOX,), (OUTSIDE,), ping=False))}
    world.end()
    return found


@pytest.mark.parametrize("roles", [(READ, WRITE, CANCEL), (READ, WRITE)])
def test_what_the_feature_needs_is_enough_and_not_too_much(roles: tuple[str, ...]) -> None:
    """Without the third permission it says what cannot be done."""
    findings = examined("relay, Bookings", *roles)
    assert (findings["bookings"].ok, findings["token"].ok) == (True, True)
    assert (CANCEL in findings["bookings"].detail) == (CANCEL not in roles)


@pytest.mark.parametrize(("roles", "missing"), [
    ((), (READ, WRITE)), ((READ,), (WRITE,)), ((WRITE,), (READ,)), ((CANCEL, WRITE), (READ,)),
])  # fmt: skip
def test_a_permission_that_is_missing_is_named(roles: tuple[str, ...], missing: tuple[str, ...]) -> None:
    """With the script that grants it."""
    finding = examined("bookings", *roles)["bookings"]
    assert finding.ok is False
    assert finding.detail.endswith(f"carries no {', '.join(missing)}")
    assert "Grant-RelayPermission.ps1 -Feature bookings" in finding.remedy


@pytest.mark.parametrize("role", [READ, WRITE, CANCEL])
def test_while_the_feature_is_off_its_permissions_are_too_much(role: str) -> None:
    """And there is no finding of it."""
    findings = examined("relay", role)
    assert "bookings" not in findings
    assert findings["token"].ok is False
    assert role in findings["token"].detail


def test_without_a_token_nobody_can_tell() -> None:
    """One cause is named once."""
    world = DoctorWorld(ALLOWED_MAILBOXES=MAILBOX, FEATURES="bookings")
    world.probe.no_token = ConfigurationError("s", "refused")
    findings = {one.name: one for one in world.doctor.examine(DoctorRequest())}
    world.end()
    assert (findings["token"].ok, findings["bookings"].ok) == (False, None)
