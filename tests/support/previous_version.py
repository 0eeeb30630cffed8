"""Puts the stored data of the previous version into a running stack's storage account.

Its ids become those of this stack's Graph, and its times move as if the last had been written now. Everything else,
the names of columns above all, stays as the old code wrote it.
"""

import hashlib
import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableServiceClient, UpdateMode

from tests.fixtures.before_restructure.load import TABLES, content_of, text_of
from tests.support.relay import Relay

LAST = datetime(2026, 11, 20, 10, 33, tzinfo=UTC)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:\+00:00|Z)")


class PreviousVersion:
    """The fixture of the previous version's storage, for one stack; `ids` replace those of the fixture."""

    def __init__(self, relay: Relay, ids: dict[str, str]) -> None:
        self._relay = relay
        self._ids = ids
        self._shift = timedelta(seconds=round((datetime.now(UTC) - LAST).total_seconds()))

    def store_rows(self) -> None:
        """Store all rows, in place of those of the current code under the same keys; create the queues."""
        for queue in content_of("messages"):
            with suppress(ResourceExistsError):
                self._relay.queue(queue).create_queue()
        account = TableServiceClient.from_connection_string(self._relay.stack.azurite.connection_string)
        rows = content_of("rows")
        for name in TABLES:
            table = account.create_table_if_not_exists(name)
            for row in rows[name]:
                table.upsert_entity(self._keyed(name, self.moved(row)), mode=UpdateMode.REPLACE)

    def put(self, *values: str) -> int:
        """Put the messages with one of these values on their queues, all without a value; return their number."""
        messages = [
            (queue, text) for queue, stored in content_of("messages").items() for text in map(text_of, stored)
            if not values or any(f'"{value}"' in text for value in values)
        ]  # fmt: skip
        for queue, text in messages:
            self._relay.put(queue, json.dumps(self.moved(json.loads(text)), separators=(",", ":")))
        return len(messages)

    def id_of(self, event_id: str) -> str:
        """Return an event's id in this stack, or an id that Graph could have given it."""
        return self._ids.get(event_id) or f"AA{hashlib.sha256(event_id.encode()).hexdigest()}"

    def moved(self, value: Any) -> Any:
        """Return a value with the ids and times of this stack."""
        if isinstance(value, dict):
            return {name: self.moved(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.moved(part) for part in value]
        if not isinstance(value, str):
            return value
        return self.id_of(value) if value in self._ids or value.startswith("E-") else _MOMENT.sub(self._shifted, value)

    def _shifted(self, match: re.Match[str]) -> str:
        text = match.group()
        moved = (datetime.fromisoformat(text) + self._shift).isoformat(
            timespec="microseconds" if "." in text else "seconds"
        )
        return moved.replace("+00:00", "Z") if text.endswith("Z") else moved

    def _keyed(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row under the key of its event: a fingerprint of the id, by rules that never change."""
        if table == "ledger":
            return row | {"RowKey": hashlib.sha256(row["event_id"].encode()).hexdigest()}
        if table == "parked":
            key = f"{row['watch_id']}\n{row['event_id']}"
            return row | {"RowKey": hashlib.sha256(key.encode()).hexdigest()[:32]}
        return row
