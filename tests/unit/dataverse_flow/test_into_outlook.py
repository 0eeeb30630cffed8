"""Claims about bookings in calendars: one event for each, at its times, with its name, and no write without news."""

import pytest

from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.pairs_world import PairsWorld

pytestmark = pytest.mark.server


def test_a_booking_becomes_an_event_and_its_echo_writes_nothing(world: PairsWorld) -> None:
    """Times, name and availability are the booking's; there is no attendee; four further hints write nothing."""
    world.begin_to_follow()
    booking = world.dataverse.book(name="Visit Ola")
    world.follow_on()
    (event,) = world.calendar()
    row = world.dataverse.row(booking)
    assert (event["subject"], event["showAs"], event["attendees"]) == ("Visit Ola", "busy", [])
    assert (event["start"]["dateTime"][:19] + "Z", event["end"]["dateTime"][:19] + "Z") == (
        row["starttime"], row["endtime"],
    )  # fmt: skip
    world.forget_calls()
    for _ in range(4):
        world.notify()
        world.follow_on()
    assert (world.to_graph.writes, world.to_dynamics.writes, len(world.calendar())) == ([], [], 1)


def test_a_change_of_another_column_writes_nothing(world: PairsWorld) -> None:
    """Field Service writes travel columns many times a day."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    world.forget_calls()
    world.change(booking, msdyn_estimatedtravelduration=12)
    world.follow_on()
    assert world.to_graph.writes == []


def test_a_moved_booking_moves_its_event(world: PairsWorld) -> None:
    """The event follows with one write, and stays the same event."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    (before,) = world.calendar()
    world.forget_calls()
    world.move(booking, 50)
    world.follow_on()
    (after,) = world.calendar()
    assert (after["id"], len(world.to_graph.writes)) == (before["id"], 1)
    assert after["start"]["dateTime"][:19] + "Z" == world.dataverse.row(booking)["starttime"]


@pytest.mark.parametrize("end", ["canceled", "inactive", "deleted"])
def test_a_booking_that_ends_takes_its_event_along(world: PairsWorld, end: str) -> None:
    """Canceled, inactive and deleted alike, whatever is hinted again afterwards."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    assert len(world.calendar()) == 1
    if end == "deleted":
        world.dataverse.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    elif end == "inactive":
        world.change(booking, statecode=1, statuscode=2)
    else:
        status = world.dataverse.id_of("status:Cancelled")
        world.change(booking, **{"BookingStatus@odata.bind": f"/bookingstatuses({status})"})
    for _ in range(3):
        world.follow_on()
        world.notify()
    assert world.calendar() == []


def test_a_reassigned_booking_moves_to_the_other_calendar(world: PairsWorld) -> None:
    """One event there, none here."""
    booking = world.dataverse.book()
    world.begin_to_follow()
    resource = world.dataverse.id_of(f"resource:{KARI}")
    world.change(booking, **{"Resource@odata.bind": f"/bookableresources({resource})"})
    world.follow_on()
    world.notify(OLA)
    assert (len(world.calendar(OLA)), len(world.calendar(KARI))) == (0, 1)
