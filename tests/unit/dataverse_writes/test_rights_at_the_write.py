"""Claims about a resource that is followed no longer by the time of the write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event, hint, move_event
from tests.support.killing import AtCall
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]
MOST_CALLS = 60


def held(world: PairsWorld) -> None:
    """Hold the mailbox."""
    world.dataverse_hold.hold("it", OLA)


def taken_off(world: PairsWorld) -> None:
    """Take the mailbox off the allow-list."""
    world.allow(KARI)


@pytest.mark.parametrize("act", [held, taken_off])
def test_nothing_is_written_after_a_resource_was_held_or_taken_off_the_list(
    world: PairsWorld, act: Callable[[PairsWorld], None]
) -> None:
    """At every second call between the hint and the write; a write that was under way is the last one."""
    event = add_event(world, 30)
    hint(world, event)
    for number in range(1, MOST_CALLS, 2):
        move_event(world, event, 40 + 2 * number)

        def acted() -> None:
            act(world)
            world.to_dynamics.calls.clear()

        with AtCall(world, number, acted) as at:
            world.hint_events(OLA)
            world.pair_settling.process(world.queue.take()[1])
        written = [call[0] for call in world.to_dynamics.calls[1:]]
        world.allow("@contoso.com")
        world.dataverse_hold.release("it", OLA)
        world.empty_queue()
        if not at.reached:
            assert number > 8
            return
        assert "PATCH" not in written, number
