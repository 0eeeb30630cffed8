"""Roles and privileges: who may do what, and how far.

Dataverse: Security concepts; Privilege and depth (Basic: own rows, Local: the business unit's, Deep: also of units
below it, Global: all).
"""

from collections.abc import Collection, Mapping

from sandbox.dataverse.columns import ACCESS, Table
from sandbox.dataverse.errors import no_privilege
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row

DEPTHS = ("Basic", "Local", "Deep", "Global")
SURPLUS = tuple(
    f"prv{access}{name}" for access in ("Read", "Write", "Create")
    for name in ("SharePointData", "UserEntityInstanceData", "UserApplicationMetadata")
)  # fmt: skip
"""The privileges that nobody asked for and that a new role has."""
READ_ALWAYS = (
    "bookableresourcebooking", "bookableresource", "bookingstatus", "msdyn_bookingsetupmetadata", "organization",
    "systemuser", "mailbox", "serviceendpoint", "sdkmessageprocessingstep", "sdkmessage", "asyncoperation",
    "businessunit", "role",
)  # fmt: skip
"""What a role that only reads has; privileges of sdkmessage also hold for its filters."""
PLAIN = {
    "bookableresourcebooking": ("Create", "Write", "Append", "AppendTo"),
    "bookableresource": ("AppendTo",),
    "bookingstatus": ("AppendTo",),
}
WITH_FIELD_SERVICE: dict[str, tuple[str, ...]] = {
    "bookableresourcebookingheader": ("Create", "Append", "AppendTo", "Read"),
    "msdyn_bookingtimestamp": ("Create", "Append", "AppendTo", "Read"),
    "msdyn_bookingchange": ("Create", "Append", "AppendTo", "Read"),
    "msdyn_workorder": ("Read", "AppendTo"),
    "msdyn_resourcerequirement": ("Read", "AppendTo"),
    "msdyn_project": ("Read", "AppendTo"),
}


def role_set(organization: Organization, name: str) -> set[str]:
    """Return the names of the privileges of a usual role: none, to-outlook, plain, full or administrator."""
    tables = organization.tables
    if name == "none":
        return set()
    if name == "administrator":
        return {each.privilege_for(access) for each in tables.values() for access in ACCESS}
    kept = {tables[each].privilege_for("Read") for each in READ_ALWAYS}
    added: list[Mapping[str, Collection[str]]] = [PLAIN] if name in ("plain", "full") else []
    added += [WITH_FIELD_SERVICE] if name == "full" else []
    return kept | {
        tables[each].privilege_for(access)
        for part in added for each, every in part.items() if each in tables for access in every
    }  # fmt: skip


def depth_of(organization: Organization, user_id: str, privilege: str) -> str | None:
    """Return the greatest depth of a user's privilege, None without it."""
    privilege_id = organization.derived("privilege", privilege)
    depths = [
        organization.privileges_of.get(role, {}).get(privilege_id) for role in organization.roles_of.get(user_id, ())
    ]
    return max((each for each in depths if each), key=DEPTHS.index, default=None)


def require(organization: Organization, user_id: str, table: Table, access: str, row: Row | None = None) -> None:
    """Raise ApiError (403), naming the privilege, unless the user has it, deep enough for the row."""
    privilege = table.privilege_for(access)
    depth = depth_of(organization, user_id, privilege)
    if depth is None or not reaches(organization, user_id, table, depth, row):
        raise no_privilege(user_id, privilege, table.name)


def require_global(organization: Organization, user_id: str, table: Table, access: str) -> None:
    """Raise ApiError (403) unless the user has the privilege for the whole organization."""
    privilege = table.privilege_for(access)
    if depth_of(organization, user_id, privilege) != "Global":
        raise no_privilege(user_id, privilege, table.name)


def reaches(organization: Organization, user_id: str, table: Table, depth: str, row: Row | None) -> bool:
    """Return whether a depth covers a row; tables of the organization know only Global."""
    if depth == "Global":
        return True
    if not table.owned:
        return False
    if row is None or row.get("ownerid") == user_id:
        return True
    own, unit = _unit(organization, user_id), str(row.get("owningbusinessunit"))
    return (depth in ("Local", "Deep") and unit == own) or (depth == "Deep" and own in _above(organization, unit))


def _unit(organization: Organization, user_id: str) -> str:
    return str((organization.rows.get("systemuser", user_id) or {}).get("businessunitid"))


def _above(organization: Organization, unit: str) -> set[str]:
    """Return the business units above one."""
    above: set[str] = set()
    row = organization.rows.get("businessunit", unit)
    while row and (parent := row.get("parentbusinessunitid")) and parent not in above:
        above.add(str(parent))
        row = organization.rows.get("businessunit", str(parent))
    return above
