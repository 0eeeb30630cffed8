"""Another process of a world: it shares Graph, the partner, storage and the queues, and has settings of its own."""

from __future__ import annotations

from tests.support.world import World

SHARED = (
    "watches_table", "ledger_table", "attempts_table", "parked", "changes", "jobs", "work", "events", "rooms",
    "subscriptions", "webhook", "workers", "slots_table", "pairs_table",
)  # fmt: skip


def restarted(world: World, **settings: str) -> World:
    """Return the process that follows one, with these settings."""
    new = World({name: getattr(world, name) for name in SHARED}, **settings)
    new.end()  # its own threads are not used
    new.threads, new.time, new.keys = world.threads, world.time, world.keys
    new.rows, new.ledger_rows, new.parked_rows = world.rows, world.ledger_rows, world.parked_rows
    new.pair_rows = world.pair_rows
    return new
