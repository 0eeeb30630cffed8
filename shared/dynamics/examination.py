"""Reads the rights of the relay and the metadata of the tables, for the doctor. Nothing is tried.

Pages: "RetrieveUserPrivileges function", "Query table definitions using the Web API", "Use change tracking to
synchronize data", "Optimistic concurrency".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.dynamics.client import DynamicsClient
from shared.dynamics.errors import DynamicsRejected, DynamicsUnavailable, RowGone
from shared.dynamics.rights import OF_SOLUTIONS, TIMESTAMP, needed
from shared.dynamics.webhooks import WebhookSteps, count_failed, read_steps

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

    def needed(self, direction: str, owner: str) -> dict[str, str]:
        """Return the names of the privileges that the relay needs, each with its table.

        `direction`, `owner`: DATAVERSE_DIRECTION and DATAVERSE_OWNER. Tables that are not installed need none.
        """
        has_field_service = bool(self._privileges(TIMESTAMP))
        names: dict[str, str] = {}
        for table, accesses in needed(direction, owner, has_field_service=has_field_service).items():
            privileges = self._privileges(table)
            if privileges and not privileges.keys() >= set(accesses):
                raise DynamicsUnavailable(200)
            names |= {privileges[access]: table for access in accesses if privileges}
        return names

    def tracks_bookings(self) -> bool:
        """Return whether change tracking of bookings is on."""
        return self._is_on("ChangeTrackingEnabled")

    def has_etags(self) -> bool:
        """Return whether bookings have optimistic concurrency: without it no change with If-Match is accepted."""
        return self._is_on("IsOptimisticConcurrencyEnabled")

    def behaviors(self) -> dict[str, str]:
        """Return how the times of bookings are kept, by column: UserLocal unless a customizer changed it."""
        return {name: self._behavior(name) for name in ("starttime", "endtime")}

    def webhook_steps(self) -> WebhookSteps:
        """Return the steps that send webhooks. Raises DynamicsRefused without the right to read them."""
        return read_steps(self._client)

    def failed_webhooks(self, since: datetime) -> int:
        """Return how many webhooks failed since a moment. Raises DynamicsRefused without the right to read them."""
        return count_failed(self._client, since)

    def _is_on(self, flag: str) -> bool:
        return self._client.call("GET", BOOKINGS, params={"$select": flag}).get(flag) is True

    def _privileges(self, table: str) -> dict[str, str]:
        """Return the names of a table's privileges by PrivilegeType; empty for a table that is not installed.

        Names do not always follow the table's.
        """
        definition = f"EntityDefinitions(LogicalName='{table}')"
        try:
            answer = self._client.call("GET", definition, params={"$select": "Privileges"})
        except (RowGone, DynamicsRejected) as error:
            if error.status == 404 and table in OF_SOLUTIONS:
                return {}
            raise
        found = {str(each.get("PrivilegeType")): str(each.get("Name")) for each in _list(answer, "Privileges")}
        if "Read" not in found:
            raise DynamicsUnavailable(200)
        return found

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
