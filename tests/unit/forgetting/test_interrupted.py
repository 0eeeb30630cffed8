"""A process that is killed at any step leaves nothing behind that the next call, or the night, does not delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from shared.storage.watches import watch_id_of
from tests.support.played import Killed
from tests.support.world import MAILBOX, WATCH_ID
from tests.unit.forgetting.conftest import NAMES, OTHER, OTHER_NAMES, OTHER_USER, USER, FilledWorld

Work = Callable[[FilledWorld], object]
AT_GRAPH = {"unknown"}  # of a subscription that stands at Graph and is no watch's
WAYS: dict[str, Work] = {
    "request": lambda world: world.mailbox_forgetting.forget(MAILBOX, "IT"),
    "deletion": lambda world: world.watch_setup.unsubscribe(WATCH_ID),
    "night": lambda world: world.mailbox_forgetting.forget_if(MAILBOX, lambda _: True),
}


def killed_at_each_call(work: Work, prepare: Work = lambda _: None) -> Iterator[FilledWorld]:
    """Do the work, killed before each of its calls of storage and after each deletion at Graph; yield each world."""
    for at in range(1_000):
        world = FilledWorld()
        world.fill()
        world.fill(OTHER, OTHER_USER)
        prepare(world)
        if _is_done(world, work, at):
            world.end()
            return
        yield world
        world.end()


def _is_done(world: FilledWorld, work: Work, at: int) -> bool:
    """Do the work until its call number `at`; return whether it ended before."""
    left = at

    def step() -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1

    tables = (world.rows, world.ledger_rows, world.parked_rows, world.slot_rows)
    for table in tables:
        table.before = step
    world.subscriptions.after_delete = step
    try:
        work(world)
    except Killed:
        return False
    finally:
        for table in tables:
            table.before = lambda: None
        world.subscriptions.after_delete = lambda: None
    return True


@pytest.mark.parametrize("way", WAYS)
def test_the_next_call_goes_on(way: str) -> None:
    """The same call is made again, some minutes later. The other mailbox keeps its rows at every step."""
    number, others = 0, len(_filled().traces(*OTHER_NAMES))
    for world in killed_at_each_call(WAYS[way]):
        number += 1
        world.pass_by(600)
        WAYS[way](world)
        left = {key.partition("/")[0] for key, _ in world.traces(*NAMES)}
        assert left <= (AT_GRAPH if way == "deletion" else set()), number
        assert len(world.traces(*OTHER_NAMES)) == others
    assert number > 20


def test_the_other_addresses_of_a_mailbox_are_not_lost() -> None:
    """By the watch of the given address, which is the last to go: only its row names the object id."""
    alias = "alias@contoso.com"

    def watch_alias(world: FilledWorld) -> None:
        world.stray("s-alias", alias)
        world.watch(alias, subscription_id="s-alias", user_id=USER)
        world.book(alias, None, 2)

    for world in killed_at_each_call(WAYS["request"], watch_alias):
        world.pass_by(600)
        world.mailbox_forgetting.forget(MAILBOX, "IT")
        assert world.watches.get(watch_id_of(alias)) is None
        pass_night(world)  # what was left of the alias, whose row is gone, is deleted by its tombstone
        assert world.traces(*NAMES, alias, watch_id_of(alias)) == []


def test_the_night_goes_on_with_a_deletion_that_nobody_repeats() -> None:
    """Once the row of the watch is gone, only its tombstone says what to delete; before, the watch is as it was."""
    finished = 0
    for world in killed_at_each_call(WAYS["deletion"]):
        if world.watches.get(WATCH_ID) is not None:
            continue
        finished += 1
        pass_night(world)
        kinds = {key.partition("/")[0] for key, _ in world.traces(*NAMES)}
        assert kinds <= AT_GRAPH, finished
    assert finished > 5


def pass_night(world: FilledWorld) -> None:
    """Let the cleanup, the sweep and the timer delete what has ended after some days."""
    world.pass_by(timedelta(days=5).total_seconds())
    world.old_rows.sweep()
    world.ledger_sweep.step("")
    world.mailbox_owners.readings.drop_old(world.time)


def _filled() -> FilledWorld:
    world = FilledWorld()
    world.fill()
    world.fill(OTHER, OTHER_USER)
    world.end()
    return world
