"""Reads the rights of the relay and the metadata of the tables, for the doctor. Nothing is tried.

Pages: "RetrieveUserPrivileges function", "Query table definitions using the Web API", "Use change tracking to
synchronize data".
"""

from __future__ import annotations

from typing import Any

from shared.dynamics.client import DynamicsClient
from shared.dynamics.errors import DynamicsRejected, DynamicsUnavailable, RowGone

READ_TABLES = ("bookableresourcebooking", "bookableresource", "bookingstatus", "organization", "systemuser", "mailbox")
READ_WHERE_INSTALLED = ("msdyn_bookingsetupmetadata",)  # Universal Resource Scheduling's
BOOKINGS = "EntityDefinitions(LogicalName='bookableresourcebooking')"
WHOLE = "Global"


class Examination:
    """Reads an environment for the doctor. Every method raises DynamicsError."""

    def __init__(self, client: DynamicsClient) -> None:
        self._client = client

    def held(self) -> dict[str, str]:
        """Return the depth of each privilege that the relay's application user has, by the privilege's name."""
        user = self._client.call("GET", "WhoAmI").get("UserId")
        answer = self._client.call("GET", f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")
        return {str(each.get("PrivilegeName")): str(each.get("Depth")) for each in _list(answer, "RolePrivileges")}

    def needed(self) -> dict[str, str]:
        """Return the tables that the relay reads, by the name of the privilege to read each."""
        return {self._reading(table): table for table in (*READ_TABLES, *self._installed())}

    def tracks_bookings(self) -> bool:
        """Return whether change tracking of bookings is on."""
        return self._client.call("GET", BOOKINGS, params={"$select": "ChangeTrackingEnabled"}).get(
            "ChangeTrackingEnabled"
        ) is True  # fmt: skip

    def behaviors(self) -> dict[str, str]:
        """Return how the times of bookings are kept, by column: UserLocal unless a customizer changed it."""
        return {name: self._behavior(name) for name in ("starttime", "endtime")}

    def _installed(self) -> list[str]:
        installed = []
        for table in READ_WHERE_INSTALLED:
            try:
                self._reading(table)
            except (RowGone, DynamicsRejected):
                continue
            installed.append(table)
        return installed

    def _reading(self, table: str) -> str:
        """Return the name of a table's privilege to read: it does not always follow the table's name."""
        definition = f"EntityDefinitions(LogicalName='{table}')"
        answer = self._client.call("GET", definition, params={"$select": "Privileges"})
        for privilege in _list(answer, "Privileges"):
            if privilege.get("PrivilegeType") == "Read":
                return str(privilege.get("Name"))
        raise DynamicsUnavailable(200)

    def _behavior(self, column: str) -> str:
        path = f"{BOOKINGS}/Attributes(LogicalName='{column}')/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata"
        behavior = self._client.call("GET", path, params={"$select": "DateTimeBehavior"}).get("DateTimeBehavior")
        if not isinstance(behavior, dict) or not isinstance(behavior.get("Value"), str):
            raise DynamicsUnavailable(200)
        return str(behavior["Value"])


def _list(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = answer.get(name)
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise DynamicsUnavailable(200)
    return items
