"""Faults, stops and untrue answers, as control plants them."""

import threading
from typing import Any

import pytest
import requests

from tests.support.dataverse_world import BOOKINGS, TRACKED, DataverseWorld, refusal

pytestmark = pytest.mark.server


def ids(world: DataverseWorld, link: str = BOOKINGS, **headers: str) -> set[str]:
    """Return the ids of the bookings in a list."""
    return {row.get("bookableresourcebookingid", row.get("id")) for row in world.get(link, **headers)["value"]}


def test_a_booking_is_written_although_the_answer_is_503(world: DataverseWorld) -> None:
    """Once; another call is not concerned."""
    fault = {"match": f"POST .*/{BOOKINGS}$", "status": 503, "after": True, "times": 1}
    fault_id = world.control("POST", "/faults", fault)["id"]
    assert world.api("POST", BOOKINGS, world.booking()).status_code == 503
    assert len(ids(world)) == 1
    assert world.control("GET", f"/faults/{fault_id}")["met"] == 1
    assert world.api("POST", BOOKINGS, world.booking()).status_code == 204
    world.control("DELETE", f"/faults/{fault_id}")
    assert world.control("GET", "/faults") == {"faults": []}


def test_an_answer_is_lost(world: DataverseWorld) -> None:
    """The connection is cut after the work."""
    world.control("POST", "/faults", {"match": f"POST .*/{BOOKINGS}$", "cut": True, "after": True, "times": 1})
    with pytest.raises(requests.ConnectionError):
        world.api("POST", BOOKINGS, world.booking())
    assert len(ids(world)) == 1


@pytest.mark.parametrize(("moment", "written"), [("before", 1), ("after", 2)])
def test_a_stop_holds_a_call(world: DataverseWorld, moment: str, written: int) -> None:
    """The second one that matches, before or after its work, until it is released; then it is answered."""
    stop = world.control("POST", "/stops", {"match": f"POST .*/{BOOKINGS}$", "nth": 2, "moment": moment})["id"]
    world.api("POST", BOOKINGS, world.booking())
    assert world.control("GET", f"/stops/{stop}", seconds="0") == {"held": False}
    statuses: list[int] = []
    body, token = world.booking(), world.token()
    call = threading.Thread(target=lambda: statuses.append(_posted(world, body, token)))
    call.start()
    assert world.control("GET", f"/stops/{stop}") == {"held": True}
    assert len(world.control("GET", f"/rows/{BOOKINGS}")["value"]) == written
    assert statuses == []
    world.control("DELETE", f"/stops/{stop}")
    call.join(30)
    assert statuses == [204]
    assert len(ids(world)) == 2


def _posted(world: DataverseWorld, body: dict[str, Any], token: str) -> int:
    """Post a booking by a connection of its own, and return the status."""
    headers = {"Authorization": f"Bearer {token}"}
    with requests.Session() as session:
        session.trust_env, session.verify = False, world.session.verify
        return session.post(f"{world.url}/api/data/v9.2/{BOOKINGS}", json=body, headers=headers, timeout=60).status_code


def test_lists_leave_rows_out(world: DataverseWorld) -> None:
    """Named ones, a share, or all; reads by id are true, and so is control."""
    booked = {world.book() for _ in range(20)}
    hidden = next(iter(booked))
    world.control("POST", "/lies", {"missing": [hidden]})
    assert ids(world) == ids(world, **TRACKED) == booked - {hidden}
    assert world.api("GET", f"{BOOKINGS}({hidden})").status_code == 200
    world.control("POST", "/lies", {"missingShare": 0.5})
    assert 0 < len(ids(world)) < 20
    world.control("POST", "/lies", {"empty": True})
    assert ids(world) == ids(world, **TRACKED) == set()
    assert len(world.control("GET", f"/rows/{BOOKINGS}")["value"]) == 20
    world.control("DELETE", "/lies")
    assert ids(world) == booked


def test_a_walk_says_that_a_living_row_is_deleted(world: DataverseWorld) -> None:
    """Although a read by its id finds it."""
    booking = world.book()
    link = world.get(BOOKINGS, **TRACKED)["@odata.deltaLink"]
    world.control("POST", "/lies", {"deleted": [booking]})
    (item,) = world.get(link)["value"]
    assert (item["id"], item["reason"]) == (booking, "deleted")
    assert world.api("GET", f"{BOOKINGS}({booking})").status_code == 200


def test_a_404_without_its_code_is_untrue(world: DataverseWorld) -> None:
    """The row is there; the body lacks 0x80040217."""
    booking = world.book()
    world.control("POST", "/lies", {"notFound": [booking.upper()]})
    assert refusal(world.api("GET", f"{BOOKINGS}({booking})")) == (404, "")
    assert ids(world) == {booking}


def test_masked_columns_are_null(world: DataverseWorld) -> None:
    """Even required ones; control shows them."""
    booking = world.book()
    world.control("POST", "/lies", {"masked": {booking: ["starttime", "_bookingstatus_value"]}})
    row = world.get(f"{BOOKINGS}({booking})")
    assert (row["starttime"], row["_bookingstatus_value"], row["endtime"] is None) == (None, None, False)
    assert world.row(booking)["starttime"] is not None


def test_stale_lists_show_what_was(world: DataverseWorld) -> None:
    """A read by id is fresh."""
    booking = world.book()
    world.control("POST", "/lies", {"stale": True})
    world.control("PATCH", f"/rows/{BOOKINGS}/{booking}", {"name": "New"})
    world.book()
    (row,) = world.get(BOOKINGS)["value"]
    assert (row["name"], world.get(f"{BOOKINGS}({booking})")["name"]) == ("Visit", "New")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/lies", {"nosuch": True}, 400),
        ("POST", "/settings", {"hookTwice": 2}, 400),
        ("POST", "/stops", {"match": "x", "moment": "now"}, 400),
        ("DELETE", "/stops/7", None, 404),
        ("POST", "/restores", {"snapshot": "7"}, 404),
        ("GET", f"/rows/{BOOKINGS}/7", None, 404),
        ("POST", "/rows/nosuch", {}, 404),
        ("POST", f"/rows/{BOOKINGS}", {"name": "x"}, 400),
        ("POST", "/users/nobody", {}, 404),
        ("POST", "/resources", {"mailbox": "nobody@contoso.com"}, 400),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else None,
)
def test_a_wrong_control_request_is_refused(
    world: DataverseWorld, method: str, path: str, body: Any, status: int
) -> None:
    """With the reason."""
    answer = world.session.request(method, f"{world.url}/_control{path}", json=body, timeout=180)
    assert answer.status_code == status
    assert answer.json()["error"]
