"""Claims about a worker that is killed at each call: one event for a booking, once it is at rest."""

from collections.abc import Callable

import pytest

from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.killing import KilledAtCall
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
MOST_CALLS = 120
HOUR = 3_700  # seconds, after which a removal does not count any more


def killed_at_each_call(world: PairsWorld, prepared: Callable[[], str], act: Callable[[str], None]) -> int:
    """Act on a new booking and kill the worker at its next call, for each; return how many calls there were.

    Then the message comes back, the events are notified, and the timer runs.
    """
    for number in range(1, MOST_CALLS):
        booking = prepared()
        act(booking)
        world.follow.run()
        waiting = list(world.queue.messages)
        with KilledAtCall(world, number) as killer:
            world.empty_queue()
        world.queue.messages.extend(waiting if killer.reached else [])
        for mailbox in (OLA, KARI):
            world.notify(mailbox)
        assert_event(world, booking, number)
        world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
        world.dataverse.tenant.clock.advance(HOUR)  # otherwise the brake would hold the removals
        world.follow_on()
        assert (world.times(OLA), world.times(KARI)) == ([], []), number
        if not killer.reached:
            return number
    raise AssertionError("the work never ends")


def assert_event(world: PairsWorld, booking: str, number: int) -> None:
    """Assert that the booking has one event, in the calendar of its resource, at its times."""
    row = world.dataverse.row(booking)
    mailbox = KARI if row["_resource_value"] == world.dataverse.id_of(f"resource:{KARI}") else OLA
    expected = [(row["name"], row["starttime"][:16], row["endtime"][:16])]
    assert (world.times(mailbox), world.times(OLA if mailbox == KARI else KARI)) == (expected, []), number


def test_a_creation_that_is_killed_anywhere_makes_an_event_once(world: PairsWorld) -> None:
    """At each call of storage, Graph and Dataverse."""
    world.begin_to_follow()
    assert killed_at_each_call(world, world.dataverse.book, lambda _: None) > 10


def test_a_reassignment_that_is_killed_anywhere_leaves_a_single_event(world: PairsWorld) -> None:
    """In the new calendar, none in the old one."""
    world.begin_to_follow()
    kari = world.dataverse.id_of(f"resource:{KARI}")

    def booked() -> str:
        booking = world.dataverse.book()
        world.follow_on()
        return booking

    def reassigned(booking: str) -> None:
        world.change(booking, **{"Resource@odata.bind": f"/bookableresources({kari})"})

    assert killed_at_each_call(world, booked, reassigned) > 10
