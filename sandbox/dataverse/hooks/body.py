"""The body of a webhook: the execution context as JSON.

Dataverse: Use webhooks (headers, 256 KB); Understand the execution context. Values are typed as the data contract
serializer writes them; times are /Date(milliseconds)/.
"""

import json
from datetime import datetime
from typing import Any

from sandbox.dataverse.columns import Column
from sandbox.dataverse.organization import Organization
from sandbox.dataverse.rows import Row, new_id
from sandbox.dataverse.writer import Write

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
LARGEST = 256 * 1024
LEFT_OUT = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
ASYNCHRONOUS, AFTER = 1, 40


def context_of(organization: Organization, write: Write, step: Row) -> dict[str, Any]:
    """Return the execution context of a write for one step."""
    return {
        "BusinessUnitId": organization.ids["unit:root"],
        "CorrelationId": new_id(),
        "Depth": write.actor.depth,
        "InitiatingUserAzureActiveDirectoryObjectId": "00000000-0000-0000-0000-000000000000",
        "InitiatingUserId": write.actor.user_id,
        "InputParameters": [{"key": "Target", "value": _target(write)}],
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsolationMode": 1,
        "MessageName": write.message,
        "Mode": ASYNCHRONOUS,
        "OperationCreatedOn": _date(organization.clock.now()),
        "OperationId": new_id(),
        "OrganizationId": organization.organization_id,
        "OrganizationName": organization.name,
        "OutputParameters": [{"key": "id", "value": write.row_id}] if write.message == "Create" else [],
        "OwningExtension": {
            "__type": f"EntityReference:{CONTRACTS}",
            "Id": step["sdkmessageprocessingstepid"],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": step["name"],
        },
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "PrimaryEntityId": write.row_id,
        "PrimaryEntityName": write.table.name,
        "RequestId": new_id(),
        "SecondaryEntityName": "none",
        "SharedVariables": [{"key": "tag", "value": write.actor.tag}] if write.actor.tag else [],
        "Stage": AFTER,
        "UserId": write.actor.user_id,
    }


def content_of(context: dict[str, Any]) -> tuple[bytes, bool]:
    """Return the body, and whether it was too large: parts of the context are then left out."""
    content = json.dumps(context, ensure_ascii=False).encode()
    if len(content) <= LARGEST:
        return content, False
    kept = {name: value for name, value in context.items() if name not in LEFT_OUT}
    return json.dumps(kept, ensure_ascii=False).encode(), True


def headers_of(organization: Organization, context: dict[str, Any]) -> dict[str, str]:
    """Return the headers that every webhook has."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-dynamics-organization": organization.url.removeprefix("https://"),
        "x-ms-dynamics-entity-name": str(context["PrimaryEntityName"]),
        "x-ms-dynamics-request-name": str(context["MessageName"]),
        "x-ms-correlation-request-id": str(context["CorrelationId"]),
    }


def _target(write: Write) -> dict[str, Any]:
    """Return the target: an entity with the written columns alone, or for a deletion a reference."""
    if write.message == "Delete":
        return {"__type": f"EntityReference:{CONTRACTS}", "Id": write.row_id, "KeyAttributes": [],
                "LogicalName": write.table.name, "Name": None, "RowVersion": None}  # fmt: skip
    attributes = {name: _value(write.table.columns[name], value) for name, value in write.columns.items()}
    attributes[write.table.key] = write.row_id
    return {
        "__type": f"Entity:{CONTRACTS}",
        "Attributes": [{"key": name, "value": value} for name, value in attributes.items()],
        "EntityState": None,
        "FormattedValues": [],
        "Id": write.row_id,
        "KeyAttributes": [],
        "LogicalName": write.table.name,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _value(column: Column, value: Any) -> Any:
    if isinstance(value, datetime):
        return _date(value)
    if value is not None and column.kind == "choice":
        return {"__type": f"OptionSetValue:{CONTRACTS}", "Value": value}
    if value is not None and column.kind == "lookup":
        return {"__type": f"EntityReference:{CONTRACTS}", "Id": value, "KeyAttributes": [],
                "LogicalName": column.targets[0], "Name": None, "RowVersion": None}  # fmt: skip
    return value


def _date(moment: datetime) -> str:
    return f"/Date({int(moment.timestamp() * 1000)})/"
