"""The changes that `setup` and `undo` make, as data; what is made has fixed ids, so that every run finds it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLE_ID = "6f1c1f0e-53a8-5b0e-9d0a-0d7b7a0c21f1"
ROLE_NAME = "Calendar Relay: bookings and calendars"
_ACTION = "Microsoft.Dynamics.CRM"
_NEW = {"If-None-Match": "*"}  # a row that is there stays as it is
_OLD = {"If-Match": "*"}  # without it a PATCH would make the row ("Perform conditional operations")


@dataclass(frozen=True, slots=True)
class Step:
    """A request, with the reason for it."""

    why: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def make_role(business_unit: str) -> Step:
    """Make the role, without privileges of ours."""
    body = {"name": ROLE_NAME, "businessunitid@odata.bind": f"/businessunits({business_unit})"}
    return Step(f"Make the security role “{ROLE_NAME}”.", "PATCH", f"roles({ROLE_ID})", body, _NEW)


def add_rights(rights: Mapping[str, str]) -> Step:
    """Add privileges, ids by name, for the whole organization: the depth is a text."""
    body = {"Privileges": [{"PrivilegeId": each, "Depth": "Global"} for each in rights.values()]}
    return Step(f"Add {', '.join(sorted(rights))}.", "POST", f"roles({ROLE_ID})/{_ACTION}.AddPrivilegesRole", body)


def remove_right(name: str, privilege_id: str) -> Step:
    """Remove a privilege that a new role has and that nobody asked for."""
    path = f"roles({ROLE_ID})/{_ACTION}.RemovePrivilegeRole"
    return Step(f"Remove {name}, which the relay does not need.", "POST", path, {"PrivilegeId": privilege_id})


def make_user(user_id: str, app_id: str, business_unit: str) -> Step:
    """Make the application user of the relay's identity."""
    body = {"applicationid": app_id, "businessunitid@odata.bind": f"/businessunits({business_unit})"}
    return Step(f"Make the application user of {app_id}.", "PATCH", f"systemusers({user_id})", body, _NEW)


def enable_user(user_id: str, *, disabled: bool) -> Step:
    """Enable the application user, or disable it."""
    verb = "Deactivate" if disabled else "Activate"
    body = {"isdisabled": disabled}
    return Step(f"{verb} the application user.", "PATCH", f"systemusers({user_id})", body, _OLD)


def give_role(user_id: str, url: str) -> Step:
    """Give the application user the role."""
    path, body = f"systemusers({user_id})/systemuserroles_association/$ref", {"@odata.id": f"{url}/roles({ROLE_ID})"}
    return Step("Give the application user the role.", "POST", path, body)


def delete_role() -> Step:
    """Delete the role, which takes it from its users."""
    return Step(f"Delete the security role “{ROLE_NAME}”.", "DELETE", f"roles({ROLE_ID})")


def make_column(name: str) -> Step:
    """Make the yes/no column that marks resources ("Create and update column definitions using the Web API")."""
    label = {"LocalizedLabels": [{"Label": "Calendar relay", "LanguageCode": 1033}]}
    options = {
        side: {"Value": value, "Label": {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}}
        for side, value, text in (("TrueOption", 1, "Yes"), ("FalseOption", 0, "No"))
    }
    body = {
        "@odata.type": f"{_ACTION}.BooleanAttributeMetadata", "SchemaName": name, "DisplayName": label,
        "DefaultValue": False, "RequiredLevel": {"Value": "None"}, "OptionSet": options,
    }  # fmt: skip
    path = "EntityDefinitions(LogicalName='bookableresource')/Attributes"
    return Step(f"Make the column {name.lower()} of bookable resources.", "POST", path, body)
