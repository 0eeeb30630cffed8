"""Claims about writes of bookings whose answer is lost, which are refused, or between which somebody else writes."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest

from tests.support.booking_edits import exchange, is_in_step, live, live_rows, rows
from tests.support.dataverse_world import APP, BOOKINGS, OLA
from tests.support.event_edits import add_event, change_event, hint, move_event, times_of
from tests.support.killing import AtCall
from tests.support.pair_edits import drag, remove_event, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
BOOKING = f"PATCH /api/data/v9.2/{BOOKINGS}.*"
LOST = {"503": {"status": 503}, "500": {"status": 500}, "cut": {"cut": True}, "429": {"status": 429}}
HOUR = 3_700  # seconds


@pytest.mark.parametrize("act", ["made", "moved", "canceled"])
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_a_write_whose_answer_is_lost_is_done_once(world: PairsWorld, act: str, lost: dict[str, Any]) -> None:
    """It was carried out, or not: one booking, at the times of its event; a canceled one of a deleted event."""
    event = add_event(world, 30)
    if act != "made":
        hint(world, event)
    if act == "moved":
        drag(world, 60)
    elif act == "canceled":
        remove_event(world)
    world.dataverse.control("POST", "/faults", {"match": BOOKING, "after": act != "moved", "times": 1, **lost})
    hint(world, event)
    tick(world, HOUR)
    exchange(world)
    assert len(rows(world)) == 1
    assert is_in_step(world)


@pytest.mark.parametrize("is_deleted", [True, False], ids=["deleted", "free"])
def test_a_creation_that_was_given_up_leaves_no_booking_behind(world: PairsWorld, is_deleted: bool) -> None:  # noqa: FBT001
    """The event is deleted or free while the call may still be at work: a booking that is missing proves nothing."""
    event = add_event(world, 30)
    world.dataverse.control("POST", "/faults", {"match": BOOKING, "status": 504, "times": 1})
    hint_only(world, event)
    if is_deleted:
        remove_event(world)
    else:
        change_event(world, event, showAs="free")
    hint_only(world, event)
    assert [pair.state for pair in world.pairs.all()] == ["making"]
    tick(world, HOUR)
    world.empty_queue()
    assert [pair.state for pair in world.pairs.all()] == ["ended"]


def hint_only(world: PairsWorld, event: str) -> None:
    """Process one message about an event; what it queues again stays."""
    world.hint_events(OLA)
    waiting = [each for each in world.queue.messages if event in each[1]]
    world.queue.messages[:] = [each for each in world.queue.messages if each not in waiting]
    world.pair_settling.process(waiting[0][1])


def test_a_move_by_a_dispatcher_between_read_and_write_is_not_lost(world: PairsWorld) -> None:
    """412: the pair is looked at again, and the side of birth wins, whenever the dispatcher wrote."""
    booking = world.dataverse.book(hours=30)
    world.follow_on()
    for number in range(1, 60, 2):
        drag(world, 40 + 3 * number)
        with AtCall(world, number, partial(world.move, booking, 500 + number)) as at:
            world.notify()
        exchange(world, 1)
        assert is_in_step(world), number
        if not at.reached:
            assert number > 8
            return
        assert live(world)[0][0] == times_of(world, 500 + number)["start"][:16], number


def test_a_booking_that_changes_before_every_write_is_put_back(world: PairsWorld) -> None:
    """412 again and again: the hint waits, longer each time, and is carried out in the end."""
    event = add_event(world, 30)
    hint(world, event)
    booking = live_rows(world)[0]["bookableresourcebookingid"]
    move_event(world, event, 60)
    edits = iter(range(30))

    def edited(when: str) -> None:
        number = next(edits, None)
        if when == "before" and number is not None:
            world.change(booking, name=f"Renamed {number}")

    world.to_dynamics.on_call = edited
    hint(world, event)
    assert next(edits, None) is None
    assert is_in_step(world)


@pytest.mark.parametrize("without", ["prvWriteBookableResourceBooking", "prvCreateBookableResourceBooking"])
def test_a_missing_right_holds_the_pair_and_names_it(
    world: PairsWorld, without: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It goes on by itself once the right is there."""
    event = add_event(world, 30)
    if "Write" in without:
        hint(world, event)
        move_event(world, event, 60)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [without]})
    caplog.set_level(logging.WARNING, "relay.dataverse")
    hint_only(world, event)
    assert [pair.state for pair in world.pairs.all()] == ["held"]
    assert without in caplog.text
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
    world.empty_queue()
    assert is_in_step(world)


def test_an_id_that_another_user_has_used_is_left_alone(world: PairsWorld) -> None:
    """412 for a booking that another user made: it stays as it is, and the next generation has another id."""
    event = add_event(world, 30)

    def taken() -> None:
        (pair,) = world.pairs.all()
        row = {"bookableresourcebookingid": pair.booking_id, **world.dataverse.booking(hours=200)}
        world.dataverse.control("POST", f"/rows/{BOOKINGS}", row)

    for_pair = iter([True])

    def before_write(when: str) -> None:
        is_due = when == "before" and any(True for _ in world.pairs.all())
        if is_due and next(for_pair, False):
            taken()

    world.to_dynamics.on_call = before_write
    hint(world, event)
    exchange(world)
    assert len(rows(world)) == 2
    starts = [row["starttime"][:16] for row in live_rows(world)]
    assert world.times()[0][1] in starts
    assert sorted(pair.state for pair in world.pairs.all() if not pair.is_from_dataverse) == ["ended", "paired"]


def test_a_creation_that_is_refused_waits_for_another_edit(world: PairsWorld) -> None:
    """400: it is not asked again and again, and made once the event has other times."""
    world.dataverse.control("POST", "/plugins", {"refuse": "not now"})
    event = add_event(world, 30)
    hint(world, event)
    exchange(world)
    assert len(world.to_dynamics.writes) == 1
    assert [pair.state for pair in world.pairs.all()] == ["muted"]
    world.dataverse.control("DELETE", "/plugins")
    move_event(world, event, 60)
    hint(world, event)
    assert is_in_step(world)
    assert len(live(world)) == 1


@pytest.mark.parametrize("concurrency", [True, False])
def test_a_table_without_concurrency_loses_no_event(world: PairsWorld, concurrency: bool) -> None:  # noqa: FBT001
    """400 0x8006088D says nothing of the event: it is not put back, and its hint is tried again."""
    booking = world.dataverse.book(hours=30)
    world.follow_on()
    world.dataverse.control("POST", "/tables/bookableresourcebooking", {"concurrency": concurrency})
    drag(world, 60)
    before = world.times()
    world.notify()
    assert world.times() == before
    assert (world.dataverse.row(booking)["starttime"][:16] == before[0][1]) is concurrency


def test_an_event_that_becomes_private_meanwhile_gives_no_title(world: PairsWorld) -> None:
    """The name that is written is that of the version that was read last."""
    event = add_event(world, 30)
    hint(world, event)
    change_event(world, event, sensitivity="private")
    hint(world, event)
    assert [row["name"] for row in live_rows(world)] == ["Private"]
