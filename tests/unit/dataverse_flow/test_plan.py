"""Claims about plan and status: what would be made, what nobody would show, and that nothing is changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.dataverse.flow.hints import Hints
from shared.errors import RequestRejected
from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import end_booking
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = pytest.mark.server
TWO_WEEKS = 24 * 15


def seed(*, synchronized: bool) -> list[dict[str, object]]:
    """Return two resources; Microsoft's own sync is on for Ola, if wanted."""
    return [{"mailbox": OLA, "serverSideSync": synchronized}, {"mailbox": KARI}]


def unshown(world: PairsWorld) -> list[str]:
    """Return the findings of a plan about bookings that nobody shows."""
    return [each for each in world.dataverse_plan.plan().findings if "nobody shows" in each]


def test_a_plan_counts_events_and_changes_no_row(world: PairsWorld) -> None:
    """Live bookings of the window; after the start there is nothing left to make. No row, no write."""
    world.dataverse.book()
    world.dataverse.book(hours=48)
    world.dataverse.book(status="Cancelled")
    world.dataverse.book(hours=24 * 400)
    resource = world.dataverse.id_of(f"resource:{OLA}")
    planned = {each.id: each.events_to_make for each in world.dataverse_plan.plan().resources}
    assert planned[resource] == 2
    assert (world.to_graph.writes, world.to_dynamics.writes, len(world.pair_rows.rows)) == ([], [], 0)
    world.begin_to_follow()
    planned_again = world.dataverse_plan.plan().resources
    assert {(each.events_to_make, each.events_to_remove) for each in planned_again} == {(0, 0)}


def test_what_a_plan_counted_before_the_start_does_not_count_for_the_brake(world: PairsWorld) -> None:
    """Half of a mailbox's bookings ended while nothing was followed: the start removes their events. Later ones do."""
    bookings = [world.dataverse.book(hours=24 + number) for number in range(14)]
    world.begin_to_follow()
    for booking in bookings[:8]:
        end_booking(world, booking, "deleted")
    assert sum(each.events_to_remove for each in world.dataverse_plan.plan().resources) == 8
    assert len(world.calendar()) == 14
    world.begin_to_follow()
    assert len(world.calendar()) == 6
    for booking in bookings[8:]:
        end_booking(world, booking, "canceled")
    world.follow_on()
    assert len(world.calendar()) == 6
    assert world.resource_states.of(world.dataverse.id_of(f"resource:{OLA}")).state == "held"


def test_a_plan_counts_no_removal_of_a_closed_pair(world: PairsWorld) -> None:
    """Its event and booking ended before the window: nothing is written for it any more."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.dataverse.tenant.clock.advance(9 * 86_400)
    end_booking(world, booking, "deleted")
    assert {each.events_to_remove for each in world.dataverse_plan.plan().resources} == {0}


@pytest.mark.parametrize(("synchronized", "expected"), [(True, 1), (False, 2)], ids=["on", "off"])
def test_what_nobody_shows_is_a_finding(certificates: Path, synchronized: bool, expected: int) -> None:  # noqa: FBT001
    """Work orders left to Microsoft's integration: without it, or more than two weeks ahead. Plain ones are made."""
    settings = {"DATAVERSE_WORK_ORDERS": "theirs"}
    with pairs_world(certificates, settings, resources=seed(synchronized=synchronized)) as world:
        for hours in (24, TWO_WEEKS):
            bind = {"msdyn_workorder@odata.bind": world.dataverse.work_order()}
            world.dataverse.book(hours=hours, **bind)
        world.dataverse.book(hours=30)
        [finding] = unshown(world)
        assert f"nobody shows {expected} bookings" in finding
        assert sum(each.events_to_make for each in world.dataverse_plan.plan().resources) == 1


def test_with_auto_every_booking_is_shown(world: PairsWorld) -> None:
    """What that integration does not show, the relay does."""
    world.dataverse.book(hours=24, **{"msdyn_workorder@odata.bind": world.dataverse.work_order()})
    assert unshown(world) == []
    assert sum(each.events_to_make for each in world.dataverse_plan.plan().resources) == 1


def test_while_the_relay_is_stopped_neither_side_is_called(world: PairsWorld) -> None:
    """Not by the timer, a message, plan or start; after the stop everything goes on."""
    world.begin_to_follow()
    world.stopping.stop("an incident", "it")
    booking = world.dataverse.book()
    world.pair_queue.send(Hints(hinted_at=world.now(), bookings=(booking,)))
    world.forget_calls()
    world.follow.run()
    world.pair_settling.process(world.queue.take()[1])
    for use in (world.dataverse_plan.plan, lambda: world.dataverse_start.start("it")):
        with pytest.raises(RequestRejected) as refused:
            use()
        assert refused.value.problem.code == "stopped"
    assert (world.to_dynamics.calls, world.to_graph.calls) == ([], [])
    world.stopping.start("it is over", "it")
    world.dataverse.tenant.clock.advance(60)
    world.follow_on()
    assert len(world.calendar()) == 1
