"""Leave out, of the pairs of other mailboxes, the former events of a mailbox that is forgotten.

A booking that was moved from one person to another leaves such a trace: the pair is the other person's then, and still
names the mailbox in which its event was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from shared.errors import ServiceUnavailable
from shared.storage.connection import storage_errors
from shared.storage.pairs.pairs import PARTITION

if TYPE_CHECKING:
    from azure.data.tables import TableClient

ATTEMPTS = 8
_WITH_FORMERS = f"PartitionKey eq '{PARTITION}' and former gt @none"


def leave_out_formers(table: Callable[[], TableClient], watch_id: str) -> None:
    """Change the rows. A worker that holds one loses its claim, and another look follows.

    Raises ServiceUnavailable or ConfigurationError when storage fails, or if rows are changed all the time.
    """
    for _ in range(ATTEMPTS):
        with storage_errors():
            rows = [row for row in _rows(table) if watch_id in str(row["former"])]
            changed = [_change(table(), row, watch_id) for row in rows]
            if all(changed):
                return
    raise ServiceUnavailable("storage", "has too many writers of one row")


def _rows(table: Callable[[], TableClient]) -> Iterable[Any]:
    return table().query_entities(_WITH_FORMERS, parameters={"none": ""})


def _change(table: TableClient, row: Any, watch_id: str) -> bool:
    """Change a row unless it has changed since it was read; return whether it was, or is gone."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    changed = {name: row[name] for name in ("PartitionKey", "RowKey")} | {"former": _without(row["former"], watch_id)}
    try:
        table.update_entity(changed, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified)
    except ResourceModifiedError:
        return False
    except ResourceNotFoundError:
        return True
    return True


def _without(former: str, watch_id: str) -> str:
    """Return the former events of other mailboxes; none of a text that cannot be read, which names the mailbox."""
    try:
        kept = [each for each in json.loads(former) if watch_id not in each]
    except (ValueError, TypeError):
        return ""
    return json.dumps(kept) if kept else ""
