"""Claims about the doctor after DATAVERSE_TITLES was changed: it says how many names of bookings will be written."""

from __future__ import annotations

import pytest

from shared.doctor.dataverse import DataverseChecks
from shared.dynamics.examination import Examination
from tests.support.booking_edits import exchange, rows
from tests.support.event_edits import add_event
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def text_of_mailboxes(world: PairsWorld, titles: str) -> str:
    """Return what the doctor says of mailboxes, with this value of DATAVERSE_TITLES."""
    examination, names = Examination(world.dynamics), lambda: world.name_sweep.waiting(titles)
    checks = DataverseChecks(world.settings, lambda: examination, tuple, tuple, names=names)
    [finding] = [each for each in checks.run() if each.name == "dataverseMailboxes"]
    assert finding.ok is True
    return finding.detail


def test_the_doctor_counts_the_names_of_persons_events(world: PairsWorld) -> None:
    """Not those of visits, whose names are the dispatcher's; after the next run nothing is left."""
    for hours in (60, 70):
        add_event(world, hours)
    world.dataverse.book(hours=24)
    exchange(world)
    assert "names" not in text_of_mailboxes(world, "busy")
    assert "the names of 2 bookings will be written" in text_of_mailboxes(world, "subject")
    world.name_sweep.run("subject")
    assert "names" not in text_of_mailboxes(world, "subject")
    assert sorted(row["name"] for row in rows(world)) == ["Busy", "Busy", "Visit"]
