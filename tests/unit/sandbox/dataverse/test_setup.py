"""What a setup does: roles, application users, metadata, columns, and customizations that are blocked."""

import re
from typing import Any

import pytest

from tests.support.dataverse_world import APP, BOOKINGS, OTHER_APP, DataverseWorld, refusal

pytestmark = pytest.mark.server

ACTION = "Microsoft.Dynamics.CRM"


@pytest.fixture(autouse=True)
def _administrator(world: DataverseWorld) -> None:
    """Let the app do everything."""
    world.control("POST", f"/users/{APP}", {"privileges": "administrator"})


def created(world: DataverseWorld, set_name: str, body: dict[str, Any]) -> str:
    """Make a row and return its id."""
    answer = world.api("POST", set_name, body)
    assert answer.status_code == 204, answer.text
    return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


def role(world: DataverseWorld) -> str:
    """Make a role and return its id."""
    unit = world.get("WhoAmI")["BusinessUnitId"]
    return created(world, "roles", {"name": "relay", "businessunitid@odata.bind": f"/businessunits({unit})"})


def privileges(world: DataverseWorld, role_id: str) -> dict[str, str]:
    """Return a role's privileges with their depths."""
    path = f"roles({role_id})/{ACTION}.RetrieveRolePrivilegesRole()"
    return {each["PrivilegeName"]: each["Depth"] for each in world.get(path)["RolePrivileges"]}


def privilege_id(world: DataverseWorld, kind: str) -> str:
    """Return the id of a booking's privilege, from metadata."""
    found = world.get("EntityDefinitions(LogicalName='bookableresourcebooking')?$select=Privileges")["Privileges"]
    return str(next(each["PrivilegeId"] for each in found if each["PrivilegeType"] == kind))


def test_a_new_role_has_nine_privileges_too_many(world: DataverseWorld) -> None:
    """Each is removed by its id; removing it twice is a 404."""
    role_id = role(world)
    described = world.get(f"roles({role_id})/{ACTION}.RetrieveRolePrivilegesRole()")["RolePrivileges"]
    assert len(described) == 9
    path, body = f"roles({role_id})/{ACTION}.RemovePrivilegeRole", {"PrivilegeId": described[0]["PrivilegeId"]}
    assert world.api("POST", path, body).status_code == 204
    assert refusal(world.api("POST", path, body))[0] == 404
    assert len(privileges(world, role_id)) == 8


@pytest.mark.parametrize("depth", [3, "3", "global", None], ids=repr)
def test_a_depth_is_a_name(world: DataverseWorld, depth: Any) -> None:
    """Numbers and other spellings are refused, and nothing is added."""
    role_id = role(world)
    body = {"Privileges": [{"PrivilegeId": privilege_id(world, "Read"), "Depth": depth}]}
    assert refusal(world.api("POST", f"roles({role_id})/{ACTION}.AddPrivilegesRole", body))[0] == 400
    assert len(privileges(world, role_id)) == 9


def test_a_role_gives_its_privileges_to_a_user(world: DataverseWorld) -> None:
    """As long as the user has it; the append privilege of bookings has a name of its own."""
    role_id = role(world)
    body = {
        "Privileges": [{"PrivilegeId": privilege_id(world, kind), "Depth": "Global"} for kind in ("Read", "Append")]
    }
    assert world.api("POST", f"roles({role_id})/{ACTION}.AddPrivilegesRole", body).status_code == 204
    unit = world.get("WhoAmI")["BusinessUnitId"]
    user = created(world, "systemusers", {
        "applicationid": OTHER_APP, "businessunitid@odata.bind": f"/businessunits({unit})",
    })  # fmt: skip
    assert refusal(world.api("GET", BOOKINGS, app=OTHER_APP)) == (403, "0x80040220")
    given = f"systemusers({user})/systemuserroles_association"
    reference = {"@odata.id": f"{world.url}/api/data/v9.2/roles({role_id})"}
    assert world.api("POST", f"{given}/$ref", reference).status_code == 204
    assert [each["roleid"] for each in world.get(given)["value"]] == [role_id]
    assert world.api("GET", BOOKINGS, app=OTHER_APP).status_code == 200
    path = f"systemusers({user})/{ACTION}.RetrieveUserPrivileges()"
    names = {each["PrivilegeName"]: each["Depth"] for each in world.get(path)["RolePrivileges"]}
    assert names["prvAppendResourceBookingDetail"] == names["prvReadBookableResourceBooking"] == "Global"
    assert world.api("DELETE", f"{given}({role_id})/$ref").status_code == 204
    assert refusal(world.api("GET", BOOKINGS, app=OTHER_APP)) == (403, "0x80040220")


def test_metadata_names_what_an_app_must_not_guess(world: DataverseWorld) -> None:
    """Flags of the table, navigation properties in their letters, and the behaviour of times."""
    path = "EntityDefinitions(LogicalName='bookableresourcebooking')"
    table = world.get(f"{path}?$select=EntitySetName,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled")
    assert (table["EntitySetName"], table["ChangeTrackingEnabled"]) == (BOOKINGS, True)
    lookups = {each["ReferencingAttribute"]: each["ReferencingEntityNavigationPropertyName"]
               for each in world.get(f"{path}/ManyToOneRelationships")["value"]}  # fmt: skip
    assert (lookups["resource"], lookups["msdyn_workorder"], lookups["msdyn_resourcerequirement"]) == (
        "Resource", "msdyn_workorder", "msdyn_ResourceRequirement",
    )  # fmt: skip
    start = f"{path}/Attributes(LogicalName='starttime')/{ACTION}.DateTimeAttributeMetadata?$select=DateTimeBehavior"
    assert world.get(start)["DateTimeBehavior"] == {"Value": "UserLocal"}
    world.control("POST", "/tables/bookableresourcebooking", {"behavior": "TimeZoneIndependent"})
    assert world.get(start)["DateTimeBehavior"] == {"Value": "TimeZoneIndependent"}
    tracked = world.get("EntityDefinitions?$select=LogicalName&$filter=ChangeTrackingEnabled eq true")["value"]
    assert {each["LogicalName"] for each in tracked} == {"bookableresourcebooking", "bookableresource"}
    document = world.api("GET", "$metadata").text
    assert re.search(r'<NavigationProperty Name="BookingStatus" Type="mscrm.bookingstatus">', document)


def test_an_unknown_table_or_column_is_404(world: DataverseWorld) -> None:
    """In metadata."""
    assert refusal(world.api("GET", "EntityDefinitions(LogicalName='nosuch')")) == (404, "0x80040217")
    path = "EntityDefinitions(LogicalName='bookableresource')/Attributes(LogicalName='nosuch')"
    assert refusal(world.api("GET", path)) == (404, "0x80040217")
    assert refusal(world.api("GET", "EntityDefinitions(LogicalName='bookableresource')?$select=nosuch"))[0] == 400


COLUMN = {"@odata.type": "Microsoft.Dynamics.CRM.BooleanAttributeMetadata", "SchemaName": "new_Synced"}


def test_a_column_of_yes_and_no_can_be_created(world: DataverseWorld) -> None:
    """Once; it is then read and written."""
    path = "EntityDefinitions(LogicalName='bookableresource')/Attributes"
    assert refusal(world.api("GET", "bookableresources?$select=new_synced"))[0] == 400
    assert world.api("POST", path, COLUMN).status_code == 204
    resource = world.id_of("resource:ola@contoso.com")
    world.api("PATCH", f"bookableresources({resource})", {"new_synced": True}, If_Match="*")
    assert world.get(f"bookableresources({resource})")["new_synced"] is True
    assert refusal(world.api("POST", path, COLUMN))[0] == 400


def test_blocked_customizations_are_refused(world: DataverseWorld) -> None:
    """A column, a webhook and a step; the organization's row says so before."""
    organization = world.organization
    organization.blocks_customizations = True
    calls = (
        ("EntityDefinitions(LogicalName='bookableresource')/Attributes", COLUMN),
        ("serviceendpoints", {"name": "x", "contract": 8, "authtype": 5}),
        ("sdkmessageprocessingsteps", {"name": "x"}),
    )
    for path, body in calls:
        assert refusal(world.api("POST", path, body))[0] == 403
    role(world)


@pytest.mark.parametrize("seed", [{"blocksCustomizations": True}])
def test_the_organization_s_row_says_that_they_are_blocked(world: DataverseWorld, seed: dict[str, Any]) -> None:
    """Before anything is tried."""
    (row,) = world.get("organizations?$select=islockdownofunmanagedcustomizationenabled")["value"]
    assert row["islockdownofunmanagedcustomizationenabled"] is True
