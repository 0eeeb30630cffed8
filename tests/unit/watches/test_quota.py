"""The limit on the total number of watches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import RequestRejected
from shared.storage.watches import watch_id_of
from shared.watches.quota import KEEP, KEEP_WHEN_FULL
from shared.watches.requests import WatchRequest
from tests.support.world import World

BUILDING = "building1@contoso.com"


def request(number: int) -> WatchRequest:
    """Return the request for a room."""
    return WatchRequest(f"room{number}@contoso.com")


def test_a_watch_beyond_the_quota_is_rejected() -> None:
    """The call fails with 409 and says what to do; existing watches are still returned."""
    world = World(MOST_WATCHES="2")
    for number in range(2):
        world.watch_setup.subscribe(request(number))
    with pytest.raises(RequestRejected, match=r"MOST_WATCHES allows \(2\).*Delete a subscription") as caught:
        world.watch_setup.subscribe(request(2))
    assert caught.value.status == 409
    assert world.watches.get(watch_id_of(request(2).mailbox)) is None
    for number in range(2):
        assert world.watch_setup.subscribe(request(number))[1] is False


def test_an_existing_watch_needs_no_quota() -> None:
    """A repeated request can be sent any number of times."""
    world = World(MOST_WATCHES="2")
    for _ in range(5):
        world.watch_setup.subscribe(request(0))
    assert world.watch_setup.subscribe(request(1))[1]


def test_concurrent_calls_share_the_rest_of_the_quota() -> None:
    """Exactly as many succeed as the quota allows."""
    world = World(MOST_WATCHES="7")
    ends = world.watch_setup.subscribe_many([request(number) for number in range(30)])
    assert sum(not isinstance(end, Exception) for end in ends) == 7
    assert world.watches.count() == 7


def test_a_freed_place_is_usable_soon() -> None:
    """The call after a removal does not wait long."""
    world = World(MOST_WATCHES="1")
    world.watch_setup.subscribe(request(0))
    with pytest.raises(RequestRejected):
        world.watch_setup.subscribe(request(1))
    world.watch_setup.unsubscribe(watch_id_of(request(0).mailbox))
    world.pass_by(KEEP_WHEN_FULL.total_seconds())
    assert world.watch_setup.subscribe(request(1))[1]


def test_the_count_is_refreshed_now_and_then() -> None:
    """Counting the watches of other instances at every call would read the whole table each time."""
    world, reads = World(MOST_WATCHES="5"), []
    world.rows.before = lambda: reads.append(1)
    assert world.quota.reserve()
    counted = len(reads)
    for number in range(4):
        world.watch(request(number).mailbox)
    reads.clear()
    assert world.quota.reserve()
    assert (counted, reads) == (1, [])
    world.pass_by(KEEP.total_seconds())
    assert [world.quota.reserve() for _ in range(2)] == [True, False]


def test_the_quota_is_exact_with_many_threads() -> None:
    """No place is reserved twice."""
    world = World(MOST_WATCHES="50")
    with ThreadPoolExecutor(16) as callers:
        assert sum(callers.map(lambda _: world.quota.reserve(), range(200))) == 50


def test_a_room_list_is_watched_as_far_as_the_quota_allows() -> None:
    """The row says how many rooms are not watched; they join when there is room again."""
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


def test_a_new_room_list_is_rejected_when_the_quota_is_used_up() -> None:
    """A room list that is watched already is returned."""
    world = World(MOST_WATCHES="2")
    world.rooms.by_list[BUILDING] = ["hall1@contoso.com", "hall2@contoso.com"]
    world.rooms.by_list["building2@contoso.com"] = ["hall3@contoso.com"]
    first = world.room_list_service.watch(BUILDING)
    world.reconciler.reconcile()
    with pytest.raises(RequestRejected) as caught:
        world.room_list_service.watch("building2@contoso.com")
    assert caught.value.status == 409
    assert world.room_list_service.watch(BUILDING).id == first.id
