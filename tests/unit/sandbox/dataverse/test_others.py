"""What others do to bookings and calendars: Microsoft's own sync, and the optimizer."""

from typing import Any

import pytest

from sandbox.dataverse.played.outlook_sync import TAG
from tests.support.dataverse_world import BOOKINGS, KARI, OLA, DataverseWorld

pytestmark = pytest.mark.server


@pytest.fixture
def seed() -> dict[str, Any]:
    """Return an environment in which one of two people has server-side synchronization."""
    return {"resources": [{"mailbox": OLA, "serverSideSync": True}, {"mailbox": KARI}]}


def run(world: DataverseWorld) -> dict[str, int]:
    """Carry one round of Microsoft's sync out."""
    return dict(world.control("POST", "/outlook-sync/run"))


def calendar(world: DataverseWorld, address: str = OLA) -> list[dict[str, Any]]:
    """Return the events of a calendar."""
    url = f"{world.tenant.url}/_control/calendars/{address}"
    return list(world.session.get(url, timeout=180).json()["value"])


def of_work_order(world: DataverseWorld, **more: Any) -> str:
    """Make a booking of a work order and return its id."""
    return world.book(**{"msdyn_workorder@odata.bind": world.work_order()}, **more)


def test_it_carries_bookings_of_work_orders_alone(world: DataverseWorld) -> None:
    """Of users with server-side synchronization, one week back and two weeks ahead; the events are tagged."""
    world.book()
    of_work_order(world, resource=KARI)
    of_work_order(world, hours=15 * 24)
    booking = of_work_order(world)
    assert run(world) == {"made": 1, "changed": 0, "removed": 0}
    (event,) = calendar(world)
    assert (event["categories"], calendar(world, KARI)) == ([TAG], [])
    assert world.row(booking)["msdyn_globalobjectid"] == event["iCalUId"][:100]


def test_it_carries_only_what_changed(world: DataverseWorld) -> None:
    """A moved booking moves its event; a second round without a change does nothing."""
    booking = of_work_order(world)
    run(world)
    assert run(world) == {"made": 0, "changed": 0, "removed": 0}
    world.control("PATCH", f"/rows/{BOOKINGS}/{booking}", {"starttime": world.booking(hours=48)["starttime"],
                                                           "endtime": world.booking(hours=48)["endtime"]})  # fmt: skip
    assert run(world) == {"made": 0, "changed": 1, "removed": 0}
    (event,) = calendar(world)
    assert event["start"]["dateTime"][:19] + "Z" == world.row(booking)["starttime"]


def test_a_cancelled_booking_stays_and_a_deleted_booking_goes(world: DataverseWorld) -> None:
    """The deleted one only while it is tagged."""
    cancelled, deleted, untagged = (of_work_order(world, hours=hours) for hours in (24, 48, 72))
    run(world)
    status = {"BookingStatus@odata.bind": f"/bookingstatuses({world.id_of('status:Canceled')})"}
    world.control("PATCH", f"/rows/{BOOKINGS}/{cancelled}", status)
    world.control("DELETE", f"/rows/{BOOKINGS}/{deleted}")
    assert run(world)["removed"] == 1
    assert len(calendar(world)) == 2
    assert world.control("POST", "/outlook-sync/untag") == {"untagged": 2}
    assert [event["categories"] for event in calendar(world)] == [[], []]
    world.control("DELETE", f"/rows/{BOOKINGS}/{untagged}")
    assert run(world)["removed"] == 0
    assert len(calendar(world)) == 2


def test_the_optimizer_plans_again(world: DataverseWorld) -> None:
    """A share of the bookings is deleted, and made again for the same requirement."""
    booked = [of_work_order(world) for _ in range(8)]
    orders = {world.row(each)["_msdyn_workorder_value"] for each in booked}
    planned = world.control("POST", "/optimizer", {"share": 0.75})["planned"]
    assert len(planned) == 6
    rows = world.control("GET", f"/rows/{BOOKINGS}")["value"]
    assert {row["_msdyn_workorder_value"] for row in rows} == orders
    assert len(rows) == 8
    assert {each["old"] for each in planned} <= set(booked)
    assert not {each["old"] for each in planned} & {row["bookableresourcebookingid"] for row in rows}


def test_a_simulation_changes_no_booking(world: DataverseWorld) -> None:
    """It makes rows of its own status, which is a committed one."""
    booked = world.book()
    before = world.row(booked)
    (planned,) = world.control("POST", "/optimizer", {"share": 1, "simulation": True})["planned"]
    assert world.row(booked) == before
    made = world.row(planned["new"])
    assert made["_bookingstatus_value"] == world.id_of("status:Simulation")
    status = world.get(f"bookingstatuses({made['_bookingstatus_value']})")
    assert (status["status"], made["msdyn_bookingmethod"]) == (2, 192350000)
