"""Claims about the number of calls of Dataverse, which the doctor shows."""

from __future__ import annotations

import json

import pytest

from shared.dataverse.counted_calls import CountedCalls
from shared.doctor.dataverse import DataverseChecks
from shared.dynamics.errors import DynamicsUnavailable
from shared.errors import ServiceUnavailable
from tests.support.world import World
from tests.unit.functions.alert_dataverse import ON


class Breaker:
    """Keeps what is recorded."""

    def __init__(self) -> None:
        self.recorded: list[DynamicsUnavailable | None] = []
        self.is_open = False

    def require(self) -> None:
        """Raise while it is open."""
        if self.is_open:
            raise DynamicsUnavailable(429, "", 60)

    def record(self, error: DynamicsUnavailable | None) -> None:
        """Keep how a call ended."""
        self.recorded.append(error)


@pytest.fixture
def world() -> World:
    """Return a relay with the feature."""
    return World(**ON)


def counted(world: World) -> CountedCalls:
    """Return the counting of one process."""
    return CountedCalls(Breaker(), world.call_counts, world.now)


def test_calls_of_all_processes_are_counted(world: World) -> None:
    """Each stores its number once a minute, so that a call costs no storage; failed calls count, too."""
    first, second = counted(world), counted(world)
    for each in (first, second):
        for _ in range(50):
            each.require()
            each.record(DynamicsUnavailable(503))
    assert world.call_counts.of_last_day() == 2
    world.pass_by(60)
    first.record(None)
    second.record(None)
    assert world.call_counts.of_last_day() == 102


def test_only_the_last_day_counts(world: World) -> None:
    """By whole hours; older ones are dropped from the row."""
    calls = counted(world)
    calls.record(None)
    world.pass_by(20 * 3600)
    calls.record(None)
    assert world.call_counts.of_last_day() == 2
    world.pass_by(5 * 3600)
    assert world.call_counts.of_last_day() == 1
    calls.record(None)
    [row] = world.pair_rows.rows.values()
    assert len(json.loads(row["hours"])) == 2


def test_a_failure_of_storage_ends_no_call(world: World) -> None:
    """The number is stored a minute later; the circuit breaker hears of each call."""
    calls = counted(world)
    world.pair_rows.failing = 1
    calls.record(None)
    world.pass_by(60)
    calls.record(None)
    assert world.call_counts.of_last_day() == 2
    assert isinstance(calls.breaker, Breaker)
    assert calls.breaker.recorded == [None, None]


def test_a_refused_call_is_not_counted(world: World) -> None:
    """While the circuit breaker is open."""
    calls = counted(world)
    assert isinstance(calls.breaker, Breaker)
    calls.breaker.is_open = True
    with pytest.raises(DynamicsUnavailable):
        calls.require()
    assert world.call_counts.of_last_day() == 0


def test_the_client_of_the_app_counts_and_the_doctor_shows_it(world: World) -> None:
    """By the composition root."""
    assert isinstance(world.dynamics._breaker, CountedCalls)
    world.dynamics._breaker.record(None)
    checks = world.doctor.features.dataverse
    assert isinstance(checks, DataverseChecks)
    assert checks.requests() == 1


def test_a_damaged_row_is_an_error(world: World) -> None:
    """And no 0."""
    counted(world).record(None)
    for row in world.pair_rows.rows.values():
        row["hours"] = "[1]"
    with pytest.raises(ServiceUnavailable):
        world.call_counts.of_last_day()
