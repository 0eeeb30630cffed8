"""What an environment has of the relay: read before anything is offered.

Pages: "WhoAmI function", "RetrieveRolePrivilegesRole function", "Query table definitions using the Web API".
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from relay_admin.dynamics.rights import UNCHANGED, Purpose, read_rights
from relay_admin.dynamics.session import DynamicsSession
from relay_admin.dynamics.steps import ROLE_ID
from relay_admin.errors import Unreachable

BOOKING = "EntityDefinitions(LogicalName='bookableresourcebooking')"
_USERS = "systemusers?$select=systemuserid,isdisabled&$filter=applicationid eq {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentState:
    """The state of an environment. `rights` are ids of privileges by name; `role` is None without the role.

    `direction` and `role_kind`: what these rights are for. `has_etags`: bookings have optimistic concurrency.
    """

    organization: str
    business_unit: str
    blocks_customizations: bool
    rights: dict[str, str]
    direction: str
    role_kind: str
    role: dict[str, tuple[str, str]] | None  # id and depth of each privilege of the role, by name
    user_id: str
    has_user: bool
    is_disabled: bool
    has_role: bool
    has_column: bool
    tracks_bookings: bool
    has_etags: bool
    behavior: str


def read(session: DynamicsSession, app_id: str, column: str, purpose: Purpose = UNCHANGED) -> EnvironmentState:
    """Return the state. Raises Refused or Unreachable: what could not be read is not taken as missing."""
    me = _object(session, "WhoAmI")
    (organization,) = session.rows("organizations?$select=islockdownofunmanagedcustomizationenabled")
    users = session.rows(_USERS.format(app_id))
    user_id = str(users[0]["systemuserid"]) if users else new_user_id(me["OrganizationId"], app_id)
    role = _role(session)
    rights = read_rights(session, purpose, role or {})
    table = _object(session, f"{BOOKING}?$select=ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled")
    return EnvironmentState(
        organization=str(me["OrganizationId"]),
        business_unit=_root_unit(session),
        blocks_customizations=organization["islockdownofunmanagedcustomizationenabled"] is True,
        rights=rights.ids,
        direction=rights.direction,
        role_kind=rights.kind,
        role=role,
        user_id=user_id,
        has_user=bool(users),
        is_disabled=bool(users and users[0]["isdisabled"]),
        has_role=bool(users) and role is not None and _has_role(session, user_id),
        has_column=bool(column) and _has_column(session, column),
        tracks_bookings=table["ChangeTrackingEnabled"] is True,
        has_etags=table["IsOptimisticConcurrencyEnabled"] is True,
        behavior=_behavior(session),
    )


def new_user_id(organization: str, app_id: str) -> str:
    """Return the id of the application user that `setup` makes: derived, so that a repeated run makes no second one."""
    return str(uuid.uuid5(uuid.UUID(organization), app_id))


def _root_unit(session: DynamicsSession) -> str:
    """Return the root business unit: statuses belong to it, so that a role of another unit would not reach them."""
    units = session.rows("businessunits?$select=businessunitid&$filter=_parentbusinessunitid_value eq null")
    return str(units[0]["businessunitid"])


def _role(session: DynamicsSession) -> dict[str, tuple[str, str]] | None:
    if session.get(f"roles({ROLE_ID})?$select=name") is None:
        return None
    answer = _object(session, f"roles({ROLE_ID})/Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRole()")
    return {str(each["PrivilegeName"]): (str(each["PrivilegeId"]), str(each["Depth"]))
            for each in answer["RolePrivileges"]}  # fmt: skip


def _has_role(session: DynamicsSession, user_id: str) -> bool:
    roles = session.rows(f"systemusers({user_id})/systemuserroles_association?$select=roleid")
    return ROLE_ID in [str(each["roleid"]) for each in roles]


def _has_column(session: DynamicsSession, column: str) -> bool:
    path = f"EntityDefinitions(LogicalName='bookableresource')/Attributes(LogicalName='{column.lower()}')"
    return session.get(f"{path}?$select=LogicalName") is not None


def _behavior(session: DynamicsSession) -> str:
    path = f"{BOOKING}/Attributes(LogicalName='starttime')/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"
    return str(_object(session, f"{path}?$select=DateTimeBehavior")["DateTimeBehavior"]["Value"])


def _object(session: DynamicsSession, path: str) -> dict[str, Any]:
    answer = session.get(path)
    if answer is None:
        raise Unreachable("The environment has no bookings", "Check its address: --environment.")
    return answer
