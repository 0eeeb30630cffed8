"""Claims about writes that wait: for a busy board, and for a crew's cascade."""

from __future__ import annotations

import pytest

from tests.support.booking_edits import exchange, is_in_step, live, live_rows
from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.event_edits import add_event, change_event, hint, move_event, times_of
from tests.support.pair_edits import tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
MINUTE, WAIT = 60, 300  # seconds


def optimize(world: PairsWorld, number: int = 11, mailbox: str = OLA) -> None:
    """Let a dispatcher's tool make bookings of a resource, all within a minute."""
    for each in range(number):
        world.dataverse.book(hours=200 + 2 * each, resource=mailbox)


def due(world: PairsWorld) -> None:
    """Process the messages that are due now."""
    for _ in range(200):
        ready = [each for each in sorted(world.queue.messages) if each[0] <= world.now()]
        if not ready:
            return
        world.queue.messages.remove(ready[0])
        world.pair_settling.process(ready[0][1])
    raise AssertionError("the queue is never empty")


@pytest.mark.parametrize(("number", "waits"), [(10, False), (11, True)])
def test_writes_wait_while_others_write_the_board(world: PairsWorld, number: int, waits: bool) -> None:  # noqa: FBT001
    """More than ten bookings within a minute: one delayed message, then they are written regardless."""
    event = add_event(world, 30)
    optimize(world, number)
    world.hint_events(OLA)
    due(world)
    assert len(live(world)) == number + (not waits)
    assert len(world.queue.messages) == waits
    optimize(world, number, KARI)
    tick(world, WAIT)
    optimize_again(world)
    due(world)
    assert len([each for each in live(world) if each == event_times(world, event)]) == 1


def optimize_again(world: PairsWorld) -> None:
    """Let the tool write all bookings once more."""
    for row in world.dataverse.get(BOOKINGS)["value"]:
        world.change(row["bookableresourcebookingid"], msdyn_estimatedtravelduration=5)


def event_times(world: PairsWorld, event: str) -> tuple[str, str]:
    """Return start and end of an event."""
    found = world.marked_events.get(OLA, event)
    return found["start"]["dateTime"][:16], found["end"]["dateTime"][:16]


def test_events_go_on_while_bookings_wait(world: PairsWorld) -> None:
    """The board's own bookings get their events."""
    add_event(world, 30)
    optimize(world)
    world.hint_events(OLA)
    world.follow.run()
    due(world)
    assert len(world.times()) == 12


def test_several_events_that_wait_need_a_single_message(world: PairsWorld) -> None:
    """Not one each; all are written in the end."""
    for hours in (30, 34, 38):
        add_event(world, hours)
    optimize(world)
    world.hint_events(OLA)
    due(world)
    assert (len(world.queue.messages), len(live(world))) == (1, 11)
    tick(world, WAIT)
    exchange(world)
    assert is_in_step(world)


def test_a_release_ends_the_wait(world: PairsWorld) -> None:
    """What waited is written at once, although the board is still busy."""
    event = add_event(world, 30)
    optimize(world)
    world.hint_events(OLA)
    due(world)
    world.dataverse_hold.release("it", OLA)
    due(world)
    assert event_times(world, event) in live(world)


def test_the_relays_own_writes_make_no_board_busy(world: PairsWorld) -> None:
    """Twenty events that become bookings at once."""
    for number in range(20):
        add_event(world, 30 + 2 * number)
    world.hint_events(OLA)
    due(world)
    assert len(live(world)) == 20


def test_what_field_service_answers_makes_no_board_busy(world: PairsWorld) -> None:
    """It writes each booking of a work order again, after the relay has moved it."""
    for number in range(12):
        world.dataverse.book(
            hours=30 + 2 * number, **{"msdyn_workorder@odata.bind": world.dataverse.work_order()}
        )  # fmt: skip
    exchange(world)
    tick(world, 2 * MINUTE)
    events = [str(event["id"]) for event in world.calendar()]
    for number, event in enumerate(events):
        move_event(world, event, 100 + 2 * number)
    hint(world, *events)
    cascade(world)
    add_event(world, 80)
    world.hint_events(OLA)
    due(world)
    assert len(live(world)) == 13


def crew(world: PairsWorld) -> list[str]:
    """Make the bookings of a crew, with events; return their ids."""
    header = world.dataverse.control("POST", "/rows/bookableresourcebookingheaders", {"name": "crew"})
    bind = {"Header@odata.bind": f"/bookableresourcebookingheaders({header['bookableresourcebookingheaderid']})"}
    made = [
        world.dataverse.book(hours=30, resource=each, msdyn_cascadecrewchanges=True, **bind) for each in (OLA, KARI)
    ]
    exchange(world)
    return made


def cascade(world: PairsWorld) -> None:
    """Let Field Service carry changes over."""
    world.dataverse.control("POST", "/background/flush")


def test_a_single_write_moves_a_crew(world: PairsWorld) -> None:
    """Field Service moves the other bookings, whose events follow."""
    crew(world)
    (event,) = world.calendar(OLA)
    move_event(world, event["id"], 60)
    world.forget_calls()
    hint(world, event["id"])
    cascade(world)
    exchange(world)
    assert len(world.to_dynamics.writes) == 1
    assert is_in_step(world)
    assert is_in_step(world, KARI)
    assert live(world) == live(world, KARI)


def test_a_sister_waits_while_the_crew_moves(world: PairsWorld) -> None:
    """Both members move their events: the second waits a minute, and finds the first's move carried over."""
    crew(world)
    (first,), (second,) = world.calendar(OLA), world.calendar(KARI)
    move_event(world, first["id"], 60)
    move_event(world, second["id"], 90, KARI)
    world.forget_calls()
    world.hint_events(OLA)
    due(world)
    world.hint_events(KARI)
    due(world)
    assert len(world.to_dynamics.writes) == 1
    cascade(world)
    tick(world, MINUTE + 1)
    exchange(world)
    assert len(world.to_dynamics.writes) == 1
    assert is_in_step(world, KARI)
    assert live(world) == live(world, KARI)


def test_without_the_flag_each_member_moves_alone(world: PairsWorld) -> None:
    """One write, and the other booking stays."""
    made = crew(world)
    for each in made:
        world.change(each, msdyn_cascadecrewchanges=False)
    exchange(world)
    before = live(world, KARI)
    (event,) = world.calendar(OLA)
    move_event(world, event["id"], 60)
    hint(world, event["id"])
    cascade(world)
    exchange(world)
    assert is_in_step(world)
    assert live(world, KARI) == before


def test_a_phone_that_was_offline_costs_three_writes_at_most(world: PairsWorld) -> None:
    """A burst of old states, the last one in the end: one event, at its booking's times."""
    event = add_event(world, 30)
    hint(world, event)
    world.forget_calls()
    for hours in (40, 50, 60, 70, 80):
        change_event(world, event, **times_of(world, hours))
        world.hint_events(OLA)
    world.empty_queue()
    exchange(world)
    assert len(world.to_dynamics.writes) <= 3
    assert is_in_step(world)
    (row,) = live_rows(world)
    assert row["bookableresourcebookingid"]


def test_a_burst_of_the_board_costs_three_writes_at_most(world: PairsWorld) -> None:
    """The phone of a technician sends what it did while it was offline, in order."""
    booking = world.dataverse.book(hours=30)
    exchange(world)
    world.forget_calls()
    for hours in (40, 50, 60, 70, 80):
        world.move(booking, hours)
    exchange(world)
    assert len(world.to_graph.writes) <= 3
    assert is_in_step(world)
