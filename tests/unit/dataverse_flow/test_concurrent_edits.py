"""Claims about looks: an edit comes between look and write, or a side could not be read."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.dataverse_world import OLA
from tests.support.killing import AtCall
from tests.support.pair_edits import shown, tick
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def test_an_edit_between_the_look_and_the_write_is_looked_at_again(world: PairsWorld) -> None:
    """A person renames the event after it was read: 412, another look, and the name and the new times both stand."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.follow_on()
    for number in range(1, 40):
        (event,) = world.calendar()
        world.move(booking, 60 + number)
        world.follow.run()
        url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event['id']}"
        with AtCall(
            world, number, partial(world.dataverse.session.patch, url, json={"subject": f"Mine {number}"})
        ) as at:
            world.empty_queue()
        if not at.reached:
            assert number > 10
            return
        world.notify()
        assert world.times() == [(f"Mine {number}", *shown(world, booking)[1:])]


@pytest.mark.parametrize("fault", ["GET /api/data/v9.2/bookableresourcebookings", "GET /v1.0/users/.*/events"])
def test_a_look_that_could_not_read_both_sides_covers_no_hint(world: PairsWorld, fault: str) -> None:
    """500 once for either side: the hint is tried again, although a look began after it."""
    world.begin_to_follow()
    booking = world.dataverse.book()
    world.follow_on()
    world.move(booking, 60)
    world.follow.run()
    broken = {"match": fault, "status": 500, "times": 3}
    tick(world, 10)
    if "data" in fault:
        world.dataverse.control("POST", "/faults", broken | {"times": 1})
    else:
        world.tenant_fault(broken)
    world.empty_queue()
    assert world.times() == [shown(world, booking)]
