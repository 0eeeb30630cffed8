"""Claims about the number of watches in all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import RequestRejected
from shared.storage.watches import watch_id_of
from shared.watches.quota import KEEP, KEEP_WHEN_FULL
from shared.watches.requests import WatchRequest
from tests.support.world import World

BUILDING = "building1@contoso.com"


def wish(number: int) -> WatchRequest:
    """Return the wish for a room."""
    return WatchRequest(f"room{number}@contoso.com")


def test_one_too_many_is_refused_and_those_that_stand_are_answered() -> None:
    """409 that says what to do; nothing is made of it."""
    world = World(MOST_WATCHES="2")
    for number in range(2):
        world.watch_setup.subscribe(wish(number))
    with pytest.raises(RequestRejected, match=r"MOST_WATCHES allows \(2\).*Remove one") as caught:
        world.watch_setup.subscribe(wish(2))
    assert caught.value.status == 409
    assert world.watches.get(watch_id_of(wish(2).mailbox)) is None
    for number in range(2):
        assert world.watch_setup.subscribe(wish(number))[1] is False


def test_asking_again_for_what_stands_takes_no_place() -> None:
    """However often."""
    world = World(MOST_WATCHES="2")
    for _ in range(5):
        world.watch_setup.subscribe(wish(0))
    assert world.watch_setup.subscribe(wish(1))[1]


def test_many_at_once_share_the_last_places() -> None:
    """Exactly as many as there were places."""
    world = World(MOST_WATCHES="7")
    ends = world.watch_setup.subscribe_many([wish(number) for number in range(30)])
    assert sum(not isinstance(end, Exception) for end in ends) == 7
    assert world.watches.count() == 7


def test_a_place_that_is_made_is_found_soon() -> None:
    """Who is told to remove one need not wait for long after it."""
    world = World(MOST_WATCHES="1")
    world.watch_setup.subscribe(wish(0))
    with pytest.raises(RequestRejected):
        world.watch_setup.subscribe(wish(1))
    world.watch_setup.unsubscribe(watch_id_of(wish(0).mailbox))
    world.pass_by(KEEP_WHEN_FULL.total_seconds())
    assert world.watch_setup.subscribe(wish(1))[1]


def test_what_other_instances_added_is_counted_now_and_then() -> None:
    """Not at every call: that would read the whole table each time."""
    world, reads = World(MOST_WATCHES="5"), []
    world.rows.before = lambda: reads.append(1)
    assert world.quota.reserve()
    counted = len(reads)
    for number in range(4):
        world.watch(wish(number).mailbox)
    reads.clear()
    assert world.quota.reserve()
    assert (counted, reads) == (1, [])
    world.pass_by(KEEP.total_seconds())
    assert [world.quota.reserve() for _ in range(2)] == [True, False]


def test_places_are_counted_right_from_many_threads() -> None:
    """No place is given twice."""
    world = World(MOST_WATCHES="50")
    with ThreadPoolExecutor(16) as callers:
        assert sum(callers.map(lambda _: world.quota.reserve(), range(200))) == 50


def test_a_room_list_is_watched_as_far_as_there_are_places() -> None:
    """It says how many of its rooms are not; when there is room again they join by themselves."""
    world = World(MOST_WATCHES="3")
    world.watch("room0@contoso.com")
    world.rooms.by_list[BUILDING] = [f"hall{number}@contoso.com" for number in range(4)]
    stored = world.room_list_service.watch(BUILDING)
    world.reconciler.reconcile()
    assert world.watches.count() == 3
    told = world.room_lists.get(stored.id)
    assert told is not None
    assert "2 of its rooms are not watched" in told.last_error
    assert "MOST_WATCHES" in told.last_error
    world.pass_by(60)
    world.watch_setup.unsubscribe(watch_id_of("room0@contoso.com"))
    world.reconciler.reconcile()
    told = world.room_lists.get(stored.id)
    assert told is not None
    assert "1 of its rooms are not watched" in told.last_error
    assert world.watches.count() == 3


def test_another_room_list_is_refused_when_there_is_no_place_at_all() -> None:
    """One that is watched already is answered."""
    world = World(MOST_WATCHES="2")
    world.rooms.by_list[BUILDING] = ["hall1@contoso.com", "hall2@contoso.com"]
    world.rooms.by_list["building2@contoso.com"] = ["hall3@contoso.com"]
    first = world.room_list_service.watch(BUILDING)
    world.reconciler.reconcile()
    with pytest.raises(RequestRejected) as caught:
        world.room_list_service.watch("building2@contoso.com")
    assert caught.value.status == 409
    assert world.room_list_service.watch(BUILDING).id == first.id
