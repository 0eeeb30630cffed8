"""Claims about the brake over the sandbox: what holds a mailbox, what is a move, and that nothing is removed before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.pair_edits import end_booking, linked, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]
HOUR = 3600


@pytest.fixture
def world(certificates: Path) -> Iterator[PairsWorld]:
    """Yield the relay, which follows two people."""
    with pairs_world(certificates) as world:
        yield world


def booked(world: PairsWorld, number: int, make: Callable[..., str] | None = None, **more: object) -> list[str]:
    """Make bookings, one an hour, and follow them."""
    book = make or (lambda _, **named: world.dataverse.book(**named))
    bookings = [book(world, hours=24 + each, **more) for each in range(number)]
    world.begin_to_follow()
    return bookings


def is_held(world: PairsWorld, mailbox: str = OLA) -> bool:
    """Return whether the brake holds a mailbox."""
    return world.resource_states.of(world.dataverse.id_of(f"resource:{mailbox}")).state == "held"


def again(world: PairsWorld, booking: str, mailbox: str) -> str:
    """Delete a booking and make another one in its place, as the optimizer does."""
    row = world.dataverse.row(booking)
    world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    body = world.dataverse.booking(resource=mailbox) | {
        name: row[name] for name in ("starttime", "endtime", "duration")
    }
    return str(world.dataverse.control("POST", f"/rows/{BOOKINGS}", body)["bookableresourcebookingid"])


@pytest.mark.parametrize(
    ("number", "over", "how"),
    [(10, 5, "deleted"), (10, 5, "canceled"), (10, 5, "inactive"), (12, 10, "deleted"), (50, 10, "deleted")],
    ids=["half", "half-canceled", "half-inactive", "most", "a-fifth"],
)
def test_nothing_is_removed_while_too_many_bookings_are_over(
    world: PairsWorld, number: int, over: int, how: str
) -> None:
    """Not even the first ones; the release removes them all, and holds nothing again."""
    bookings = booked(world, number)
    world.forget_calls()
    for booking in bookings[:over]:
        end_booking(world, booking, how)
    world.follow_on()
    assert (len(world.calendar()), world.to_graph.writes, is_held(world)) == (number, [], True)
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    assert (len(world.calendar()), is_held(world)) == (number - over, False)


def test_a_release_holds_for_what_waits_longer_than_a_quarter_of_an_hour(world: PairsWorld) -> None:
    """Dataverse is throttled when IT releases: what was hinted before and then is removed half an hour later."""
    bookings = booked(world, 10)
    for booking in bookings[:6]:
        end_booking(world, booking, "deleted")
    world.follow_on()
    assert is_held(world)
    world.dataverse_hold.release("it", OLA)
    world.pair_settling.process(world.queue.take()[1])
    assert world.queue.messages
    tick(world, 1800)
    world.empty_queue()
    assert (len(world.calendar()), is_held(world)) == (4, False)


def test_a_release_holds_for_no_later_clean_up(world: PairsWorld) -> None:
    """Half an hour later the rest is deleted."""
    bookings = booked(world, 20)
    for booking in bookings[:10]:
        end_booking(world, booking, "deleted")
    world.follow_on()
    world.dataverse_hold.release("it", OLA)
    world.empty_queue()
    tick(world, 1800)
    for booking in bookings[10:]:
        end_booking(world, booking, "deleted")
    world.follow_on()
    assert (len(world.calendar()), is_held(world)) == (10, True)


@pytest.mark.parametrize(("number", "over"), [(4, 4), (11, 5), (20, 3)])
def test_fewer_are_removed(world: PairsWorld, number: int, over: int) -> None:
    """Below every threshold."""
    bookings = booked(world, number)
    for booking in bookings[:over]:
        end_booking(world, booking, "deleted")
    world.follow_on()
    assert (len(world.calendar()), is_held(world)) == (number - over, False)


def test_removals_of_another_hour_do_not_count(world: PairsWorld) -> None:
    """Four now and four an hour later are no clean-up."""
    bookings = booked(world, 10)
    for part in (bookings[:4], bookings[4:8]):
        for booking in part:
            end_booking(world, booking, "deleted")
        world.follow_on()
        tick(world, HOUR + 60)
    assert (len(world.calendar()), is_held(world)) == (2, False)


def test_removals_of_several_runs_count_together(world: PairsWorld) -> None:
    """Within an hour, each seen by a run of its own: the fifth of ten is held."""
    for booking in booked(world, 10)[:6]:
        end_booking(world, booking, "deleted")
        world.follow_on()
        tick(world, 300)
    assert (len(world.calendar()), is_held(world)) == (6, True)


def test_a_list_that_misses_bookings_holds_nothing(world: PairsWorld) -> None:
    """Absence from a list is no proof: each is read by its id."""
    bookings = booked(world, 10)
    world.dataverse.control("POST", "/lies", {"missing": bookings[1:]})
    end_booking(world, bookings[0], "deleted")
    world.follow_on()
    assert (len(world.calendar()), is_held(world)) == (9, False)


def test_neighbours_that_cannot_be_read_put_the_removal_off(world: PairsWorld) -> None:
    """A booking whose status is masked may be over or not."""
    bookings = booked(world, 10)
    masked = {each: ["_bookingstatus_value"] for each in bookings[1:]}
    world.dataverse.control("POST", "/lies", {"missing": bookings[1:], "masked": masked})
    end_booking(world, bookings[0], "deleted")
    world.follow.run()
    world.pair_settling.process(world.queue.take()[1])
    assert len(world.calendar()) == 10
    world.dataverse.control("DELETE", "/lies")
    world.empty_queue()
    assert len(world.calendar()) == 9


@pytest.mark.parametrize(("number", "first"), [(80, "deletions"), (20, "creations")], ids=["60-of-80", "15-of-20"])
def test_a_new_plan_of_three_quarters_is_no_clean_up(world: PairsWorld, number: int, first: str) -> None:
    """The optimizer plans them anew, for other people and at other times, in whichever order it is settled."""
    bookings = booked(world, number, linked)
    world.dataverse.control("POST", "/optimizer", {"share": 0.75, "simulation": False})
    world.follow.run()
    if first == "deletions":
        world.queue.messages.reverse()
        world.queue.messages = [(world.now(), text) for _, text in world.queue.messages]
    world.empty_queue()
    rows = [row for row in world.dataverse.control("GET", f"/rows/{BOOKINGS}")["value"] if row["statecode"] == 0]
    assert len(rows) == len(bookings)
    every = sorted([*world.times(OLA), *world.times(KARI)])
    assert every == sorted((row["name"], row["starttime"][:16], row["endtime"][:16]) for row in rows)
    assert [is_held(world, OLA), is_held(world, KARI)] == [False, False]


def test_a_simulated_plan_makes_nothing(world: PairsWorld) -> None:
    """Its bookings have a status of their own."""
    booked(world, 8, linked)
    before = world.times()
    world.dataverse.control("POST", "/optimizer", {"share": 0.75, "simulation": True})
    world.follow_on()
    assert (world.times(), is_held(world)) == (before, False)


def test_plain_bookings_that_get_another_resource_are_moves(world: PairsWorld) -> None:
    """Eight of ten, deleted here and made there within a minute."""
    for booking in booked(world, 10)[:8]:
        again(world, booking, KARI)
    world.follow_on()
    assert (len(world.times(OLA)), len(world.times(KARI)), is_held(world)) == (2, 8, False)


def test_plain_bookings_created_again_for_the_same_person_are_no_moves(world: PairsWorld) -> None:
    """A move has another resource."""
    for booking in booked(world, 10):
        again(world, booking, OLA)
    world.follow_on()
    assert is_held(world)


def test_an_older_booking_of_the_same_work_order_makes_no_move(world: PairsWorld) -> None:
    """Two people work on each; one of the two bookings is deleted."""
    orders = [world.dataverse.work_order() for _ in range(10)]
    mine = [world.dataverse.book(hours=24 + each, **{"msdyn_workorder@odata.bind": order})
            for each, order in enumerate(orders)]  # fmt: skip
    for each, order in enumerate(orders):
        world.dataverse.book(hours=24 + each, resource=KARI, **{"msdyn_workorder@odata.bind": order})
    world.begin_to_follow()
    tick(world, 2 * HOUR)
    for booking in mine[:8]:
        end_booking(world, booking, "deleted")
    world.follow_on()
    assert (len(world.calendar()), is_held(world)) == (10, True)


def test_a_reassignment_of_many_is_no_clean_up(world: PairsWorld) -> None:
    """Nine of ten get another resource, and one is deleted."""
    bookings = booked(world, 10)
    resource = world.dataverse.id_of(f"resource:{KARI}")
    for booking in bookings[1:]:
        world.change(booking, **{"Resource@odata.bind": f"/bookableresources({resource})"})
    end_booking(world, bookings[0], "deleted")
    world.follow_on()
    assert (len(world.times(OLA)), len(world.times(KARI)), is_held(world)) == (0, 9, False)


def test_another_mailbox_goes_on_while_the_first_is_held(world: PairsWorld) -> None:
    """The brake holds one calendar."""
    for booking in booked(world, 10)[:8]:
        end_booking(world, booking, "deleted")
    world.dataverse.book(resource=KARI)
    world.follow_on()
    assert (len(world.times(OLA)), len(world.times(KARI))) == (10, 1)


def test_a_burst_of_bookings_by_others_delays_no_event(world: PairsWorld) -> None:
    """Twenty bookings of one resource within a minute: only writes to bookings would wait."""
    world.begin_to_follow()
    bookings = [world.dataverse.book(hours=24 + each) for each in range(20)]
    began = world.now()
    world.follow_on()
    assert (len(world.calendar()), (world.now() - began).total_seconds() < 60) == (len(bookings), True)
