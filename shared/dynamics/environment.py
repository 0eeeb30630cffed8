"""Reads what an environment is, its statuses and its bookable resources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.dynamics.client import DynamicsClient
from shared.dynamics.errors import DynamicsRejected, DynamicsUnavailable

RESOURCES, RESOURCE_KEY = "bookableresources", "bookableresourceid"
_PERSON = "UserId($select=azureactivedirectoryobjectid,internalemailaddress,isdisabled)"
_COLUMNS = f"{RESOURCE_KEY},resourcetype,statecode,msdyn_primaryemail"


@dataclass(frozen=True, slots=True)
class OrganizationDetail:
    """The ids and the kind of an environment. `kind`: OrganizationType; Customer is a production environment."""

    id: str
    environment: str
    kind: str


class Environment:
    """Reads an environment. Every method raises DynamicsError."""

    def __init__(self, client: DynamicsClient) -> None:
        self._client = client

    def identity(self) -> tuple[str, str]:
        """Return the OrganizationId, and the id of the application user ("WhoAmI function")."""
        answer = self._client.call("GET", "WhoAmI")
        return _text(answer, "OrganizationId").lower(), _text(answer, "UserId").lower()

    def organization(self) -> OrganizationDetail:
        """Return the organization's detail ("RetrieveCurrentOrganization function")."""
        access = "AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
        answer = self._client.call("GET", f"RetrieveCurrentOrganization({access})")
        detail = answer.get("Detail")
        if not isinstance(detail, dict):
            raise DynamicsUnavailable(200)
        organization, environment = (_text(detail, name).lower() for name in ("OrganizationId", "EnvironmentId"))
        return OrganizationDetail(organization, environment, str(detail.get("OrganizationType") or ""))

    def token_days(self) -> int:
        """Return for how many days the organization keeps a token of change tracking."""
        rows = list(self._client.pages("organizations", {"$select": "expirechangetrackingindays"}))
        days = rows[0].get("expirechangetrackingindays") if rows else None
        return days if isinstance(days, int) else 0

    def date_behaviors(self) -> dict[str, str]:
        """Return the DateTimeBehavior of a booking's start and end ("Behavior and format of date columns")."""
        table, kind = "EntityDefinitions(LogicalName='bookableresourcebooking')", "DateTimeAttributeMetadata"
        found = {}
        for column in ("starttime", "endtime"):
            path = f"{table}/Attributes(LogicalName='{column}')/Microsoft.Dynamics.CRM.{kind}"
            answer = self._client.call("GET", path, params={"$select": "DateTimeBehavior"})
            behavior = answer.get("DateTimeBehavior")
            found[column] = str(behavior.get("Value")) if isinstance(behavior, dict) else ""
        return found

    def statuses(self) -> list[dict[str, Any]]:
        """Return the rows of bookingstatuses, with the column of Field Service where there is one."""
        return list(self._client.pages("bookingstatuses"))

    def default_statuses(self) -> list[dict[str, Any]]:
        """Return the rows of booking setup metadata, none where Universal Resource Scheduling is not installed."""
        path = "msdyn_bookingsetupmetadatas"
        rule = "msdyn_entitylogicalname eq 'none'"  # of bookings without a requirement
        names = ("committed", "canceled")
        select = ",".join(f"_msdyn_defaultbooking{each}status_value" for each in names)
        try:
            return list(self._client.pages(path, {"$select": select, "$filter": rule}))
        except DynamicsRejected as error:
            if error.status != 404:
                raise
            return []

    def resources(self, column: str) -> Iterator[dict[str, Any]]:
        """Yield the resources that are marked in a column."""
        return self._client.pages(RESOURCES, {"$select": f"{_COLUMNS},{column}", "$filter": f"{column} eq true",
                                              "$expand": _PERSON})  # fmt: skip

    def resource(self, resource_id: str, column: str = "") -> dict[str, Any]:
        """Return a resource by its id. Raises RowGone."""
        select = f"{_COLUMNS},{column}" if column else _COLUMNS
        path = f"{RESOURCES}({resource_id})"
        return self._client.call("GET", path, params={"$select": select, "$expand": _PERSON})

    def user_of(self, entra_id: str) -> str:
        """Return the id of the user with an id in Entra, "" without one."""
        rule = {"$select": "systemuserid", "$filter": f"azureactivedirectoryobjectid eq {entra_id}"}
        rows = list(self._client.pages("systemusers", rule))
        return str(rows[0]["systemuserid"]) if rows else ""

    def mailbox_of_user(self, entra_id: str) -> list[dict[str, Any]]:
        """Return the rows of a user's mailbox, which tell whether server-side synchronization is on."""
        found = f"azureactivedirectoryobjectid eq {entra_id}"
        users = list(self._client.pages("systemusers", {"$select": "systemuserid", "$filter": found}))
        rows: list[dict[str, Any]] = []
        for user in users:
            rule = f"_regardingobjectid_value eq {user['systemuserid']}"
            select = "actdeliverymethod,actstatus,enabledforact"
            rows += self._client.pages("mailboxes", {"$select": select, "$filter": rule})
        return rows


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise DynamicsUnavailable(200)
    return value
