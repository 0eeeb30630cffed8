"""Claims about rights that are taken away while both sides are written: the rest goes on, and nothing is lost."""

from __future__ import annotations

import pytest

from shared.doctor.dataverse import DataverseChecks
from shared.dynamics.examination import Examination
from tests.support.booking_edits import exchange, is_in_step, live
from tests.support.dataverse_world import APP, OLA
from tests.support.event_edits import add_event, move_event
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server
TO_MAKE = (
    "prvCreateBookableResourceBooking", "prvAppendResourceBookingDetail", "prvAppendToBookableResource",
    "prvAppendToBookingStatus", "prvCreatemsdyn_bookingtimestamp",
)  # fmt: skip
TO_CHANGE = "prvWriteBookableResourceBooking"


def work_for_a_minute(world: PairsWorld) -> None:
    """Let both sides tell, and process what is due within a minute: an attempt that failed waits longer."""
    for _ in range(2):
        world.follow.run()
        world.hint_events(OLA)
        tick(world, 30)
        while world.queue.messages and min(world.queue.messages)[0] <= world.now():
            world.pair_settling.process(world.queue.take()[1])


def have(world: PairsWorld, *without: str) -> None:
    """Give the application user all rights but these."""
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": list(without)})


@pytest.mark.parametrize("right", TO_MAKE)
def test_without_a_right_to_make_bookings_events_still_follow_theirs(world: PairsWorld, right: str) -> None:
    """The appointment waits as a held pair, the visit has its event; with the right, the booking is there once."""
    have(world, right)
    add_event(world, 60)
    world.dataverse.book(hours=24)
    work_for_a_minute(world)
    assert (len(world.times()), len(live(world))) == (2, 1)
    assert [pair.held_by for pair in world.pairs_in("held")] == ["right"]
    have(world)
    exchange(world)
    assert len(live(world)) == 2
    assert is_in_step(world)
    assert world.pairs_in("held") == []


def test_without_the_right_to_change_bookings_others_are_still_created(world: PairsWorld) -> None:
    """The moved appointment waits; with the right, its booking is where the event is."""
    moved = add_event(world, 60)
    exchange(world)
    have(world, TO_CHANGE)
    move_event(world, moved, 80)
    add_event(world, 100)
    work_for_a_minute(world)
    assert len(live(world)) == 2
    assert [pair.held_by for pair in world.pairs_in("held")] == ["right"]
    have(world)
    exchange(world)
    assert len(live(world)) == 2
    assert is_in_step(world)


def test_the_doctor_names_a_right_that_holds_a_pair(world: PairsWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The log names it, too, and no event."""
    have(world, TO_MAKE[0])
    add_event(world, 60, subject="Dentist")
    work_for_a_minute(world)
    checks = DataverseChecks(world.settings, lambda: Examination(world.dynamics), tuple, tuple)
    [finding] = [each for each in checks.run() if each.name == "dataverseRights"]
    assert TO_MAKE[0] in finding.detail
    assert any(TO_MAKE[0] in line for line in caplog.messages)
    assert not any("Dentist" in line or OLA in line for line in caplog.messages)
