"""The rights of the relay's role, by the direction in which bookings and events are kept in step.

Three roles: to Outlook (it reads), plain (it also writes bookings), and with Field Service, whose logic makes headers,
timestamps and changes of bookings in the caller's name. shared/dynamics/rights.py has the same tables for the doctor.
Pages: "Query table definitions using the Web API", "Security roles and privileges".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from relay_admin.dynamics.session import DynamicsSession
from relay_admin.errors import Unreachable

DIRECTIONS = ("to-outlook", "both", "to-dataverse")
BOOKING, TIMESTAMP = "bookableresourcebooking", "msdyn_bookingtimestamp"
NOBODY = "none"  # of --owner: the bookings stay the relay's own
READING: Mapping[str, tuple[str, ...]] = {
    BOOKING: ("Read",),
    "bookableresource": ("Read",),
    "bookingstatus": ("Read",),
    "organization": ("Read",),
    "systemuser": ("Read",),
    "mailbox": ("Read",),
    "msdyn_bookingsetupmetadata": ("Read",),
}
WRITING: Mapping[str, tuple[str, ...]] = {
    BOOKING: ("Create", "Write", "Append", "AppendTo"),
    "bookableresource": ("AppendTo",),
    "bookingstatus": ("AppendTo",),
}
WITH_FIELD_SERVICE: Mapping[str, tuple[str, ...]] = {
    "bookableresourcebookingheader": ("Create", "Append"),
    TIMESTAMP: ("Create", "Append"),
    "msdyn_bookingchange": ("Create", "Append"),
}
ASSIGNING: Mapping[str, tuple[str, ...]] = {BOOKING: ("Assign",)}
STEP = "sdkmessageprocessingstep"
WATCHING: Mapping[str, tuple[str, ...]] = {STEP: ("Read",), "asyncoperation": ("Read",)}  # optional: for the doctor
OF_SOLUTIONS = ("msdyn_bookingsetupmetadata", *WITH_FIELD_SERVICE)  # tables that an environment may not have


class Purpose(NamedTuple):
    """What a role is for: a direction, DATAVERSE_OWNER, and webhooks. "" and False keep what the role has."""

    direction: str = ""
    owner: str = ""
    webhooks: bool = False


UNCHANGED = Purpose()


class Rights(NamedTuple):
    """The ids of the privileges of a role by their names, and what the role is for."""

    ids: dict[str, str]
    direction: str
    kind: str


def read_rights(session: DynamicsSession, purpose: Purpose, role: Collection[str]) -> Rights:
    """Return the rights. `role`: the names of the privileges that the role has. Raises Refused or Unreachable.

    A run without a direction must not take rights away from a relay that writes bookings.
    """
    booking = _privileges(session, BOOKING)
    has_writing = any(booking[access][0] in role for access in WRITING[BOOKING])
    direction = purpose.direction or ("both" if has_writing else "to-outlook")
    writes = direction != "to-outlook"
    assigns = purpose.owner != NOBODY if purpose.owner else booking["Assign"][0] in role
    has_field_service = writes and bool(_privileges(session, TIMESTAMP))
    parts = [READING, *([WRITING] if writes else []), *([WITH_FIELD_SERVICE] if has_field_service else []),
             *([ASSIGNING] if writes and assigns else []),
             *([WATCHING] if purpose.webhooks or _privileges(session, STEP)["Read"][0] in role else [])]  # fmt: skip
    kind = "with Field Service" if has_field_service else "plain" if writes else "to Outlook"
    return Rights(_ids(session, parts), direction, kind)


def _ids(session: DynamicsSession, parts: Collection[Mapping[str, tuple[str, ...]]]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for table in dict.fromkeys(name for part in parts for name in part):
        if not (privileges := _privileges(session, table)):
            continue
        for access in (each for part in parts for each in part.get(table, ())):
            if access not in privileges:
                raise _missing(table)
            name, privilege_id = privileges[access]
            ids[name] = privilege_id
    return ids


def _privileges(session: DynamicsSession, table: str) -> dict[str, tuple[str, str]]:
    """Return name and id of a table's privileges by PrivilegeType; empty for a table that is not installed.

    Names do not always follow the table's.
    """
    definition: dict[str, Any] | None = session.get(f"EntityDefinitions(LogicalName='{table}')?$select=Privileges")
    if definition is None and table in OF_SOLUTIONS:
        return {}
    privileges = (definition or {}).get("Privileges") or []
    found = {str(each["PrivilegeType"]): (str(each["Name"]), str(each["PrivilegeId"])) for each in privileges}
    if "Read" not in found:
        raise _missing(table)
    return found


def _missing(table: str) -> Unreachable:
    return Unreachable(f"The privileges of {table} cannot be read", "Check that Dynamics 365 has this table.")
