"""Delete one row, on the condition that it has not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.data.tables import TableClient


def delete_unchanged(table: TableClient, row: Any) -> bool:
    """Delete a row unless it has changed since it was read; return whether it was deleted."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    try:
        table.delete_entity(row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified)
    except (ResourceModifiedError, ResourceNotFoundError):
        return False
    return True
