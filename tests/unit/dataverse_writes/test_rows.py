"""Every row of the decision table that writes Dataverse, over the sandbox, and those that leave it as it is."""

from __future__ import annotations

import logging
import re

import pytest

from tests.support.booking_edits import exchange, is_in_step, live
from tests.support.pairs_world import PairsWorld
from tests.unit.dataverse_writes.board_rows import ROWS, Row

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
LOGGED = re.compile(r"Row (\d+) for the booking \S+ (\S*)")
Sides = tuple[list[tuple[str, str]], list[tuple[str, str, str]]]


def sides(world: PairsWorld) -> Sides:
    """Return what the board and the calendar show."""
    return live(world), world.times()


def decided(caplog: pytest.LogCaptureFixture) -> set[tuple[int, str]]:
    """Return the rows that were logged, each with its finding."""
    found = (LOGGED.match(record.getMessage()) for record in caplog.records if record.name == "relay.dataverse")
    return {(int(each[1]), each[2]) for each in found if each}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.name}")
def test_the_row_is_carried_out(world: PairsWorld, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    """Both sides show what the table says, the row is logged, and at rest nothing more is written."""
    row.make(world)
    exchange(world)
    row.before(world)
    exchange(world)
    caplog.set_level(logging.INFO, "relay.dataverse")
    caplog.clear()
    row.act(world)
    before = sides(world)
    exchange(world)
    shown = sides(world)
    assert row.is_quiet or (row.number, row.finding) in decided(caplog)
    assert {
        "step": is_in_step(world) and bool(shown[0]),
        "left": shown == before,
        "muted": (len(shown[0]), len(shown[1])) == (0, 1),
        "booked": (len(shown[0]), len(shown[1])) == (1, 0),
        "none": shown == ([], []),
    }[row.shows], (before, shown)
    world.forget_calls()
    exchange(world)
    assert (world.to_dynamics.writes, world.to_graph.writes) == ([], [])
