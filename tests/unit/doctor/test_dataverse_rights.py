"""The doctor with the directions that write bookings: each right is named, read from the environment and not tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.config import Settings
from shared.dataverse.decision import NewStatus
from shared.dataverse.reading.status_ids import WrittenStatuses
from shared.doctor.dataverse import DataverseChecks
from shared.doctor.finding import Finding
from shared.dynamics.client import DynamicsClient
from shared.dynamics.environment import Environment
from shared.dynamics.errors import DynamicsUnavailable
from shared.dynamics.examination import Examination
from tests.support.dataverse_world import APP, DataverseWorld, dataverse_world
from tests.unit.doctor.test_dataverse import NoBreaker

pytestmark = pytest.mark.server
BOTH = ("both", "to-dataverse")
WRITES = (
    "prvCreateBookableResourceBooking", "prvWriteBookableResourceBooking", "prvAppendResourceBookingDetail",
    "prvAppendToBookableResourceBooking", "prvAppendToBookableResource", "prvAppendToBookingStatus",
)  # fmt: skip
OF_FIELD_SERVICE = tuple(
    f"prv{access}{table}" for access in ("Create", "Append")
    for table in ("BookableResourceBookingHeader", "msdyn_bookingtimestamp", "msdyn_bookingchange")
)  # fmt: skip
ASSIGN = "prvAssignBookableResourceBooking"
TEAM = "0b1d7a52-5a3c-4d0e-9c61-4c3a1f6f2e10"


@pytest.fixture
def world(certificates: Path) -> Iterator[DataverseWorld]:
    """An environment with Field Service whose app has the role with Field Service."""
    with dataverse_world(certificates, applicationUsers={APP: "full"}) as served:
        yield served


class Paused(NoBreaker):
    """Lets no call pass for some seconds."""

    def require(self) -> None:
        """Raise as the circuit breaker does."""
        raise DynamicsUnavailable(429, "", 240.0)


def examined(world: DataverseWorld, **settings: str) -> dict[str, Finding]:
    """Return the findings by name."""
    return findings_with(world, NoBreaker(), settings)


def findings_with(world: DataverseWorld, breaker: NoBreaker, settings: dict[str, str]) -> dict[str, Finding]:
    """Return the findings by name."""

    def token(*, fresh: bool = False) -> str:
        del fresh
        return world.token()

    given = {"FEATURES": "dataverse", "ALLOWED_MAILBOXES": "ola@contoso.com"}
    client, read = (
        DynamicsClient(lambda: world.url, token, lambda: world.session, breaker),
        Settings.load(given | settings),
    )

    def status(new: NewStatus) -> str:
        return str(getattr(read, f"dataverse_{new}_status"))

    written = WrittenStatuses(Environment(client), status, world.tenant.clock.now)
    checks = DataverseChecks(read, lambda: Examination(client), tuple, lambda: [written.of(each) for each in NewStatus])
    return {finding.name: finding for finding in checks.run()}


def take_away(world: DataverseWorld, *rights: str, role: str = "full") -> None:
    """Take rights away from the application user."""
    world.control("POST", f"/users/{APP}", {"privileges": role, "without": list(rights)})


@pytest.mark.parametrize("direction", BOTH)
def test_a_complete_role_passes(world: DataverseWorld, direction: str) -> None:
    """The finding says for which direction."""
    finding = examined(world, DATAVERSE_DIRECTION=direction)["dataverseRights"]
    assert (finding.ok, finding.remedy) == (True, "")
    assert f"rights for {direction}, on bookableresource, " in finding.detail


@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("right", [*WRITES, *OF_FIELD_SERVICE])
def test_each_right_of_the_direction_that_is_missing_is_named(
    world: DataverseWorld, right: str, direction: str
) -> None:
    """With the command that adds it; for to-outlook it is not needed."""
    take_away(world, right)
    finding = examined(world, DATAVERSE_DIRECTION=direction)["dataverseRights"]
    assert finding.ok is False
    assert finding.detail.startswith(f"the application user lacks {right} (")
    assert f"--direction {direction}" in finding.remedy
    assert examined(world)["dataverseRights"].ok is True


def test_all_that_is_missing_is_named_at_once(world: DataverseWorld) -> None:
    """A role to Outlook, after the direction was changed."""
    take_away(world, role="to-outlook")
    detail = examined(world, DATAVERSE_DIRECTION="both")["dataverseRights"].detail
    assert all(f"{right} (" in detail for right in (*WRITES, *OF_FIELD_SERVICE))
    assert ASSIGN not in detail


@pytest.mark.parametrize("owner", ["resource", TEAM])
def test_the_right_to_assign_is_needed_for_another_owner(world: DataverseWorld, owner: str) -> None:
    """It is named with the option that gives it; while bookings are only read, nobody gets another owner."""
    seen = examined(world, DATAVERSE_DIRECTION="both", DATAVERSE_OWNER=owner)["dataverseRights"]
    assert (seen.ok, ASSIGN in seen.detail, f"--owner {owner}" in seen.remedy) == (False, True, True)
    assert examined(world, DATAVERSE_OWNER=owner)["dataverseRights"].ok is True


def test_where_field_service_is_not_installed_its_rights_are_not_needed(certificates: Path) -> None:
    """The role plain passes."""
    with dataverse_world(certificates, applicationUsers={APP: "plain"}, fieldService=False) as world:
        assert examined(world, DATAVERSE_DIRECTION="both")["dataverseRights"].ok is True


def test_a_writing_right_for_a_part_of_the_organization_is_named(world: DataverseWorld) -> None:
    """With it only some of the dispatchers' bookings could be changed."""
    organization = world.organization
    right = organization.derived("privilege", "prvWriteBookableResourceBooking")
    for privileges in organization.privileges_of.values():
        if right in privileges:
            privileges[right] = "Basic"
    finding = examined(world, DATAVERSE_DIRECTION="both")["dataverseRights"]
    assert (finding.ok, "prvWriteBookableResourceBooking (Basic)" in finding.detail) == (False, True)


@pytest.mark.parametrize(("direction", "ok"), [("both", False), ("to-dataverse", False), ("to-outlook", True)])
def test_bookings_without_optimistic_concurrency_are_named(world: DataverseWorld, direction: str, ok: bool) -> None:  # noqa: FBT001
    """Every change of a booking would be refused; a direction that reads needs none."""
    world.control("POST", "/tables/bookableresourcebooking", {"concurrency": False})
    finding = examined(world, DATAVERSE_DIRECTION=direction)["dataverseTracking"]
    assert finding.ok is ok
    assert ("optimistic concurrency" in finding.detail) is not ok


def test_a_definition_that_cannot_be_read_is_no_missing_right(world: DataverseWorld) -> None:
    """Nor one that is not needed: the finding says what Dataverse answered."""
    world.control("POST", "/faults", {"status": 500, "match": "msdyn_bookingchange", "times": 9})
    finding = examined(world, DATAVERSE_DIRECTION="both")["dataverseRights"]
    assert (finding.ok, "500" in finding.detail, "lacks" in finding.detail) == (False, True, False)


@pytest.mark.parametrize("direction", BOTH)
def test_the_statuses_that_are_given_are_read(world: DataverseWorld, direction: str) -> None:
    """Those of booking setup metadata, without a setting."""
    finding = examined(world, DATAVERSE_DIRECTION=direction)["dataverseStatuses"]
    assert (finding.ok, finding.remedy) == (True, "")


@pytest.mark.parametrize(
    ("setting", "status"), [("DATAVERSE_COMMITTED_STATUS", "Cancelled"), ("DATAVERSE_CANCELED_STATUS", "Committed")]
)
def test_a_status_that_cannot_be_given_is_named_before_the_start(
    world: DataverseWorld, setting: str, status: str
) -> None:
    """With the setting; while bookings are only read, it does not matter."""
    given = {setting: world.id_of(f"status:{status}")}
    finding = examined(world, DATAVERSE_DIRECTION="both", **given)["dataverseStatuses"]
    assert (finding.ok, setting in finding.detail) == (False, True)
    assert "dataverse-directions.md" in finding.remedy
    assert examined(world, **given)["dataverseStatuses"].ok is True


def test_a_status_that_does_not_exist_is_named(world: DataverseWorld) -> None:
    """As when a row of statuses was deleted."""
    finding = examined(world, DATAVERSE_DIRECTION="both", DATAVERSE_CANCELED_STATUS=TEAM)["dataverseStatuses"]
    assert (finding.ok, "DATAVERSE_CANCELED_STATUS" in finding.detail) == (False, True)


def test_while_nobody_calls_nothing_is_said_of_rights(world: DataverseWorld) -> None:
    """After a lost right, or a limit: the finding says for how long, and where the right is named."""
    seen = findings_with(world, Paused(), {"DATAVERSE_DIRECTION": "both"})
    assert {each.ok for each in seen.values()} == {None}
    assert "240 seconds" in seen["dataverse"].detail
    assert "settle_pairs" in seen["dataverse"].remedy
