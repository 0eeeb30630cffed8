"""Claims about events that are made once: answers are lost, lists lag, a new event is not found yet, rows are lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.storage.pairs.pair import key_of
from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import (
    behave,
    bring_back,
    creations,
    end_booking,
    linked,
    on_event,
    process_next,
    reassign,
    shown,
    tick,
)
from tests.support.pairs_world import PairsWorld, pairs_world
from tests.unit.dataverse_flow.outlook_rows import meet

pytestmark = pytest.mark.server
LOST = {"match": "POST /v1.0/users/.*/events", "status": 503, "after": True, "times": 1}
MINUTES = 60  # seconds


def test_a_new_event_that_graph_does_not_find_yet_is_not_repeated(world: PairsWorld) -> None:
    """GET by its id is 404, and the view has it not yet either: within three minutes of the write that is no proof."""
    world.begin_to_follow()
    behave(world, createdUnseenSeconds=30, listLagSeconds=120)
    booking = linked(world)
    world.follow.run()
    process_next(world)
    world.change(booking, msdyn_estimatedtravelduration=12)
    world.follow_on()
    behave(world)
    world.follow_on()
    assert (len(creations(world)), len(world.calendar())) == (1, 1)


def test_a_lost_event_is_not_repeated_although_the_booking_moved_and_lists_lag(world: PairsWorld) -> None:
    """The transactionId is refused for other times, and the look-up by the mark finds nothing for two minutes."""
    world.begin_to_follow()
    behave(world, listLagSeconds=120)
    booking = world.dataverse.book()
    world.tenant_fault(LOST)
    world.follow.run()
    process_next(world)
    world.move(booking, 60)
    world.follow_on()
    behave(world)
    assert world.times() == [shown(world, booking)]
    assert {pair.generation for pair in world.pairs.all()} == {1}


@pytest.mark.parametrize("status", [400, 409])
def test_an_event_that_graph_names_is_taken(world: PairsWorld, status: int) -> None:
    """Its answer to the transactionId that is used up names the event, whatever the status."""
    world.dataverse.tenant.settings |= {"transactionStatus": status, "transactionNamesEvent": True}
    world.begin_to_follow()
    behave(world, listLagSeconds=120)
    booking = world.dataverse.book()
    world.tenant_fault(LOST)
    world.follow.run()
    process_next(world)
    world.move(booking, 60)
    began = world.now()
    world.follow.run()
    process_next(world)
    assert [bool(pair.event_id) for pair in world.pairs.all()] == [True]
    assert (world.now() - began).total_seconds() < MINUTES
    behave(world)
    world.follow_on()
    assert world.times() == [shown(world, booking)]


def test_an_event_that_was_deleted_before_it_was_stored_uses_its_id_up(world: PairsWorld) -> None:
    """The answer was lost and a person deleted the event: the next generation has another transactionId."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.tenant_fault(LOST)
    world.follow.run()
    process_next(world)
    (event,) = world.calendar()
    world.marked_events.remove(OLA, event["id"])
    world.empty_queue()
    assert world.times() == [shown(world, booking)]


def test_a_reassignment_removes_an_event_whose_answer_was_lost(world: PairsWorld) -> None:
    """The old calendar's list does not show it yet: one empty answer is no proof that nothing was made."""
    world.begin_to_follow()
    behave(world, listLagSeconds=120)
    booking = world.dataverse.book()
    world.tenant_fault(LOST)
    world.follow.run()
    process_next(world)
    reassign(world, booking, KARI)
    world.follow_on()
    behave(world)
    assert (world.times(OLA), world.times(KARI)) == ([], [shown(world, booking)])


def test_a_reassignment_removes_an_event_that_graph_does_not_find_yet(world: PairsWorld) -> None:
    """GET of the old event is 404 for 30 seconds after it was made."""
    world.begin_to_follow()
    behave(world, createdUnseenSeconds=30, listLagSeconds=120)
    booking = world.dataverse.book()
    world.follow.run()
    process_next(world)
    reassign(world, booking, KARI)
    world.follow_on()
    behave(world)
    assert (world.times(OLA), world.times(KARI)) == ([], [shown(world, booking)])


@pytest.mark.parametrize("generation", [1, 2])
def test_an_event_whose_pair_is_lost_is_paired_again(world: PairsWorld, generation: int) -> None:
    """The mailbox left the list, its rows were forgotten, and it came back: nothing is made beside what is there."""
    world.begin_to_follow()
    booking = linked(world)
    world.follow_on()
    if generation == 2:
        world.marked_events.remove(OLA, world.calendar()[0]["id"])
        tick(world, 10 * MINUTES)
        world.notify()
    (pair,) = world.pairs.all()
    assert pair.generation == generation
    world.pairs.delete(pair)
    tick(world, 10 * MINUTES)
    world.forget_calls()
    world.event_changes.run()
    world.empty_queue()
    assert (creations(world), world.times()) == ([], [shown(world, booking)])
    assert world.pairs.get(key_of(booking)) is not None


def test_an_old_event_that_a_person_restores_is_removed(world: PairsWorld) -> None:
    """Two events of one booking: the one that the pair does not name goes."""
    world.begin_to_follow()
    booking = linked(world)
    world.follow_on()
    (old,) = world.calendar()
    on_event(world, OLA, old["id"], "softDelete")
    tick(world, 10 * MINUTES)
    world.notify()
    (new,) = world.calendar()
    on_event(world, OLA, old["id"], "restore")
    tick(world, 10 * MINUTES)
    world.notify()
    assert ([each["id"] for each in world.calendar()], new["id"] == old["id"]) == ([new["id"]], False)
    assert world.times() == [shown(world, booking)]


@pytest.mark.parametrize("end", ["deleted", "canceled", "inactive", "proposed"])
def test_a_booking_that_comes_back_gets_an_event_of_the_next_generation(world: PairsWorld, end: str) -> None:
    """Restored from the recycle bin, committed again, active again: the old transactionId is used up."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.follow_on()
    end_booking(world, booking, end)
    world.follow_on()
    assert world.times() == []
    bring_back(world, booking, end)
    world.follow_on()
    world.notify()
    assert world.times() == [shown(world, booking)]
    assert [pair.generation for pair in world.pairs.all()] == [2]


@pytest.mark.parametrize("end", ["deleted", "canceled", "inactive", "proposed"])
def test_a_booking_that_comes_back_to_a_meeting_gets_no_event_beside_it(world: PairsWorld, end: str) -> None:
    """A person made the event her meeting: it is let go before the booking ends, and stands for it when it is back."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.follow_on()
    meet(world)
    world.forget_calls()
    end_booking(world, booking, end)
    world.follow_on()
    bring_back(world, booking, end)
    world.follow_on()
    tick(world, 10 * MINUTES)
    world.notify()
    world.event_changes.run()
    world.empty_queue()
    assert (world.times(), world.to_graph.writes) == ([shown(world, booking)], [])


@pytest.mark.parametrize("kind", ["marked", "bare"])
def test_a_copy_that_a_person_makes_is_hers(world: PairsWorld, kind: str) -> None:
    """It has the mark, or lost it: it is neither paired nor changed nor removed, also when the booking ends."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.follow_on()
    (event,) = world.calendar()
    times = {"start": "2026-12-20T10:00:00Z", "end": "2026-12-20T11:00:00Z"}
    copy = on_event(world, OLA, event["id"], "copy", {**times, "bare": kind == "bare"})
    world.forget_calls()
    world.notify()
    world.event_changes.run()
    world.empty_queue()
    assert world.to_graph.writes == []
    end_booking(world, booking, "deleted")
    world.follow_on()
    world.notify()
    assert [each["start"]["dateTime"][:16] for each in world.calendar()] == [copy["start"]["dateTime"][:16]]


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_token_that_has_expired_doubles_and_loses_nothing(certificates: Path, days: int) -> None:
    """0x80044352 after the days that the organization keeps changes: everything is read, with the pairs there were."""
    with pairs_world(certificates, trackingDays=days) as world:
        assert_carried_over(world, days)


def assert_carried_over(world: PairsWorld, days: int) -> None:
    """Assert that what was moved, deleted and made while the token expired is carried over with a write each."""
    kept, moved, deleted = (world.dataverse.book(hours=hours) for hours in (1000, 1010, 1020))
    world.begin_to_follow()
    world.move(moved, 1030)
    end_booking(world, deleted, "deleted")
    new = world.dataverse.book(hours=1040)
    tick(world, (days + 1) * 24 * 3600)
    world.forget_calls()
    world.follow_on()
    assert world.times() == sorted(shown(world, each) for each in (kept, moved, new))
    assert sorted(call[0] for call in world.to_graph.writes) == ["DELETE", "PATCH", "POST"]
