"""The role that `setup` makes, by direction: with it the app can do what that direction needs, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay_admin.dynamics import rights
from relay_admin.dynamics.steps import ROLE_ID
from shared.dynamics import rights as rights_of_the_doctor
from tests.support.dataverse_world import BOOKINGS, OTHER_APP, DataverseWorld, refusal

pytestmark = pytest.mark.server
Run = Callable[..., tuple[int, str]]
WRITES = {
    "prvCreateBookableResourceBooking", "prvWriteBookableResourceBooking", "prvAppendResourceBookingDetail",
    "prvAppendToBookableResourceBooking", "prvAppendToBookableResource", "prvAppendToBookingStatus",
}  # fmt: skip
OF_FIELD_SERVICE = {
    f"prv{access}{table}" for access in ("Create", "Append")
    for table in ("BookableResourceBookingHeader", "msdyn_bookingtimestamp", "msdyn_bookingchange")
}  # fmt: skip
ASSIGN = "prvAssignBookableResourceBooking"


def written(world: DataverseWorld) -> set[str]:
    """Return the names of the role's privileges that are not ones to read; every one holds for the organization."""
    path = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRole()"
    held = {each["PrivilegeName"]: each["Depth"] for each in world.get(path)["RolePrivileges"]}
    assert set(held.values()) == {"Global"}
    return {name for name in held if not name.startswith("prvRead")}


@pytest.mark.parametrize("direction", ["both", "to-dataverse"])
@pytest.mark.parametrize("seed", [{}, {"fieldService": False}], ids=["field-service", "plain"])
def test_the_role_of_a_direction_writes_bookings(world: DataverseWorld, run: Run, seed: Any, direction: str) -> None:
    """It makes, moves and cancels one, for any resource; it deletes none, and changes no resource or status."""
    code, text = run("setup", "--direction", direction, "--yes")
    assert code == 0
    kind = "plain" if seed else "with Field Service"
    assert f"The role for {direction} ({kind}) needs" in text
    assert written(world) == WRITES | (set() if seed else OF_FIELD_SERVICE)
    made = world.api("POST", BOOKINGS, world.booking(), app=OTHER_APP, Prefer="return=representation")
    assert made.status_code == 201, made.text
    dispatched = f"{BOOKINGS}({world.book()})"
    bind = {"BookingStatus@odata.bind": f"/bookingstatuses({world.id_of('status:Cancelled')})"}
    assert world.api("PATCH", dispatched, bind, app=OTHER_APP, If_Match="*").status_code == 204
    assert refusal(world.api("DELETE", dispatched, app=OTHER_APP)) == (403, "0x80040220")
    resource = f"bookableresources({world.id_of('resource:ola@contoso.com')})"
    assert refusal(world.api("PATCH", resource, {"name": "x"}, app=OTHER_APP, If_Match="*")) == (403, "0x80040220")


def test_another_owner_needs_the_right_to_assign(world: DataverseWorld, run: Run) -> None:
    """DATAVERSE_OWNER is a setting of the relay, so the administrator says whether it is set."""
    owner: dict[str, Any] = {"ownerid@odata.bind": f"/systemusers({world.id_of('user:ola@contoso.com')})"}
    run("setup", "--direction", "both", "--yes")
    assert refusal(world.api("POST", BOOKINGS, world.booking(**owner), app=OTHER_APP)) == (403, "0x80040220")
    run("setup", "--direction", "both", "--owner", "resource", "--yes")
    assert written(world) == WRITES | OF_FIELD_SERVICE | {ASSIGN}
    assert world.api("POST", BOOKINGS, world.booking(**owner), app=OTHER_APP).status_code == 204
    run("setup", "--direction", "both", "--owner", "none", "--yes")
    assert ASSIGN not in written(world)


@pytest.mark.parametrize("more", [(), ("--owner", "resource")], ids=["own", "others"])
def test_a_run_without_a_direction_takes_no_right_away(world: DataverseWorld, run: Run, more: tuple[str, ...]) -> None:
    """A relay that writes bookings goes on when somebody adds a column, or asks `check` after an update."""
    run("setup", "--direction", "both", *more, "--yes")
    before = written(world)
    assert run("setup", "--column", "new_relayed", "--yes")[0] == 0
    assert written(world) == before
    assert run("check") == (0, "Nothing is missing.")


def test_a_direction_that_reads_takes_the_writing_rights_away(world: DataverseWorld, run: Run) -> None:
    """Each is named before, and `check` names them as too much."""
    run("setup", "--direction", "both", "--owner", "resource", "--yes")
    code, text = run("check", "--direction", "to-outlook")
    assert code == 1
    assert all(name in text for name in WRITES | OF_FIELD_SERVICE | {ASSIGN})
    run("setup", "--direction", "to-outlook", "--yes")
    assert written(world) == set()
    assert run("check", "--direction", "to-outlook") == (0, "Nothing is missing.")


@pytest.mark.parametrize("missing", sorted(WRITES | OF_FIELD_SERVICE))
def test_check_names_each_right_of_a_direction(world: DataverseWorld, run: Run, missing: str) -> None:
    """Also without the direction: what is left of the role still tells it."""
    run("setup", "--direction", "both", "--yes")
    action = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RemovePrivilegeRole"
    taken = {"PrivilegeId": world.organization.derived("privilege", missing)}
    assert world.api("POST", action, taken).status_code == 204
    assert run("check") == (1, f"The role lacks {missing} for the organization: run setup.")


def test_check_names_bookings_without_optimistic_concurrency(world: DataverseWorld, run: Run) -> None:
    """Only a direction that writes bookings needs it."""
    run("setup", "--direction", "both", "--yes")
    world.control("POST", "/tables/bookableresourcebooking", {"concurrency": False})
    code, text = run("check")
    assert code == 1
    assert "no optimistic concurrency" in text
    run("setup", "--direction", "to-outlook", "--yes")
    assert run("check") == (0, "Nothing is missing.")


@pytest.mark.parametrize(
    ("given", "named"), [(("--direction", "from-outlook"), "to-dataverse"), (("--owner", "recource"), "id of a team")]
)
def test_a_value_that_does_not_exist_is_refused(
    run: Run, capsys: pytest.CaptureFixture[str], given: tuple[str, str], named: str
) -> None:
    """By the parser, which says what does: a typing error gives no right."""
    with pytest.raises(SystemExit) as caught:
        run("setup", *given)
    assert caught.value.code == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize("name", ["READING", "WRITING", "WITH_FIELD_SERVICE", "ASSIGNING", "OF_SOLUTIONS"])
def test_setup_and_doctor_have_the_same_tables(name: str) -> None:
    """The command line and the product do not import each other."""
    assert getattr(rights, name) == getattr(rights_of_the_doctor, name)
