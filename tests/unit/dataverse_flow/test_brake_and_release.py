"""Claims about a release: what the brake has not held goes on to count, and one worker says that a mailbox is held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.dataverse.brake import holding
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import BOOKINGS, OLA
from tests.support.pair_edits import end_booking, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay, which follows two people."""
    with pairs_world(certificates) as world:
        yield world


def booked(world: PairsWorld, number: int) -> list[str]:
    """Make bookings, one an hour, and follow them."""
    bookings = [world.dataverse.book(hours=24 + each) for each in range(number)]
    world.begin_to_follow()
    return bookings


def is_held(world: PairsWorld) -> bool:
    """Return whether the brake holds the mailbox."""
    return world.brakes.read(watch_id_of(OLA)).held_by == "brake"


def not_held(world: PairsWorld) -> None:
    """Release a mailbox that nothing holds."""
    world.dataverse_hold.release("it", OLA)


def none_held(world: PairsWorld) -> None:
    """Release everything, while nothing is held."""
    world.dataverse_hold.release("it")


def was_held(world: PairsWorld) -> None:
    """Hold a mailbox for a while, as an administrator."""
    world.dataverse_hold.hold("it", OLA)
    tick(world, 60)
    world.dataverse_hold.release("it", OLA)


def everything_was_held(world: PairsWorld) -> None:
    """Hold everything for a while."""
    world.dataverse_hold.hold("it")
    tick(world, 60)
    world.dataverse_hold.release("it")


@pytest.mark.parametrize("release", [not_held, none_held, was_held, everything_was_held])
@pytest.mark.parametrize("before", [True, False], ids=["deleted-before", "deleted-after"])
def test_a_release_of_what_the_brake_does_not_hold_removes_nothing(
    world: PairsWorld,
    release: Callable[[PairsWorld], None],
    before: bool,  # noqa: FBT001
) -> None:
    """Nobody has looked at what is gone: it is held, whether it was hinted before the release or soon after it."""
    bookings = booked(world, 10)
    for booking in bookings[:6]:
        end_booking(world, booking, "deleted")
    if before:
        world.follow.run()
    release(world)
    if not before:
        world.empty_queue()
    world.follow_on()
    assert (len(world.calendar()), is_held(world)) == (10, True)


def test_removals_go_on_to_count_over_a_release_of_nothing(world: PairsWorld) -> None:
    """Four of ten, a release, and the fifth."""
    bookings = booked(world, 10)
    for booking in bookings[:4]:
        end_booking(world, booking, "deleted")
    world.follow_on()
    not_held(world)
    end_booking(world, bookings[4], "deleted")
    world.follow_on()
    assert (len(world.calendar()), is_held(world)) == (6, True)


def test_of_several_workers_a_single_log_line_says_that_a_mailbox_is_held(
    world: PairsWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Another one has held it while this one was reading: one error, and one count, are enough."""
    for booking in booked(world, 10)[:6]:
        end_booking(world, booking, "deleted")
    world.follow.run()

    def held_meanwhile(moment: str) -> None:
        if moment == "after" and world.to_dynamics.calls[-1][1].endswith(f"/{BOOKINGS}"):
            world.brakes.change(watch_id_of(OLA), lambda brake: holding(brake, world.now(), "brake"))

    world.to_dynamics.on_call = held_meanwhile
    world.empty_queue()
    assert (len(world.calendar()), is_held(world)) == (10, True)
    assert "Too many removals" not in caplog.text
