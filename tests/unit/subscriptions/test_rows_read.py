"""How many rows a run of the timer reads: it takes what is due, and not every watch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.watches.requests import WatchRequest
from tests.simulation.world import World
from tests.support.table import Rows

NUMBER = 30


def test_a_run_without_room_lists_reads_what_is_due() -> None:
    """And once a day every row."""
    world, read = World(), [0]
    for number in range(NUMBER):
        world.watch_setup.subscribe(WatchRequest(f"room{number}@contoso.com"))
    query = world.rows.query_entities

    def counted(query_filter: str, **names: Any) -> Rows:
        rows = query(query_filter, **names)
        read[0] += len(rows.rows)
        return rows

    world.rows.query_entities = counted  # type: ignore[method-assign]  # only this test counts rows
    world.reconciler.reconcile()
    assert read[0] >= NUMBER
    read[0] = 0
    world.time += timedelta(seconds=1)
    world.reconciler.reconcile()
    assert read[0] == 0
