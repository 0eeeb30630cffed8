"""Pairs on the running stack whose last write is long ago."""

from __future__ import annotations

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError
from azure.data.tables import UpdateMode

from tests.support.relay import Relay
from tests.support.waiting import eventually


def aged(relay: Relay, *event_ids: str) -> None:
    """Let the writes of pairs be older than the minutes in which Graph may not show a new event.

    A row that is claimed is left alone until its worker has written it.
    """
    table = relay.table("pairs")

    def is_aged() -> bool:
        rows = [row for row in table.query_entities("PartitionKey eq 'pair'") if row["event_id"] in event_ids]
        if len(rows) < len(event_ids) or any(row.get("claimed_until") for row in rows):
            return False
        try:
            for row in rows:
                key = {name: row[name] for name in ("PartitionKey", "RowKey")}
                table.update_entity({**key, "writes": ""}, mode=UpdateMode.MERGE, etag=row.metadata["etag"],
                                    match_condition=MatchConditions.IfNotModified)  # fmt: skip
        except ResourceModifiedError:
            return False
        return True

    eventually(is_aged)
