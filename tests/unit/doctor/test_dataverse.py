"""The doctor with the feature dataverse, against an environment of the sandbox: what is missing is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from shared.doctor.dataverse import DataverseChecks
from shared.doctor.finding import Finding
from shared.dynamics.client import DynamicsClient
from shared.dynamics.examination import Examination
from shared.dynamics.rights import READING
from tests.support.dataverse_world import APP, DataverseWorld, dataverse_world

pytestmark = pytest.mark.server
ON = {"FEATURES": "dataverse", "ALLOWED_MAILBOXES": "ola@contoso.com"}
RIGHTS = (
    "prvReadBookableResourceBooking", "prvReadBookableResource", "prvReadBookingStatus", "prvReadOrganization",
    "prvReadMailbox",
)  # fmt: skip


class NoBreaker:
    """Lets every call pass."""

    def require(self) -> None:
        """Do nothing."""

    def record(self, error: Exception | None) -> None:
        """Do nothing."""


@pytest.fixture
def world(certificates: Path) -> Iterator[DataverseWorld]:
    """An environment whose app has the role to-Outlook."""
    with dataverse_world(certificates, applicationUsers={APP: "to-outlook"}) as served:
        yield served


def examined(world: DataverseWorld, *findings: str, **settings: str) -> dict[str, Finding]:
    """Return the findings by name; `findings` are those of the plan."""

    def token(*, fresh: bool = False) -> str:
        return world.token()

    client = DynamicsClient(lambda: world.url, token, lambda: world.session, NoBreaker())
    checks = DataverseChecks(Settings.load(ON | settings), lambda: Examination(client), lambda: findings, tuple)
    return {finding.name: finding for finding in checks.run()}


def test_a_complete_setup_passes(world: DataverseWorld) -> None:
    """All five checks, and nothing is left to do."""
    seen = examined(world)
    names = ["dataverse", "dataverseRights", "dataverseTracking", "dataverseStatuses", "dataverseMailboxes"]
    assert list(seen) == names
    assert [(each.ok, each.remedy) for each in seen.values()] == [(True, "")] * 5
    assert all(table in seen["dataverseRights"].detail for table in READING)


def test_nothing_is_called_while_the_feature_is_off() -> None:
    """No address is set then."""

    def unused() -> Any:
        raise AssertionError("called")

    assert DataverseChecks(Settings.load({"FEATURES": "calendars"}), unused, unused, unused).run() == []


@pytest.mark.parametrize("right", RIGHTS)
def test_each_right_that_is_missing_is_named(world: DataverseWorld, right: str) -> None:
    """With its table; it is read and not tried."""
    world.control("POST", f"/users/{APP}", {"privileges": "to-outlook", "without": [right]})
    finding = examined(world)["dataverseRights"]
    assert finding.ok is False
    assert f"lacks {right} (" in finding.detail
    assert "dataverse setup" in finding.remedy


def test_the_right_to_read_rights_is_named_as_well(world: DataverseWorld) -> None:
    """Without it no other can be read, so that nothing is said of these."""
    world.control("POST", f"/users/{APP}", {"privileges": "to-outlook", "without": ["prvReadUser"]})
    finding = examined(world)["dataverseRights"]
    assert finding.ok is False
    assert "prvReadUser" in finding.detail


def test_an_app_without_an_application_user_is_reported(world: DataverseWorld) -> None:
    """The other checks are inconclusive: what cannot be read is not missing."""
    world.control("POST", f"/users/{APP}", {"privileges": None})
    seen = examined(world)
    assert (seen["dataverse"].ok, "application user" in seen["dataverse"].remedy) == (False, True)
    assert [seen[name].ok for name in seen if name != "dataverse"] == [None] * 4


@pytest.mark.parametrize("behavior", ["DateOnly", "TimeZoneIndependent"])
def test_times_that_are_kept_otherwise_are_named(world: DataverseWorld, behavior: str) -> None:
    """The other checks go on: the administrator sees everything at once."""
    world.control("POST", "/tables/bookableresourcebooking", {"behavior": behavior})
    seen = examined(world)
    assert seen["dataverse"].ok is False
    assert f"starttime is {behavior}" in seen["dataverse"].detail
    assert seen["dataverseRights"].ok is True


def test_change_tracking_that_is_off_is_a_step_to_do(world: DataverseWorld) -> None:
    """The feature works without it, later."""
    world.control("POST", "/tables/bookableresourcebooking", {"tracked": False})
    finding = examined(world)["dataverseTracking"]
    assert finding.ok is True
    assert "Track changes" in finding.remedy


def test_the_findings_of_the_plan_are_shown(world: DataverseWorld) -> None:
    """Such as two resources on one mailbox, and bookings that nobody shows."""
    finding = examined(world, "two resources lead to ola@contoso.com", "4 bookings of work orders have no event")
    assert finding["dataverseMailboxes"].ok is False
    assert "two resources" in finding["dataverseMailboxes"].detail
    assert "4 bookings" in finding["dataverseMailboxes"].detail


@pytest.mark.parametrize(("allowed", "named"), [("@contoso.com", True), ("ola@contoso.com", False)])
def test_a_domain_demands_the_scope_of_exchange(world: DataverseWorld, allowed: str, named: bool) -> None:  # noqa: FBT001
    """Exchange is then the only limit of what can be written."""
    assert ("exchangeScope" in examined(world, ALLOWED_MAILBOXES=allowed)["dataverseMailboxes"].detail) is named


def test_a_right_for_a_part_of_the_organization_is_named(world: DataverseWorld) -> None:
    """With its depth: statuses belong to the root business unit, and change tracking needs the whole organization."""
    organization = world.organization
    right = organization.derived("privilege", "prvReadBookingStatus")
    for privileges in organization.privileges_of.values():
        if right in privileges:
            privileges[right] = "Local"
    finding = examined(world)["dataverseRights"]
    assert finding.ok is False
    assert "prvReadBookingStatus (Local)" in finding.detail
