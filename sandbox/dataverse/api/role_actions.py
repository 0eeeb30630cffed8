"""Roles: what a new one has, adding and removing privileges, and giving roles to users.

Dataverse: AddPrivilegesRole and RemovePrivilegeRole actions; Associate and disassociate table rows. A depth is a text;
a number is refused, as developers report.
"""

from typing import Any

from sandbox.dataverse.api.call import Answer, Call, reference, row_id_of
from sandbox.dataverse.api.representation import context, row_json
from sandbox.dataverse.errors import UNDECLARED, invalid, no_row
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.privileges import DEPTHS, SURPLUS, require
from sandbox.dataverse.rows import Row
from sandbox.dataverse.writer import Write

ROLES = "systemuserroles_association"


def follow_roles(organization: Organization, write: Write) -> None:
    """Give a new role the privileges that nobody asked for, and a deleted one no user."""
    if write.table.name != "role":
        return
    if write.message == "Create":
        organization.privileges_of[write.row_id] = {
            organization.derived("privilege", name): "Global" for name in SURPLUS
        }
    elif write.message == "Delete":
        organization.privileges_of.pop(write.row_id, None)
        for roles in organization.roles_of.values():
            roles.discard(write.row_id)


def add_privileges(call: Call, role_id: str) -> Answer:
    """Add privileges to a role: {"Privileges": [{"PrivilegeId", "Depth": text}]}."""
    role, given = _role(call, role_id), call.json_object().get("Privileges")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise invalid("Privileges: a collection of RolePrivilege is expected.", UNDECLARED)
    checked = {_privilege(call, each): _depth(each) for each in given}
    call.organization.privileges_of.setdefault(str(role["roleid"]), {}).update(checked)
    return Answer(204)


def remove_privilege(call: Call, role_id: str) -> Answer:
    """Remove one privilege from a role: {"PrivilegeId"}."""
    role, privilege = _role(call, role_id), _privilege(call, call.json_object())
    if call.organization.privileges_of.get(str(role["roleid"]), {}).pop(privilege, None) is None:
        raise no_row("roleprivileges", privilege)
    return Answer(204)


def roles_of(call: Call, user_id: str) -> Answer:
    """Return a user's roles."""
    organization = call.organization
    require(organization, call.user_id, organization.tables["role"], "Read")
    _user(call, user_id)
    select = call.query["$select"].split(",") if "$select" in call.query else None
    rows = [organization.rows.of("role")[each] for each in sorted(organization.roles_of.get(user_id, ()))]
    value = [row_json(organization, organization.tables["role"], row, select) for row in rows]
    return Answer(200, {**context(organization, "roles"), "value": value})


def give_role(call: Call, user_id: str) -> Answer:
    """Give a user a role: {"@odata.id": address of the role}."""
    organization = call.organization
    require(organization, call.user_id, organization.tables["role"], "Write")
    table, role_id = reference(organization, call.json_object().get("@odata.id"))
    if table.name != "role":
        raise invalid("The address does not lead to a role.", UNDECLARED)
    if organization.rows.get("role", role_id) is None:
        raise no_row("role", role_id)
    organization.roles_of.setdefault(_user(call, user_id), set()).add(role_id)
    return Answer(204)


def take_role(call: Call, user_id: str, role: str | None) -> Answer:
    """Take a role from a user; it is named in the address, or in ?$id=."""
    organization = call.organization
    require(organization, call.user_id, organization.tables["role"], "Write")
    role_id = row_id_of(role) if role else reference(organization, call.query.get("$id"))[1]
    if role_id not in organization.roles_of.get(_user(call, user_id), set()):
        raise no_row("role", role_id)
    organization.roles_of[user_id].discard(role_id)
    return Answer(204)


def _role(call: Call, role_id: str) -> Row:
    organization = call.organization
    require(organization, call.user_id, organization.tables["role"], "Write")
    row = organization.rows.get("role", role_id)
    if row is None:
        raise no_row("role", role_id)
    return row


def _user(call: Call, user_id: str) -> str:
    if call.organization.rows.get("systemuser", user_id) is None:
        raise no_row("systemuser", user_id)
    return user_id


def _privilege(call: Call, given: dict[str, Any]) -> str:
    privilege = str(given.get("PrivilegeId", "")).lower()
    if privilege not in call.organization.rows.of("privilege"):
        raise no_row("privilege", privilege)
    return privilege


def _depth(given: dict[str, Any]) -> str:
    depth = given.get("Depth")
    if depth not in DEPTHS:
        raise invalid(f"Cannot convert the literal '{depth}' to the expected type 'PrivilegeDepth'.", UNDECLARED)
    return str(depth)
