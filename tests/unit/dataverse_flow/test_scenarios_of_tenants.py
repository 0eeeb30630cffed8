"""The scenarios of what surrounds a booking: marks, the allow-list, copies of the environment, other syncs, rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import RequestRejected
from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import APP, KARI, OLA, ROOM
from tests.support.pair_edits import drag, linked, shown, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
SECOND = "55555555-0000-4000-8000-000000000005"  # the id of a resource that leads to Ola's mailbox, too
LATER = 600  # seconds, after which lists have caught up


def mark(world: PairsWorld, mailbox: str, *, marked: bool) -> None:
    """Mark a resource, or take its mark away."""
    resource = world.dataverse.id_of(f"resource:{mailbox}")
    world.dataverse.control("PATCH", f"/rows/bookableresources/{resource}", {"new_calendarrelay": marked})


@pytest.mark.parametrize("how", ["unmarked", "off the list"])
def test_scenario_24_a_calendar_that_is_not_followed_is_not_touched(world: PairsWorld, how: str) -> None:
    """Neither read nor written, whatever is told of it: its events stay, and the others go on."""
    booking, other = world.dataverse.book(), world.dataverse.book(resource=KARI)
    world.begin_to_follow()
    watch = world.watches.get(watch_id_of(OLA))
    assert watch is not None
    if how == "unmarked":
        mark(world, OLA, marked=False)
    else:
        world.allow(KARI)
    world.follow_on()
    world.forget_calls()
    world.move(booking, 90)
    world.move(other, 90)
    world.event_changes.gap(watch)
    world.event_changes.run()
    world.follow_on()
    assert [call for call in world.to_graph.calls if OLA in call[1]] == []
    assert world.times(KARI) == [shown(world, other)]
    assert len(world.times(OLA)) == 1


def test_scenario_24_a_calendar_that_is_marked_again_is_in_step_again(world: PairsWorld) -> None:
    """What was moved meanwhile is carried over, with the same event."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    (before,) = world.calendar()
    mark(world, OLA, marked=False)
    world.follow_on()
    world.move(booking, 90)
    world.follow_on()
    mark(world, OLA, marked=True)
    world.follow_on()
    assert (world.times(), world.calendar()[0]["id"]) == ([shown(world, booking)], before["id"])


def test_scenario_24_two_resources_of_a_single_mailbox_are_both_left(certificates: Path) -> None:
    """The relay cannot tell whose bookings the calendar is for; the state says why."""
    resources = [{"mailbox": OLA, "name": "First"}, {"mailbox": OLA, "name": "Second", "id": SECOND}]
    with pairs_world(certificates, resources=resources) as world:
        world.dataverse.book()
        world.begin_to_follow()
        assert world.times() == []
        assert {row.state for row in world.bookable_resources.all()} == {"double"}


def test_scenario_24_of_two_resources_that_which_is_followed_stays(world: PairsWorld) -> None:
    """A second one that leads to the same mailbox changes nothing for the first."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.dataverse.control("POST", "/resources", {"mailbox": OLA, "name": "Second", "id": SECOND})
    world.dataverse.book(hours=40, **{"Resource@odata.bind": f"/bookableresources({SECOND})"})
    world.follow_on()
    world.move(booking, 60)
    world.follow_on()
    assert world.times() == [shown(world, booking)]
    assert sorted(row.state for row in world.bookable_resources.all() if row.mailbox == OLA) == ["double", "followed"]


@contextmanager
def relay_of_a_copy(world: PairsWorld, folder: Path, kind: str) -> Iterator[PairsWorld]:
    """Yield another relay, with rows of its own, over a full copy of the environment and the same calendars."""
    made = world.dataverse.control("POST", "/copies", {"type": kind})
    environments = world.dataverse.tenant.dataverse
    copied = next(each for each in environments.every if each.url == made["url"])
    dataverse = replace(world.dataverse, organization=copied)
    other = PairsWorld(dataverse, folder, ALLOWED_MAILBOXES=f"{OLA},{KARI},{ROOM}")
    try:
        yield other
    finally:
        other.end()


def test_scenario_28_the_relay_of_a_copy_leaves_the_events_of_production(world: PairsWorld, certificates: Path) -> None:
    """Its bookings have the same ids: moved, canceled and deleted there, production's events stay as they are."""
    bookings = [world.dataverse.book(hours=24 + 5 * number) for number in range(3)]
    world.begin_to_follow()
    before = {each["id"]: each["@odata.etag"] for each in world.calendar()}
    with relay_of_a_copy(world, certificates, "Sandbox") as other:
        with pytest.raises(RequestRejected):
            other.dataverse_start.start("it")
        other.dataverse_start.start("it", sandbox=True)
        other.empty_queue()
        other.notify()
        assert len(other.calendar()) == 6
        other.move(bookings[0], 80)
        for booking in bookings[1:]:
            other.dataverse.control("DELETE", f"/rows/bookableresourcebookings/{booking}")
        other.follow_on()
        other.notify()
        other.event_changes.run()
        other.empty_queue()
        after = {each["id"]: each["@odata.etag"] for each in world.calendar()}
        assert (len(after), {key: after.get(key) for key in before}) == (4, before)
    world.notify()
    world.event_changes.run()
    world.empty_queue()
    assert {each["id"]: each["@odata.etag"] for each in world.calendar()} == after


def test_scenario_28_a_copy_in_place_of_production_stops_everything(world: PairsWorld) -> None:
    """The address leads to another organization: nothing is written, and it is said which."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.tracking.change(lambda _: {"organization": "99999999-0000-4000-8000-000000000009"})
    world.forget_calls()
    world.move(booking, 60)
    tick(world, LATER)
    world.follow_on()
    world.notify()
    assert (world.to_graph.writes, world.to_dynamics.writes) == ([], [])
    with pytest.raises(RequestRejected) as refused:
        world.dataverse_start.start("it")
    assert refused.value.problem.code == "environment_refused"


TAKEN = ("prvReadMailbox", "prvReadOrganization", "prvReadUser", "prvReadBookingStatus", "prvReadBookableResource")


@pytest.mark.parametrize("right", TAKEN)
def test_scenario_33_a_right_that_is_taken_away_loses_nothing(world: PairsWorld, right: str) -> None:
    """Nothing is made twice or removed without it; once it is given back, all is in step."""
    booking, ended = world.dataverse.book(), world.dataverse.book(hours=40)
    world.begin_to_follow()
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full", "without": [right]})
    world.move(booking, 60)
    new = linked(world, hours=70)
    world.dataverse.control("DELETE", f"/rows/bookableresourcebookings/{ended}")
    tick(world, LATER)
    run_despite_refusals(world)
    world.dataverse.control("POST", f"/users/{APP}", {"privileges": "full"})
    for _ in range(2):
        tick(world, LATER)
        run_despite_refusals(world)
    world.event_changes.run()
    world.empty_queue()
    assert world.times() == sorted(shown(world, each) for each in (booking, new))


def run_despite_refusals(world: PairsWorld) -> None:
    """Run the timer, which fails while its list is refused, and settle."""
    try:
        world.follow.run()
    except Exception as error:  # noqa: BLE001  (the host logs whatever a timer raises)
        assert "403" in str(error)  # noqa: PT017
    world.empty_queue()


def test_bookings_that_are_proposed_are_left_out_unless_the_setting_shows_them(certificates: Path) -> None:
    """DATAVERSE_PROPOSED=tentative shows them as tentative, and as busy once they are committed."""
    with pairs_world(certificates, {"DATAVERSE_PROPOSED": "tentative"}) as world:
        booking = world.dataverse.book(status="Proposed")
        world.begin_to_follow()
        assert [each["showAs"] for each in world.calendar()] == ["tentative"]
        committed = world.dataverse.id_of("status:Committed")
        world.change(booking, **{"BookingStatus@odata.bind": f"/bookingstatuses({committed})"})
        world.follow_on()
        assert [each["showAs"] for each in world.calendar()] == ["busy"]


def test_a_dragged_event_stays_where_a_person_put_it_until_its_booking_moves(world: PairsWorld) -> None:
    """The direction is to Outlook alone: nothing is written back, and the booking's next move wins."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    drag(world, 50)
    world.notify()
    assert world.times() != [shown(world, booking)]
    world.move(booking, 70)
    world.follow_on()
    assert (world.times(), world.to_dynamics.writes) == ([shown(world, booking)], [])
