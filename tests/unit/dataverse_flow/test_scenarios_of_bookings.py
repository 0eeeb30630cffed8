"""The scenarios of bookings that become events: made, echoed, moved, ended, at work, killed."""

from __future__ import annotations

import pytest

from tests.support.dataverse_world import KARI, OLA
from tests.support.killing import KilledAtCall
from tests.support.pair_edits import drag, end_booking, linked, remove_event, set_status, shown, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
DAY = 24 * 3600  # seconds


def test_scenario_1_a_booking_is_a_single_event_without_mail(world: PairsWorld) -> None:
    """Its times, its title, busy; no attendee, no reminder, no body: nothing that Exchange would send."""
    world.begin_to_follow()
    booking = world.dataverse.book(name="Visit Ola")
    world.follow_on()
    (event,) = world.calendar()
    assert world.times() == [shown(world, booking)]
    whole = world.graph.call("GET", f"/users/{OLA}/events/{event['id']}")
    assert (whole["showAs"], whole["attendees"], whole["isReminderOn"]) == ("busy", [], False)
    assert whole.get("bodyPreview", "") == ""
    assert world.times(KARI) == []


def test_scenario_2_its_echo_and_four_repeated_hints_write_nothing(world: PairsWorld) -> None:
    """On either side, in any order: the event's own notification, the timer, and the night."""
    world.begin_to_follow()
    world.dataverse.book()
    world.follow_on()
    world.forget_calls()
    for _ in range(4):
        world.notify()
        world.follow_on()
        world.event_changes.run()
        world.empty_queue()
    assert (world.to_graph.writes, world.to_dynamics.writes) == ([], [])


@pytest.mark.parametrize("kind", ["plain", "work order"])
def test_scenario_3_a_change_of_travel_alone_writes_nothing(world: PairsWorld, kind: str) -> None:
    """Field Service writes its columns several times a day, and after each save."""
    booking = world.dataverse.book() if kind == "plain" else linked(world)
    world.begin_to_follow()
    world.dataverse.control("POST", "/background/flush")
    world.follow_on()
    world.forget_calls()
    for minutes in (12, 13):
        world.change(booking, msdyn_estimatedtravelduration=minutes)
        world.dataverse.control("POST", "/background/flush")
        world.follow_on()
    assert world.to_graph.writes == []


@pytest.mark.parametrize("hours", [24.5, 60, -24])
def test_scenario_4_a_moved_booking_moves_its_event_with_a_single_write(world: PairsWorld, hours: float) -> None:
    """Within the day, to another one, and into the past."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    (before,) = world.calendar()
    world.forget_calls()
    world.move(booking, hours, duration=90)
    world.follow_on()
    world.notify()
    (after,) = world.calendar()
    assert (after["id"], [call[0] for call in world.to_graph.writes]) == (before["id"], ["PATCH"])
    assert world.times() == [shown(world, booking)]


@pytest.mark.parametrize("end", ["canceled", "inactive", "deleted"])
@pytest.mark.parametrize("kind", ["plain", "work order"])
def test_scenario_10_an_ended_booking_has_no_event(world: PairsWorld, end: str, kind: str) -> None:
    """Whatever is told again afterwards, on either side, and at night."""
    booking = world.dataverse.book() if kind == "plain" else linked(world)
    world.begin_to_follow()
    assert world.times() == [shown(world, booking)]
    end_booking(world, booking, end)
    for _ in range(3):
        world.dataverse.control("POST", "/background/flush")
        world.follow_on()
        world.notify()
        world.event_changes.run()
        world.empty_queue()
    assert (world.times(), world.to_dynamics.writes) == ([], [])


def test_scenario_11_the_event_of_a_work_order_comes_back_and_a_plain_booking_stays(world: PairsWorld) -> None:
    """Restored twice a day; the third deletion is left, as a plain booking's, and no booking is written."""
    visit = linked(world, hours=24, name="Visit")
    plain = world.dataverse.book(hours=30, name="Course")
    world.begin_to_follow()
    for number in range(4):
        for event in world.calendar():
            world.marked_events.remove(OLA, event["id"])
        tick(world, 600)
        world.notify()
        assert world.times() == ([shown(world, visit)] if number < 2 else [])
    rows = [world.dataverse.row(booking) for booking in (visit, plain)]
    assert [(row["statecode"], row["_bookingstatus_value"]) for row in rows] == [
        (0, world.dataverse.id_of("status:Committed"))
    ] * 2
    assert world.to_dynamics.writes == []


@pytest.mark.parametrize("status", ["Traveling", "In Progress", "On Break"])
def test_scenario_17_an_event_that_is_dragged_at_work_is_put_back(world: PairsWorld, status: str) -> None:
    """The technician is under way: what he does is never undone from a calendar."""
    booking = world.dataverse.book(hours=0)
    world.begin_to_follow()
    set_status(world, booking, status)
    world.dataverse.control("POST", "/background/flush")
    world.follow_on()
    drag(world, 50)
    world.notify()
    assert world.times() == [shown(world, booking)]
    remove_event(world)
    tick(world, 600)
    world.notify()
    assert (world.times(), world.to_dynamics.writes) == ([shown(world, booking)], [])


@pytest.mark.parametrize("number", [3, 8, 12, 16])
def test_scenario_6_a_killed_worker_leaves_a_single_event(world: PairsWorld, number: int) -> None:
    """Its message comes back, the event is notified in the gap, and a day passes."""
    world.begin_to_follow()
    booking = world.dataverse.book(hours=60)
    world.follow.run()
    waiting = list(world.queue.messages)
    with KilledAtCall(world, number) as killer:
        world.empty_queue()
    assert killer.reached
    world.notify()
    tick(world, DAY)
    world.queue.messages.extend(waiting)
    world.follow_on()
    world.notify()
    assert world.times() == [shown(world, booking)]
