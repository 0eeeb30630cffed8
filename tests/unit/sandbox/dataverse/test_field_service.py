"""Field Service writes after a save, as another user; plug-ins of the customer shift and refuse."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.dataverse_world import BOOKINGS, KARI, DataverseWorld, refusal

pytestmark = pytest.mark.server


def bind(world: DataverseWorld, status: str) -> dict[str, str]:
    """Return the change to a status."""
    return {"BookingStatus@odata.bind": f"/bookingstatuses({world.id_of(f'status:{status}')})"}


def change(world: DataverseWorld, booking: str, body: dict[str, Any]) -> None:
    """Change a booking as its technician, and let Field Service write."""
    world.control("PATCH", f"/rows/{BOOKINGS}/{booking}", body, **{"as": "technician"})
    world.control("POST", "/background/flush")


def moment(text: str) -> datetime:
    """Return a time of an answer."""
    return datetime.fromisoformat(text)


def shifted(world: DataverseWorld, booking: str, **delta: float) -> str:
    """Return a booking's start, later."""
    return f"{moment(world.row(booking)['starttime']) + timedelta(**delta):%Y-%m-%dT%H:%M:%SZ}"


def test_it_writes_some_seconds_later_as_another_user(world: DataverseWorld) -> None:
    """Several updates of one save: travel for a booking of a work order, none for a plain one."""
    plain, booking = world.book(), world.book(**{"msdyn_workorder@odata.bind": world.work_order()})
    before = world.row(booking)
    assert before["msdyn_estimatedarrivaltime"] is None
    world.tenant.clock.advance(61)
    world.control("POST", "/background/flush")
    after = world.row(booking)
    assert after["msdyn_estimatedtravelduration"] == 20
    assert after["_modifiedby_value"] == world.id_of("user:fieldservice")
    assert after["versionnumber"] >= before["versionnumber"] + 2
    assert world.row(plain)["_modifiedby_value"] == world.id_of("user:dispatcher")


@pytest.mark.parametrize("status", ["Traveling", "In Progress", "Completed"])
def test_a_status_of_the_work_moves_the_times(world: DataverseWorld, status: str) -> None:
    """Traveling the start and end, In Progress the end, Completed the end to now."""
    booking = world.book(hours=-2)
    before = world.row(booking)
    change(world, booking, bind(world, status))
    row, now = world.row(booking), datetime.now(UTC)
    near = timedelta(seconds=30)
    moved = row["starttime"] != before["starttime"]
    assert moved is (status == "Traveling")
    expected = now if status == "Completed" else now + timedelta(minutes=60)
    assert abs(moment(row["endtime"]) - expected) < near
    assert row["_modifiedby_value"] == world.id_of("user:fieldservice")


def test_a_cancelled_booking_puts_its_work_order_back(world: DataverseWorld) -> None:
    """To Unscheduled."""
    address = world.work_order()
    order = address.rpartition("(")[2].rstrip(")")
    world.control("PATCH", f"/rows/msdyn_workorders/{order}", {"msdyn_systemstatus": 690970001})
    booking = world.book(status="Scheduled", **{"msdyn_workorder@odata.bind": address})
    change(world, booking, bind(world, "Canceled"))
    assert world.control("GET", f"/rows/msdyn_workorders/{order}")["msdyn_systemstatus"] == 690970000


def test_a_change_of_status_leaves_a_timestamp(world: DataverseWorld) -> None:
    """In a table of its own."""
    booking = world.book()
    change(world, booking, bind(world, "Traveling"))
    rows = world.control("GET", "/rows/msdyn_bookingtimestamps")["value"]
    assert [row["msdyn_systemstatus"] for row in rows if row["_msdyn_booking_value"] == booking] == [None, 690970001]


@pytest.mark.parametrize("cascades", [True, False])
def test_a_crew_moves_together_if_its_flag_says_so(world: DataverseWorld, cascades: bool) -> None:  # noqa: FBT001
    """The sisters of the same header, by writes of Field Service."""
    header = world.control("POST", "/rows/bookableresourcebookingheaders", {"name": "crew"})
    link = {"Header@odata.bind": f"/bookableresourcebookingheaders({header['bookableresourcebookingheaderid']})"}
    booking, sister = (world.book(resource=each, msdyn_cascadecrewchanges=cascades, **link) for each in (KARI, KARI))
    later = shifted(world, booking, hours=1)
    change(world, booking, {"starttime": later})
    assert (world.row(sister)["starttime"] == later) is cascades


@pytest.mark.parametrize("seed", [{"fieldService": False}])
def test_without_field_service_nothing_follows(world: DataverseWorld, seed: dict[str, Any]) -> None:
    """And it has no statuses and no tables of its own."""
    world.book()
    assert world.control("POST", "/background/flush") == {"done": 0}
    assert "status:Scheduled" not in world.organization.ids
    for name in ("msdyn_bookingtimestamp", "msdyn_bookingchange"):
        assert world.api("GET", f"EntityDefinitions(LogicalName='{name}')").status_code == 404
        assert world.api("GET", f"{name}s").status_code == 404


def test_a_plugin_shifts_within_the_save(world: DataverseWorld) -> None:
    """The answer of the PATCH has another start than its body."""
    booking = world.book()
    world.control("POST", "/plugins", {"shiftSeconds": 300, "times": 1})
    sent = shifted(world, booking, hours=1)
    answer = world.api(
        "PATCH", f"{BOOKINGS}({booking})", {"starttime": sent}, If_Match="*", Prefer="return=representation"
    )
    assert moment(answer.json()["starttime"]) - moment(sent) == timedelta(minutes=5)
    world.api("PATCH", f"{BOOKINGS}({booking})", {"starttime": sent}, If_Match="*")
    assert world.row(booking)["starttime"] == sent


def test_a_plugin_shifts_after_the_save(world: DataverseWorld) -> None:
    """Once, as another user, by the tenant's clock."""
    booking = world.book()
    world.control("POST", "/plugins", {"shiftSeconds": 300, "laterSeconds": 30})
    sent = shifted(world, booking, hours=1)
    world.api("PATCH", f"{BOOKINGS}({booking})", {"starttime": sent}, If_Match="*")
    assert world.row(booking)["starttime"] == sent
    world.control("POST", "/background/flush")
    row = world.row(booking)
    assert moment(row["starttime"]) - moment(sent) == timedelta(minutes=5)
    assert row["_modifiedby_value"] == world.id_of("user:fieldservice")


def test_a_plugin_puts_the_former_value_back(world: DataverseWorld) -> None:
    """Every time, until it is removed."""
    booking = world.book()
    before = world.row(booking)["starttime"]
    world.control("POST", "/plugins", {"back": True})
    for _ in range(3):
        body = {"starttime": shifted(world, booking, hours=1)}
        assert world.api("PATCH", f"{BOOKINGS}({booking})", body, If_Match="*").status_code == 204
        assert world.row(booking)["starttime"] == before
    world.control("DELETE", "/plugins")
    world.api("PATCH", f"{BOOKINGS}({booking})", {"starttime": shifted(world, booking, hours=1)}, If_Match="*")
    assert world.row(booking)["starttime"] != before


def test_a_plugin_refuses(world: DataverseWorld) -> None:
    """With its own text; other columns are written."""
    booking = world.book()
    before = world.row(booking)["starttime"]
    world.control("POST", "/plugins", {"refuse": "Not on Sundays."})
    answer = world.api("PATCH", f"{BOOKINGS}({booking})", {"starttime": before}, If_Match="*")
    assert refusal(answer) == (400, "0x80040265")
    assert answer.json()["error"]["message"] == "Not on Sundays."
    assert world.api("PATCH", f"{BOOKINGS}({booking})", {"name": "Other"}, If_Match="*").status_code == 204
