"""Claims about walks of change tracking: what others change costs pages alone, and a killed walk goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dataverse_world import BOOKINGS, OLA, ROOM
from tests.support.killing import Killed
from tests.support.pair_edits import end_booking, shown
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]
PAGE = 50
RESOURCES = [{"mailbox": OLA}, {"mailbox": ROOM, "marked": False}]


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay over an environment with small pages, where only one of two resources is followed."""
    with pairs_world(certificates, resources=RESOURCES) as world:
        world.dataverse.control("POST", "/settings", {"pageSize": PAGE})
        yield world


def foreign(world: PairsWorld, number: int) -> list[str]:
    """Make bookings of a resource that is not followed."""
    body = world.dataverse.booking(resource=ROOM)
    answer = world.dataverse.control("POST", "/bookings/many", {"count": number, "shiftMinutes": 0, "body": body})
    return list(answer["ids"])


def pages(world: PairsWorld) -> int:
    """Return how many pages of bookings were read."""
    return sum(path.endswith(f"/{BOOKINGS}") for _, path in world.to_dynamics.calls)


def killed_at_page(world: PairsWorld, number: int) -> None:
    """Run the timer, and kill its worker when a page was answered."""

    def kill(when: str) -> None:
        if when == "after" and pages(world) == number:
            raise Killed

    world.to_dynamics.on_call = kill
    with pytest.raises(Killed):
        world.follow.run()
    world.to_dynamics.on_call = lambda _: None


@pytest.mark.parametrize("at", [1, 5, 20, 21])
def test_a_first_walk_goes_on_after_a_kill(world: PairsWorld, at: int) -> None:
    """A thousand foreign rows and one that is followed: the page of the kill is read again, and none before it."""
    world.begin_to_follow()
    world.tracking.change(lambda _: {"delta_link": "", "highest_version": ""})
    foreign(world, 1000)
    booking = world.dataverse.book()
    world.forget_calls()
    killed_at_page(world, at)
    world.forget_calls()
    world.follow_on()
    assert pages(world) == 21 - at + 1
    assert world.times() == [shown(world, booking)]
    world.forget_calls()
    world.follow_on()
    assert (pages(world), world.to_graph.calls) == (1, [])


def test_a_walk_of_many_pages_takes_several_runs(world: PairsWorld) -> None:
    """Forty pages a run; what was changed meanwhile is seen, and deletions of the time before are found at the end."""
    gone = world.dataverse.book(hours=200)
    world.begin_to_follow()
    foreign(world, 3000)
    booking = world.dataverse.book()
    end_booking(world, gone, "deleted")
    world.tracking.change(lambda _: {"delta_link": ""})
    world.forget_calls()
    world.follow_on()
    assert (pages(world), world.tracking.read().delta_link) == (40, "")
    world.move(booking, 90)
    world.follow_on()
    world.follow_on()
    assert world.tracking.read().delta_link
    assert world.times() == [shown(world, booking)]


@pytest.mark.parametrize("act", ["changed", "deleted"])
def test_foreign_rows_cost_pages_alone(world: PairsWorld, act: str) -> None:
    """A thousand changed or deleted rows: twenty pages, no hint, no call of Graph, no row stored."""
    rows = foreign(world, 1000)
    world.dataverse.book()
    world.begin_to_follow()
    world.follow_on()
    world.forget_calls()
    world.follow.run()
    usual, stored = len(world.to_dynamics.calls), len(world.pair_rows.rows)
    if act == "changed":
        world.dataverse.control("POST", "/bookings/touch", {"body": {"name": "Another"}, "ids": rows})
    else:
        for each in rows:
            end_booking(world, each, "deleted")
    world.forget_calls()
    world.follow.run()
    assert len(world.to_dynamics.calls) == usual + 19
    assert (world.queue.messages, world.to_graph.calls, len(world.pair_rows.rows)) == ([], [], stored)


def test_a_link_to_the_next_page_that_is_too_old_begins_a_new_walk(world: PairsWorld) -> None:
    """The worker was killed in a walk, and nobody ran for longer than a token lives."""
    booking = world.dataverse.book(hours=24 * 20)
    rows = foreign(world, 200)
    world.begin_to_follow()
    world.dataverse.control("POST", "/bookings/touch", {"body": {"name": "Another"}, "ids": rows})
    world.move(booking, 24 * 21)
    world.forget_calls()
    killed_at_page(world, 2)
    assert world.tracking.read().next_link
    world.dataverse.tenant.clock.advance(9 * 86_400)
    world.follow_on()
    assert world.times() == [shown(world, booking)]
    assert world.tracking.read().delta_link


def test_the_link_of_the_next_walk_is_stored_last(world: PairsWorld) -> None:
    """The worker is killed when the last page was read, before it is queued: the next run reads it again."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.forget_calls()

    def kill() -> None:
        raise Killed

    world.queue.before = kill
    with pytest.raises(Killed):
        world.follow.run()
    world.queue.before = lambda: None
    world.follow_on()
    assert world.times() == [shown(world, booking)]
