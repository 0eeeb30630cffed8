"""Makes the stored rows and queued messages those of the version before, as tests/fixtures/before_restructure has them.

That version knew no queue `subscription-work`, no `due_at`, and no rows about the maintenance of subscriptions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from shared.messages import REPAIR_KINDS
from shared.storage.watches import PARTITION
from tests.fixtures.before_restructure.load import content_of
from tests.simulation.world import World
from tests.support.table import FakeTable, Row

JOB_KEYS = ("watch", "kind", "subscription", "attempt")
TABLES = ("watches", "ledger", "parked", "attempts")


def make_earlier(world: World) -> int:
    """Rewrite all that is stored; return the number of watches."""
    for table, name in zip(world.tables, TABLES, strict=False):  # the simulated year books no slots
        _rewrite(table, _columns(name))
    world.work_texts.waiting.clear()
    world.job_texts.waiting[:] = [(at, number, _earlier(text)) for at, number, text in world.job_texts.waiting]
    return sum(partition == PARTITION for partition, _ in world.rows.rows)


def message(kind: str, watch_id: str, subscription_id: str = "") -> str:
    """Return a message of one job as the version before wrote it."""
    job = {"watch": watch_id, "kind": kind, "subscription": subscription_id, "attempt": 0}
    return json.dumps({"v": 1, "repairs": [job]}, separators=(",", ":"))


def write(world: World, watch_id: str, **columns: Any) -> None:
    """Write some columns of a watch's row, as the version before does: it leaves all others as they are."""
    world.rows.update_entity({"PartitionKey": PARTITION, "RowKey": watch_id, **columns})


def _columns(name: str) -> dict[str, set[str]]:
    """Return the columns of each partition of a table; the partitions of the ledger are the watches: ""."""
    columns: dict[str, set[str]] = {}
    for row in content_of("rows")[name]:
        columns.setdefault("" if name == "ledger" else row["PartitionKey"], set()).update(row)
    return columns


def _rewrite(table: FakeTable, columns: dict[str, set[str]]) -> None:
    rows = {}
    for key, row in table.rows.items():
        known = columns.get(key[0]) or columns.get("")
        if known:
            rows[key] = Row({name: value for name, value in row.items() if name in known}, row.etag)
    table.rows = rows


def _earlier(text: str) -> str:
    jobs: Iterable[dict[str, Any]] = json.loads(text)["repairs"]
    rows = [{name: job[name] for name in JOB_KEYS} for job in jobs if job["kind"] in REPAIR_KINDS]
    for row in rows:
        row["subscription"] = "" if row["kind"] == "resync" else row["subscription"]
    return json.dumps({"v": 1, "repairs": rows}, separators=(",", ":"))
