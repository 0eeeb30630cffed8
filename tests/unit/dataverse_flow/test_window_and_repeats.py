"""Claims about what is written at all: the window, pairs that ended in time, and two sides that answer each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.messages import Change
from shared.storage.watches import Watch, watch_id_of
from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import (
    behave,
    drag,
    end_booking,
    linked,
    on_event,
    process_next,
    reassign,
    set_status,
    shown,
    tick,
)
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
DAY = 86_400
Act = Callable[[PairsWorld, str], object]


def test_the_window_decides_what_is_created(world: PairsWorld) -> None:
    """A booking of next year gets its event when it comes nearer, without being changed."""
    days = world.settings.window_days[1]
    booking = world.dataverse.book(hours=24 * (days + 20))
    world.begin_to_follow()
    assert world.pairs.count() == 0
    world.event_changes.run()
    world.empty_queue()
    assert world.pairs.count() == 0
    tick(world, 30 * DAY)
    world.event_changes.run()
    world.empty_queue()
    assert [pair.booking_id for pair in world.pairs_in("paired")] == [booking]


@pytest.mark.parametrize("hours", [24 * 200, -24 * 3], ids=["far-ahead", "yesterday"])
def test_a_pair_is_followed_out_of_the_window(world: PairsWorld, hours: float) -> None:
    """Its event is moved along, and back."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.move(booking, hours)
    world.follow_on()
    (pair,) = world.pairs.all()
    event = world.marked_events.get(OLA, pair.event_id)
    assert event["start"]["dateTime"][:16] == world.dataverse.row(booking)["starttime"][:16]
    world.move(booking, 48)
    world.follow_on()
    assert world.times() == [shown(world, booking)]


@pytest.mark.parametrize(
    "act",
    [
        lambda world, booking: end_booking(world, booking, "deleted"),
        lambda world, booking: end_booking(world, booking, "canceled"),
        lambda world, booking: world.change(booking, name="Another"),
        lambda world, booking: reassign(world, booking, KARI),
        lambda world, _: on_event(world, OLA, event_id_of(world), "softDelete"),
        lambda world, booking: world.change(booking, msdyn_estimatedtravelduration=3),
    ],
    ids=["deleted", "canceled", "renamed", "reassigned", "event-deleted", "touched"],
)
def test_nothing_is_written_for_what_ended_before_the_window(world: PairsWorld, act: Act) -> None:
    """Both sides ended more than WINDOW_PAST_DAYS ago: nothing is written, and nothing counts for the brake."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    tick(world, 9 * DAY)
    world.forget_calls()
    act(world, booking)
    for _ in range(2):
        world.follow_on()
        world.event_changes.run()
        world.empty_queue()
    assert (world.to_graph.writes, world.to_dynamics.writes) == ([], [])
    assert [row for row in world.pair_rows.rows.values() if row["PartitionKey"] == "brake"] == []


def test_a_bulk_deletion_of_old_bookings_is_not_held(world: PairsWorld) -> None:
    """Twenty of them ended before the window."""
    old = [world.dataverse.book(hours=1 + each) for each in range(20)]
    world.begin_to_follow()
    tick(world, 9 * DAY)
    new = world.dataverse.book()
    for booking in old:
        end_booking(world, booking, "deleted")
    world.follow_on()
    assert world.resource_states.of(world.dataverse.id_of(f"resource:{OLA}")).state == "followed"
    assert shown(world, new) in world.times()


def event_id_of(world: PairsWorld) -> str:
    """Return the id of the only pair's event."""
    (pair,) = world.pairs.all()
    return pair.event_id


def put_back(world: PairsWorld, number: int, seconds: float) -> int:
    """Let something in Outlook move an event again and again, and return how often it was put back."""
    done = 0
    for each in range(number):
        drag(world, 80 + each)
        world.forget_calls()
        world.notify()
        done += len(world.to_graph.writes)
        tick(world, seconds)
    return done


def test_an_event_that_is_moved_again_each_time_is_held(world: PairsWorld) -> None:
    """Six writes within ten minutes, each answered; the release goes on."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    set_status(world, booking, "On Break")
    world.dataverse.control("POST", "/background/flush")
    world.follow_on()
    tick(world, 700)
    assert put_back(world, 9, 20) == 6
    (pair,) = world.pairs.all()
    assert (pair.state, pair.held_by) == ("held", "repeats")
    tick(world, 700)
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    drag(world, 99)
    world.notify()
    assert world.times() == [shown(world, booking)]


@pytest.mark.parametrize("state", ["canceled", "live"])
def test_a_removed_event_that_is_restored_each_time_is_held(world: PairsWorld, state: str) -> None:
    """Rows 10 and 28: something in Outlook brings the event back after each removal by the relay."""
    behave(world, deletesToDeletedItems=True)
    booking = linked(world)
    world.begin_to_follow()
    restored = event_id_of(world)
    if state == "live":
        on_event(world, OLA, restored, "softDelete")
    else:
        end_booking(world, booking, "canceled")
    tick(world, 600)
    world.follow_on()
    world.notify()
    tick(world, 600)
    removals = 0
    while not world.pairs_in("held"):
        assert removals < 9
        on_event(world, OLA, restored, "restore")
        world.forget_calls()
        world.event_changes.changed(watch_of(world), [Change(watch_of(world).id, "user", restored)], world.now())
        process_next(world)  # what is confirmed later is left out
        world.queue.messages.clear()
        removals += len(world.to_graph.writes)
        tick(world, 20)
    (pair,) = world.pairs.all()
    assert (removals, pair.state, pair.held_by) == (6, "held", "repeats")


def watch_of(world: PairsWorld) -> Watch:
    """Return the watch of the mailbox."""
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    return watch


def test_an_event_that_is_moved_now_and_then_is_put_back_each_time(world: PairsWorld) -> None:
    """Never six times within ten minutes."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    set_status(world, booking, "On Break")
    world.dataverse.control("POST", "/background/flush")
    world.follow_on()
    tick(world, 700)
    assert put_back(world, 9, 150) == 9


def test_a_booking_that_is_moved_often_is_followed(world: PairsWorld) -> None:
    """Ten moves within ten minutes are no answers."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    for hours in range(30, 40):
        world.move(booking, hours)
        world.follow_on()
        world.notify()
        tick(world, 20)
    assert world.times() == [shown(world, booking)]
    assert [pair.state for pair in world.pairs.all()] == ["paired"]
