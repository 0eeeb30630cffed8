"""The parameters of an operation: of its path, its query and its headers."""

from __future__ import annotations

import re
from typing import Any

from tools.openapi.fields import deprecation
from tools.openapi.operation import Operation, Query

NO_CONTROL_CHARACTERS = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
IN_PATH = {
    "mailbox": "Address of the mailbox.",
    "business": "Address, id or name of the business.",
    "appointment": "Id of the appointment.",
    "id": "Id from an earlier response.",
    "code": "Code of a problem.",
}


def parameters(operation: Operation) -> list[dict[str, Any]]:
    """Return the parameter objects of an operation."""
    in_header = [
        {"name": header.name, "in": "header", "description": header.description, "schema": header.schema}
        for header in operation.headers
    ]
    in_path = [_in_path(name) for name in names_in(operation.route)]
    return in_path + [_in_query(query) for query in operation.query] + in_header


def names_in(route: str) -> list[str]:
    """Return the names of a route's parameters."""
    return re.findall(r"\{(\w+)\}", route)


def _in_path(name: str) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "pattern": NO_CONTROL_CHARACTERS}
    return {"name": name, "in": "path", "required": True, "description": IN_PATH[name], "schema": schema}


def _in_query(query: Query) -> dict[str, Any]:
    description = f"{query.description} {deprecation(query.deprecated)}" if query.deprecated else query.description
    return {
        "name": query.name,
        "in": "query",
        "description": description,
        **({"required": True} if query.required else {"allowEmptyValue": True}),
        **({"deprecated": True} if query.deprecated else {}),
        "schema": query.schema,
    }
