"""Every row of the decision table that writes Outlook, over the sandbox; what would write Dataverse is a finding."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dataverse_world import KARI, OLA, ROOM
from tests.support.pair_edits import drag, shown
from tests.support.pairs_world import PairsWorld, pairs_world
from tests.unit.dataverse.cases import CASES
from tests.unit.dataverse.table import TABLE
from tests.unit.dataverse_flow.outlook_rows import ROWS, UNWRITTEN, Row

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
RESOURCES = [{"mailbox": OLA, "serverSideSync": True}, {"mailbox": KARI}, {"mailbox": ROOM, "marked": False}]
LOGGED = re.compile(r"Row (\d+) for the booking \S+ (\S*)")
Shown = list[tuple[str, str, str]]


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay, which follows two people and not the room."""
    with pairs_world(certificates, resources=RESOURCES) as world:
        yield world.begin_to_follow()


def exchange(world: PairsWorld) -> None:
    """Let both sides tell of what happened, twice, as they do."""
    for _ in range(2):
        world.follow_on()
        for mailbox in (OLA, KARI):
            world.notify(mailbox)


def decided(caplog: pytest.LogCaptureFixture) -> set[tuple[int, str]]:
    """Return the rows that were logged, each with its finding."""
    found = (LOGGED.match(record.getMessage()) for record in caplog.records if record.name == "relay.dataverse")
    return {(int(each[1]), each[2]) for each in found if each}


def expected(world: PairsWorld, row: Row, booking: str, before: tuple[Shown, Shown]) -> tuple[Shown, Shown]:
    """Return what the calendars of both people show at rest."""
    if row.shows == "left":
        return before
    event = [shown(world, booking)] if row.shows != "none" else []
    return ([], event) if row.shows == "there" else (event, [])


def calendars(world: PairsWorld) -> tuple[Shown, Shown]:
    """Return what both calendars show, without the events of Microsoft's sync."""
    of_others = {each["subject"] for each in world.calendar() if each["categories"]}
    return [each for each in world.times(OLA) if each[0] not in of_others], world.times(KARI)


@pytest.mark.parametrize("row", [*ROWS, *UNWRITTEN], ids=lambda row: f"{row.number}-{row.name}")
def test_the_row_is_carried_out(world: PairsWorld, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    """The calendars show what the table says, the row is logged, and nothing is written to Dataverse."""
    booking = row.make(world)
    if row.number != 55:
        world.follow_on()
        row.before(world, booking)
        world.notify()
    caplog.set_level(logging.INFO, "relay.dataverse")
    caplog.clear()
    row.act(world, booking)
    before = calendars(world)
    exchange(world)
    assert calendars(world) == expected(world, row, booking, before)
    assert (row.number, row.finding) in decided(caplog)
    assert world.to_dynamics.writes == []


def test_a_release_alone_carries_over_what_was_a_finding(world: PairsWorld) -> None:
    """Both sides are as they were noted, so that neither tells anything: the comparison finds the other times."""
    booking = world.dataverse.book()
    world.follow_on()
    drag(world, 80)
    world.notify()
    world.dataverse_hold.hold("it", OLA)
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    assert world.times() == [shown(world, booking)]


def test_no_row_that_writes_outlook_is_missing() -> None:
    """All that the table decides for a booking of Dataverse; 37 is decided by 10, 43 to 48 are of people's events.

    The release of row 9 is carried out in test_lost_and_refused.py.
    """
    of_table = {each.row for each in TABLE if each.values.get("born") == "dataverse" and _is_outlooks(each.answer)}
    of_cases = {
        each.row for each in CASES
        if (each.look.pair is None or each.look.pair.born == "dataverse") and _is_outlooks(each.answer)
    }  # fmt: skip
    assert (of_table | of_cases) - {row.number for row in ROWS} == {9, 49}


def _is_outlooks(answer: str) -> bool:
    parts = answer.split()
    return "E" in parts and "B" not in parts
