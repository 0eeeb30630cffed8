"""Refusals of Dataverse, and what waits for them."""

from __future__ import annotations

from shared.dataverse.call_breaker import DynamicsBreaker
from shared.dynamics.client import DynamicsClient
from shared.storage.pairs.call_pauses import CallPauses
from tests.support.pairs_world import PairsWorld

API = "/api/data/v9.2/"


def refuse(world: PairsWorld, status: int, seconds: int | None, *, match: str = "bookableresourcebookings\\(") -> None:
    """Let Dataverse refuse the next call."""
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    fault = {"match": f"GET {API}{match}", "status": status, "times": 1, "headers": headers}
    world.dataverse.control("POST", "/faults", fault)


def queued(world: PairsWorld, number: int) -> list[str]:
    """Make bookings and queue their hints."""
    bookings = [world.dataverse.book(hours=24 + each) for each in range(number)]
    world.follow.run()
    return bookings


def another_instance(world: PairsWorld) -> DynamicsClient:
    """Return the client of an instance that knows only what is stored."""
    breaker = DynamicsBreaker(CallPauses(lambda: world.pairs_table, world.now), world.now)
    return DynamicsClient(lambda: world.dataverse.url, lambda **_: world.dataverse.token(), lambda: world.to_dynamics,
                          breaker)  # fmt: skip
