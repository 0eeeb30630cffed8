"""A subscription that lost a race stays when the row changes before its DELETE, or names none to compare it with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.storage.watches import Watch
from tests.support.subscribed import at_graph, lost, stored, subscribed
from tests.support.world import World


def after_the_tombstone(world: World, act: Callable[[], object]) -> None:
    """Do something once, between the tombstone of a subscription and the next read of the row."""
    done: list[object] = []

    def before() -> None:
        if not done and any(partition == "tombstone" for partition, _ in world.rows.rows):
            done.append(act)
            act()

    world.rows.before = before


def lose_race(world: World, row: Watch) -> Watch | None:
    """Lose a race for a row: s-new was created for its mailbox."""
    at_graph(world, "s-new")
    return world.removal.of_lost_race(row, "s-new")


def test_a_row_that_names_no_subscription_has_none_to_read(world: World) -> None:
    """Its claim was given up. The one that was created stays, and is adopted at the next attempt."""
    row = world.watches.change(lost(world), subscription_id="")
    assert row is not None
    assert lose_race(world, row) == row
    assert world.subscriptions.calls == []


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.watches.delete(stored(world)),
        lambda world: world.watches.claim(stored(world), world.now()),
        lambda world: world.watches.change(stored(world), pending_since=world.now()),
        lambda world: world.watches.change(stored(world), subscription_id="s-3"),
    ],
    ids=["deleted", "claimed", "claimed by an earlier version", "names another"],
)
def test_a_twin_stays_when_the_row_changes_meanwhile(world: World, change: Callable[[World], object]) -> None:
    """After the GET of the row's own subscription nothing says any more that the twin is surplus."""
    watch = subscribed(world)
    after_the_tombstone(world, lambda: change(world))
    assert lose_race(world, watch) == watch
    assert (world.subscriptions.calls, world.subscriptions.deletions) == (["get"], [])


def test_the_subscription_of_a_watch_that_exists_again_stays(world: World) -> None:
    """The watch was deleted when the race was lost, and set up anew before the DELETE."""
    watch = subscribed(world)
    world.watches.delete(watch)
    after_the_tombstone(world, lambda: subscribed(world))
    assert lose_race(world, watch) is None
    assert world.subscriptions.deletions == []
