"""Functions of the Web API: who calls, which organization this is, and which privileges a user has.

Dataverse: WhoAmI, RetrieveCurrentOrganization, RetrieveUserPrivileges and RetrieveRolePrivilegesRole functions.
"""

from typing import Any

from sandbox.dataverse.api.call import Answer, Call
from sandbox.dataverse.api.representation import context
from sandbox.dataverse.errors import no_row
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.privileges import DEPTHS, require

TYPES = {"Production": "Customer", "Sandbox": "CustomerTest", "Trial": "Trial", "Developer": "Developer",
         "Default": "Default"}  # fmt: skip
"""OrganizationType by kind of environment."""
VERSION = "9.2.25112.00110"


def own_user(call: Call) -> Answer:
    """Return the ids of the caller, of its business unit and of the organization."""
    organization = call.organization
    user = organization.rows.of("systemuser")[call.user_id]
    return Answer(200, {
        **context(organization, "Microsoft.Dynamics.CRM.WhoAmIResponse"),
        "BusinessUnitId": user["businessunitid"],
        "UserId": call.user_id,
        "OrganizationId": organization.organization_id,
    })  # fmt: skip


def current_organization(call: Call) -> Answer:
    """Return the organization's ids, kind, version and addresses."""
    organization = call.organization
    detail = {
        "OrganizationId": organization.organization_id,
        "FriendlyName": organization.name,
        "OrganizationVersion": VERSION,
        "EnvironmentId": organization.environment_id,
        "DatacenterId": organization.derived("datacenter"),
        "Geo": "EMEA",
        "TenantId": organization.tenant.tenant_id,
        "UrlName": organization.name,
        "UniqueName": f"unq{organization.organization_id.replace('-', '')[:29]}",
        "State": "Enabled",
        "SchemaType": "Full",
        "OrganizationType": TYPES[organization.type],
        "Endpoints": {
            "Count": 2, "IsReadOnly": False, "Keys": ["WebApplication", "OrganizationDataService"],
            "Values": [f"{organization.url}/", f"{organization.url}/XRMServices/2011/OrganizationData.svc/"],
        },
    }  # fmt: skip
    part = "Microsoft.Dynamics.CRM.RetrieveCurrentOrganizationResponse"
    return Answer(200, {**context(organization, part), "Detail": detail})


def user_privileges(call: Call, user_id: str) -> Answer:
    """Return all privileges of a user, from all of its roles, each with its greatest depth."""
    organization = call.organization
    require(organization, call.user_id, organization.tables["systemuser"], "Read")
    if organization.rows.get("systemuser", user_id) is None:
        raise no_row("systemuser", user_id)
    greatest: dict[str, str] = {}
    for role in organization.roles_of.get(user_id, ()):
        for privilege, depth in organization.privileges_of.get(role, {}).items():
            greatest[privilege] = max(depth, greatest.get(privilege, "Basic"), key=DEPTHS.index)
    part = "Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse"
    return Answer(200, {**context(organization, part), "RolePrivileges": _described(organization, greatest)})


def role_privileges(call: Call, role_id: str) -> Answer:
    """Return the privileges of a role."""
    organization = call.organization
    require(organization, call.user_id, organization.tables["role"], "Read")
    if organization.rows.get("role", role_id) is None:
        raise no_row("role", role_id)
    part = "Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRoleResponse"
    described = _described(organization, organization.privileges_of.get(role_id, {}))
    return Answer(200, {**context(organization, part), "RolePrivileges": described})


def _described(organization: Organization, depths: dict[str, str]) -> list[dict[str, Any]]:
    """Return privileges as the Web API lists them; the depth is a text."""
    names = organization.rows.of("privilege")
    return [
        {
            "Depth": depth,
            "PrivilegeId": privilege,
            "BusinessUnitId": organization.ids["unit:root"],
            "PrivilegeName": names[privilege]["name"],
            "RecordFilterId": "00000000-0000-0000-0000-000000000000",
        }
        for privilege, depth in sorted(depths.items())
    ]
