"""How many losses the brake counts between runs, and that a run applies it again which saw too many."""

from __future__ import annotations

import pytest

from shared.subscriptions.brakes import HELD_FOR, HOUR, MANY
from tests.support.world import World
from tests.unit.subscriptions.test_brakes import brake_of, run


def losses_until_it_is_on(world: World) -> int:
    """Return after how many 404s the brake is on; it is off before."""
    for number in range(1, 100):
        world.loss_brake.saw_missing()
        if world.loss_brake.state().since is not None:
            return number
    return 0


def test_an_instance_counts_from_nothing(world: World) -> None:
    """Without a run: a subscriptionRemoved is evidence, too."""
    assert losses_until_it_is_on(world) == MANY + 1


def test_what_a_run_counted_ends_with_it(world: World) -> None:
    """Its answers say nothing about what is lost afterwards."""
    assert not run(world.loss_brake, 5_000, MANY)
    assert losses_until_it_is_on(world) == MANY + 1


def test_the_count_begins_again_after_an_hour(world: World) -> None:
    """With the first loss after it; those of a run that does not end are forgotten, and its answers."""
    world.loss_brake.begin(5_000)
    for _ in range(MANY):
        world.loss_brake.saw_missing()
    world.pass_by(HOUR.total_seconds())
    assert losses_until_it_is_on(world) == MANY + 1


def test_a_run_that_saw_too_many_applies_the_brake_at_its_end(world: World) -> None:
    """Another instance, whose run saw none, has released it meanwhile."""
    brake = brake_of(world)
    brake.begin(20)
    for _ in range(20):
        brake.saw_missing()
    world.brake_row.write(lambda _: {"since": None})
    assert brake.end()
    assert brake.state().since == world.time


def test_a_brake_that_is_applied_again_begins_an_hour(world: World) -> None:
    """The share of the hour before its release does not end it sooner."""
    brake = brake_of(world)
    assert run(brake, 20, 20)
    assert brake.takes_place()
    world.pass_by(HELD_FOR.total_seconds())
    assert not run(brake, 20, 0)
    assert run(brake, 20, 20)
    assert brake.takes_place()
    world.pass_by((HOUR - HELD_FOR).total_seconds())
    assert not brake.takes_place()
    world.pass_by(HELD_FOR.total_seconds())
    assert brake.takes_place()


@pytest.mark.parametrize(("confirmed", "stays"), [(MANY, False), (MANY + 1, True)])
def test_each_confirmed_loss_counts_once(world: World, confirmed: int, *, stays: bool) -> None:
    """A run with more than MANY does not release the brake."""
    brake = brake_of(world, 5_000)
    assert run(brake, 20, 20)
    world.pass_by(HELD_FOR.total_seconds())
    brake.begin(20)
    assert all(brake.takes_place() for _ in range(confirmed))
    assert brake.end() is stays
