"""The doctor with the feature rooms: it reads one room."""

from __future__ import annotations

import pytest

from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.errors import ConfigurationError, GraphError, GraphForbidden, GraphUnavailable
from tests.support.doctor_world import DoctorWorld
from tests.support.world import MAILBOX


def examined(features: str, failure: GraphError | None = None, *, no_token: bool = False) -> dict[str, Finding]:
    """Return the findings of a relay for which Graph answers so."""
    world = DoctorWorld(ALLOWED_MAILBOXES=MAILBOX, FEATURES=features)
    world.probe.rooms = failure
    world.probe.no_token = ConfigurationError("s", "refused") if no_token else None
    findings = world.doctor.examine(DoctorRequest())
    world.end()
    return {finding.name: finding for finding in findings}


def test_rooms_can_be_read() -> None:
    """The finding is ok."""
    assert examined("rooms")["rooms"].ok is True


def test_a_missing_permission_is_named_with_the_command_that_grants_it() -> None:
    """It is the tenant's to grant."""
    finding = examined("rooms", GraphForbidden(403, "ErrorAccessDenied"))["rooms"]
    assert finding.ok is False
    assert "Place.Read.All" in finding.remedy
    assert "entra grant relay --app-id CLIENT_ID --feature rooms" in finding.remedy


def test_trouble_that_passes_is_no_finding_against_the_permission() -> None:
    """Nor is a token that is missing."""
    finding = examined("rooms", GraphUnavailable(503, "x"))["rooms"]
    assert "Place.Read.All" not in finding.remedy
    assert examined("rooms", no_token=True)["rooms"].ok is None


@pytest.mark.parametrize("features", ["", "relay", "calendars"])
def test_without_the_feature_there_is_no_finding(features: str) -> None:
    """The permission is not needed then."""
    assert "rooms" not in examined(features)
