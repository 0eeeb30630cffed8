"""Claims about `plan` by direction: it counts what that direction makes, and says what it could not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.booking_edits import exchange
from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = pytest.mark.server
RESOURCES = [{"mailbox": OLA}, {"mailbox": KARI}]


def planned(world: PairsWorld) -> dict[str, tuple[int, int]]:
    """Return the events and bookings that would be made, by mailbox."""
    numbers = {each.id: (each.events_to_make, each.bookings_to_make) for each in world.dataverse_plan.plan().resources}
    return {mailbox: numbers[world.dataverse.id_of(f"resource:{mailbox}")] for mailbox in (OLA, KARI)}


@pytest.mark.parametrize(
    ("direction", "expected"), [("to-outlook", (2, 0)), ("both", (2, 3)), ("to-dataverse", (0, 3))]
)
def test_a_plan_counts_what_its_direction_makes(certificates: Path, direction: str, expected: tuple[int, int]) -> None:
    """Two visits and three appointments of Ola's. After the start nothing is left of it."""
    with pairs_world(certificates, {"DATAVERSE_DIRECTION": direction}, resources=RESOURCES) as world:
        for hours in (24, 30):
            world.dataverse.book(hours=hours)
        for hours in (60, 70, 80):
            add_event(world, hours)
        assert planned(world) == {OLA: expected, KARI: (0, 0)}
        assert world.dataverse_plan.plan().direction == direction
        world.begin_to_follow()
        exchange(world)
        assert planned(world) == {OLA: (0, 0), KARI: (0, 0)}


def test_a_booking_of_the_relay_gets_no_event(world: PairsWorld) -> None:
    """Also once its pair is forgotten: it stands for the person's own event, which leads to it."""
    add_event(world, 60)
    exchange(world)
    world.mailbox_forgetting.forget(OLA, "it")
    assert planned(world)[OLA] == (0, 1)


def test_a_calendar_that_cannot_be_read_is_a_finding(world: PairsWorld) -> None:
    """The others are counted."""
    for mailbox in (OLA, KARI):
        add_event(world, 60, mailbox=mailbox)
    world.tenant_fault({"match": "GET /v1.0/users/.*/calendarView", "status": 503, "times": 1})
    plan = world.dataverse_plan.plan()
    assert [each for each in plan.findings if "calendar cannot be read" in each]
    assert sorted(each.bookings_to_make for each in plan.resources) == [0, 1]


def test_a_calendar_of_which_nobody_knows_whether_it_may_be_read_is_not_read(world: PairsWorld) -> None:
    """Its room list cannot be read now, so a resource that was followed stays so; its calendar is a finding."""
    begun = world.begin_to_follow()
    begun.allow("roomlist:building@contoso.com")
    begun.forget_calls()
    plan = begun.dataverse_plan.plan()
    assert [each for each in plan.findings if "calendar cannot be read" in each]
    assert not [path for _, path in begun.to_graph.calls if path.endswith("/calendarView")]
