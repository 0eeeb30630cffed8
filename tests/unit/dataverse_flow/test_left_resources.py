"""What leaves a calendar that is not followed, and what Graph did not notify, is carried over all the same."""

from __future__ import annotations

import pytest

from shared.errors import GraphNotFound
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import drag, linked, reassign, remove_event, shown, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
DAY = 24 * 3600
YEAR = 365 * 24  # hours


def mark(world: PairsWorld, mailbox: str, *, marked: bool) -> None:
    """Mark a resource, or take its mark away."""
    resource = world.dataverse.id_of(f"resource:{mailbox}")
    world.dataverse.control("PATCH", f"/rows/bookableresources/{resource}", {"new_calendarrelay": marked})


def test_a_booking_that_never_had_an_event_gets_it(world: PairsWorld) -> None:
    """Row 55: its resource was never marked."""
    mark(world, OLA, marked=False)
    booking = world.dataverse.book()
    world.begin_to_follow()
    reassign(world, booking, KARI)
    world.follow_on()
    assert (world.times(), world.times(KARI)) == ([], [shown(world, booking)])


@pytest.mark.parametrize("how", ["unmarked", "off the list"])
def test_a_booking_that_leaves_a_resource_that_is_left_gets_an_event(world: PairsWorld, how: str) -> None:
    """Row 5; the former calendar is not touched, and each event is made once."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    if how == "unmarked":
        mark(world, OLA, marked=False)
    else:
        world.allow(KARI)
    world.follow_on()
    world.forget_calls()
    reassign(world, booking, KARI)
    world.follow_on()
    tick(world, DAY / 24)
    world.event_changes.run()
    world.follow_on()
    assert world.times(KARI) == [shown(world, booking)]
    assert [call for call in world.to_graph.writes if OLA in call[1]] == []
    assert len([call for call in world.to_graph.writes if KARI in call[1]]) == 1


def test_the_former_event_is_removed_once_its_calendar_is_followed_again(world: PairsWorld) -> None:
    """Row 28: nobody else would remove it."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    mark(world, OLA, marked=False)
    world.follow_on()
    reassign(world, booking, KARI)
    world.follow_on()
    tick(world, DAY / 24)
    mark(world, OLA, marked=True)
    world.follow_on()
    world.event_changes.run()
    world.empty_queue()
    assert (world.times(), world.times(KARI)) == ([], [shown(world, booking)])


def test_a_booking_that_was_with_an_unmarked_resource_meanwhile_has_a_single_event(world: PairsWorld) -> None:
    """Row 6, then a new event of the next generation in the calendar of the third resource."""
    mark(world, KARI, marked=False)
    booking = world.dataverse.book()
    world.begin_to_follow()
    reassign(world, booking, KARI)
    world.follow_on()
    assert world.times() == []
    mark(world, KARI, marked=True)
    world.follow_on()
    assert (world.times(), world.times(KARI)) == ([], [shown(world, booking)])


def former_out_of_window(world: PairsWorld) -> tuple[str, str]:
    """Return a booking, and the id of its event, which a person dragged out of the window."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    drag(world, YEAR)
    (pair,) = world.pairs.all()
    return booking, pair.event_id


def test_a_former_event_that_no_list_shows_is_removed_once_its_calendar_is_followed_again(world: PairsWorld) -> None:
    """Its calendar left the list between the new event and the removal: the pair alone knows of the former one."""
    booking, former = former_out_of_window(world)

    def off_the_list(when: str) -> None:
        if when == "after" and world.to_graph.calls[-1][0] == "POST":
            world.allow(KARI)

    world.to_graph.on_call = off_the_list
    reassign(world, booking, KARI)
    world.follow_on()
    world.allow(f"{OLA},{KARI}")
    assert world.marked_events.get(OLA, former)["id"] == former
    tick(world, DAY / 24)
    world.follow_on()
    world.event_changes.run()
    world.empty_queue()
    with pytest.raises(GraphNotFound):
        world.marked_events.get(OLA, former)
    assert world.times(KARI) == [shown(world, booking)]


def test_a_former_event_whose_removal_was_given_up_is_removed_by_night(world: PairsWorld) -> None:
    """Graph refused it until the hint was a dead letter; no list shows the event."""
    booking, former = former_out_of_window(world)
    reassign(world, booking, KARI)
    world.tenant_fault({"match": "DELETE /v1.0/users/.*/events", "status": 503, "times": 1000})
    world.follow_on()
    assert world.times(KARI) == [shown(world, booking)]
    assert world.dataverse.session.delete(f"{world.dataverse.graph_url}/_control/faults", timeout=60).ok
    world.event_changes.run()
    world.empty_queue()
    with pytest.raises(GraphNotFound):
        world.marked_events.get(OLA, former)
    assert world.times(KARI) == [shown(world, booking)]


@pytest.mark.parametrize("signal", ["night", "gap"])
def test_a_change_that_graph_did_not_notify_is_carried_over(world: PairsWorld, signal: str) -> None:
    """By the nightly comparison, and by that of a gap of the subscription; change tracking reads Dataverse alone."""
    booking = linked(world)
    world.begin_to_follow()
    tick(world, DAY / 24)  # Field Service has written its part by then
    world.follow_on()
    remove_event(world)
    tick(world, DAY / 24)  # longer than the calendar view lags
    world.forget_calls()
    world.follow_on()
    assert (world.times(), world.to_graph.writes) == ([], [])
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    if signal == "night":
        world.event_changes.run()
    else:
        world.event_changes.gap(watch)
    world.empty_queue()
    assert world.times() == [shown(world, booking)]
