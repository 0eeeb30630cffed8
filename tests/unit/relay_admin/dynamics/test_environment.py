"""setup, check and undo of `relay_admin dataverse`, against an environment of the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay_admin.dynamics.environment import read
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.dynamics.steps import ROLE_ID
from relay_admin.errors import Refused, UsageError
from tests.support.dataverse_world import APP, BOOKINGS, OTHER_APP, DataverseWorld, refusal

pytestmark = pytest.mark.server
Run = Callable[..., tuple[int, str]]
COLUMN = "new_Relayed"


def privileges(world: DataverseWorld) -> dict[str, str]:
    """Return the privileges of the role with their depths."""
    path = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRole()"
    return {each["PrivilegeName"]: each["Depth"] for each in world.get(path)["RolePrivileges"]}


def test_setup_gives_the_app_what_it_reads_and_no_more(world: DataverseWorld, run: Run) -> None:
    """Every privilege is one to read, for the organization; the nine of a new role are gone; writes are refused."""
    assert world.api("GET", BOOKINGS, app=OTHER_APP).status_code == 403
    code, text = run("setup", "--column", COLUMN, "--yes")
    assert code == 0
    held = privileges(world)
    assert set(held.values()) == {"Global"}
    assert {name[:7] for name in held} == {"prvRead"}
    assert all(name in text for name in held)
    assert world.api("GET", BOOKINGS, app=OTHER_APP, Prefer="odata.track-changes").status_code == 200
    booking = world.book()
    change = world.api("PATCH", f"{BOOKINGS}({booking})", {"name": "x"}, app=OTHER_APP, If_Match="*")
    assert refusal(change) == (403, "0x80040220")
    assert world.get(f"bookableresources?$select={COLUMN.lower()}")["value"]


def test_setup_twice_changes_nothing(world: DataverseWorld, run: Run, session: DynamicsSession) -> None:
    """Also from another computer: what it made has ids of its own, and is found again."""
    run("setup", "--column", COLUMN, "--yes")
    before = (read(session, OTHER_APP, COLUMN), len(world.get("systemusers")["value"]))
    code, text = run("setup", "--column", COLUMN, "--yes")
    assert code == 0
    assert "Nothing is to be changed." in text
    assert (read(session, OTHER_APP, COLUMN), len(world.get("systemusers")["value"])) == before


@pytest.mark.parametrize("answer", ["n", "", "perhaps"])
def test_setup_needs_a_yes(world: DataverseWorld, run: Run, answer: str) -> None:
    """The rights and the way without anything made are printed all the same."""
    code, text = run("setup", answer=answer)
    assert code == 0
    assert "Nothing was changed." in text
    assert "Fully supported" in text
    assert "prvReadBookableResourceBooking" in text
    assert refusal(world.api("GET", f"roles({ROLE_ID})"))[0] == 404


def test_setup_without_an_answer_changes_nothing(world: DataverseWorld, run: Run) -> None:
    """A script has to say --yes."""
    with pytest.raises(UsageError):
        run("setup", "--json")
    assert refusal(world.api("GET", f"roles({ROLE_ID})"))[0] == 404


@pytest.mark.parametrize("seed", [{"blocksCustomizations": True}])
def test_where_customizations_are_blocked_no_column_is_tried(world: DataverseWorld, run: Run) -> None:
    """The role and the user are rows, and are made; the text says what to do instead."""
    code, text = run("setup", "--column", COLUMN, "--yes")
    assert code == 0
    assert "Unmanaged customizations are blocked here" in text
    assert "Make the column" not in text
    assert world.api("GET", BOOKINGS, app=OTHER_APP).status_code == 200


@pytest.mark.parametrize("seed", [{"fieldService": False}])
def test_setup_without_field_service(world: DataverseWorld, run: Run) -> None:
    """A table that is not installed needs no right."""
    assert run("setup", "--yes")[0] == 0
    assert world.api("GET", BOOKINGS, app=OTHER_APP).status_code == 200


def test_check_names_what_is_missing(world: DataverseWorld, run: Run) -> None:
    """Everything at first; nothing after setup; then what was taken away."""
    code, text = run("check", "--column", COLUMN)
    assert code == 1
    assert "lacks prvReadBookableResourceBooking" in text
    assert "application user is missing" in text
    assert "no column new_relayed" in text
    run("setup", "--column", COLUMN, "--yes")
    assert run("check", "--column", COLUMN) == (0, "Nothing is missing.")
    path = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRole()"
    taken = next(each for each in world.get(path)["RolePrivileges"] if each["PrivilegeName"] == "prvReadUser")
    action = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RemovePrivilegeRole"
    assert world.api("POST", action, {"PrivilegeId": taken["PrivilegeId"]}).status_code == 204
    assert run("check", "--column", COLUMN) == (1, "The role lacks prvReadUser for the organization: run setup.")


@pytest.mark.parametrize(
    ("table", "named"),
    [({"tracked": False}, "Change tracking of bookings is off"), ({"behavior": "DateOnly"}, "starttime is DateOnly")],
)
def test_check_names_a_table_that_does_not_fit(
    world: DataverseWorld, run: Run, table: dict[str, Any], named: str
) -> None:
    """Change tracking and the behaviour of times are metadata of the table of bookings."""
    run("setup", "--yes")
    world.control("POST", "/tables/bookableresourcebooking", table)
    code, text = run("check")
    assert code == 1
    assert named in text


def test_undo_prints_four_lists_and_takes_the_rights_away(world: DataverseWorld, run: Run) -> None:
    """The column stays with what people marked, and change tracking cannot be switched off. Twice is harmless."""
    run("setup", "--column", COLUMN, "--yes")
    code, text = run("undo", "--column", COLUMN, "--yes")
    assert code == 0
    for part in ("removed: the security role", "deactivated: the application user", "left on purpose: the column",
                 "impossible: change tracking"):  # fmt: skip
        assert part in text
    assert refusal(world.api("GET", f"roles({ROLE_ID})"))[0] == 404
    assert refusal(world.api("GET", BOOKINGS, app=OTHER_APP))[0] == 403
    again = run("undo", "--column", COLUMN, "--yes")
    assert again[0] == 0
    assert "removed: nothing; " not in again[1]
    assert "Nothing is to be changed." in again[1]


def test_setup_after_undo_works_again(world: DataverseWorld, run: Run) -> None:
    """The deactivated user is activated; there is still one."""
    run("setup", "--yes")
    run("undo", "--yes")
    run("setup", "--yes")
    assert run("check") == (0, "Nothing is missing.")
    assert world.api("GET", BOOKINGS, app=OTHER_APP).status_code == 200


def test_a_role_that_reaches_a_part_only_is_not_enough(world: DataverseWorld, run: Run) -> None:
    """Change tracking needs Read for the whole organization."""
    run("setup", "--yes")
    path = f"roles({ROLE_ID})/Microsoft.Dynamics.CRM"
    held = world.get(f"{path}.RetrieveRolePrivilegesRole()")["RolePrivileges"]
    read_id = next(e["PrivilegeId"] for e in held if e["PrivilegeName"] == "prvReadBookableResourceBooking")
    body = {"Privileges": [{"PrivilegeId": read_id, "Depth": "Local"}]}
    assert world.api("POST", f"{path}.AddPrivilegesRole", body).status_code == 204
    assert "lacks prvReadBookableResourceBooking" in run("check")[1]


def test_the_rights_that_an_administrator_lacks_are_shown(world: DataverseWorld, run: Run) -> None:
    """Nothing was read, so nothing is taken as missing."""
    world.control("POST", f"/users/{APP}", {"privileges": "administrator", "without": ["prvReadRole"]})
    with pytest.raises(Refused) as caught:
        run("check")
    assert "prvReadRole" in caught.value.what_to_do
