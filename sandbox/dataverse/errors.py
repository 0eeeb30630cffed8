"""Dataverse's errors: {"error": {"code": "0x…", "message": "…"}}.

Dataverse: Compose HTTP requests and handle errors; Web service error codes.
"""

from collections.abc import Mapping
from typing import Any

NOT_FOUND = "0x80040217"
UNDECLARED = "0x80048d19"
INVALID = "0x80040203"
NO_PRIVILEGE = "0x80040220"
NOT_A_MEMBER = "0x80072560"
DUPLICATE = "0x80040237"
MISMATCH = "0x80060882"
NO_CONCURRENCY = "0x8006088d"
EXPIRED_VERSION = "0x80044352"
ABORTED = "0x80040265"


class ApiError(Exception):
    """An error response of the Web API."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the response's JSON."""
        return {"error": {"code": self.code, "message": self.message}}


def invalid(message: str, code: str = INVALID) -> ApiError:
    """Return a 400."""
    return ApiError(400, code, message)


def undeclared(name: str, entity: str) -> ApiError:
    """Return the 400 for a property that a table does not have; names are case-sensitive."""
    text = (
        f"Error identified in Payload provided by the user for Entity :'{entity}'. An undeclared property '{name}' "
        "which only has property annotations in the payload but no property value was found in the payload."
    )
    return ApiError(400, UNDECLARED, text)


def no_property(name: str, entity: str) -> ApiError:
    """Return the 400 for a property in the query that a table does not have."""
    text = f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{entity}'."
    return ApiError(400, "0x80060888", text)


def no_set(name: str) -> ApiError:
    """Return the 404 for a path that leads to no set of rows, function or action."""
    return ApiError(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def no_row(entity: str, row_id: str) -> ApiError:
    """Return the 404 for a row that does not exist."""
    return ApiError(404, NOT_FOUND, f"{entity} With Id = {row_id} Does Not Exist")


def no_privilege(user_id: str, privilege: str, entity: str) -> ApiError:
    """Return the 403 that names the missing privilege."""
    text = (
        f"Principal user (Id={user_id}, type=8) is missing {privilege} privilege on table '{entity}' or one at a "
        "greater depth."
    )
    return ApiError(403, NO_PRIVILEGE, text)
