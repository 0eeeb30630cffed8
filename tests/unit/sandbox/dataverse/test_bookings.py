"""Writes of bookings: made by POST or PATCH, changed and deleted on conditions."""

import uuid
from typing import Any

import pytest

from tests.support.dataverse_world import (
    APP,
    BOOKINGS,
    KARI,
    REPRESENTATION,
    DataverseWorld,
    refusal,
)

pytestmark = pytest.mark.server


def test_a_post_makes_a_booking(world: DataverseWorld) -> None:
    """204 with the row's address; its times are UTC, its owner is the app's user."""
    answer = world.api("POST", BOOKINGS, world.booking())
    assert (answer.status_code, answer.content) == (204, b"")
    row = world.get(answer.headers["OData-EntityId"])
    assert (row["starttime"][-1], row["duration"], row["bookingtype"], row["statecode"]) == ("Z", 60, 1, 0)
    assert row["_ownerid_value"] == row["_createdby_value"] == world.get("WhoAmI")["UserId"]


def test_a_representation_is_returned_if_preferred(world: DataverseWorld) -> None:
    """201 for a new row, 200 for a changed one, with the selected properties."""
    made = world.api("POST", BOOKINGS, world.booking(), **REPRESENTATION)
    assert (made.status_code, made.headers["Preference-Applied"]) == (201, "return=representation")
    path = f"{BOOKINGS}({made.json()['bookableresourcebookingid']})?$select=name"
    changed = world.api("PATCH", path, {"name": "Other"}, **REPRESENTATION)
    assert changed.status_code == 200
    assert changed.json().keys() == {"@odata.context", "@odata.etag", "name", "bookableresourcebookingid"}
    assert changed.json()["@odata.etag"] != made.json()["@odata.etag"]


def test_a_bare_patch_makes_what_is_not_there(world: DataverseWorld) -> None:
    """So a forgotten If-Match brings a deleted booking back."""
    booking = str(uuid.uuid4())
    assert world.api("PATCH", f"{BOOKINGS}({booking})", world.booking()).status_code == 204
    assert world.row(booking)["name"] == "Visit"
    world.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    assert world.api("PATCH", f"{BOOKINGS}({booking})", world.booking(), **REPRESENTATION).status_code == 201


def test_a_patch_of_some_columns_cannot_make_a_row(world: DataverseWorld) -> None:
    """The required ones are missing."""
    assert refusal(world.api("PATCH", f"{BOOKINGS}({uuid.uuid4()})", {"name": "x"}))[0] == 400


@pytest.mark.parametrize("match", ["*", 'W/"1"'], ids=["star", "etag"])
def test_a_patch_with_if_match_makes_nothing(world: DataverseWorld, match: str) -> None:
    """404 with Dataverse's code."""
    answer = world.api("PATCH", f"{BOOKINGS}({uuid.uuid4()})", world.booking(), If_Match=match)
    assert refusal(answer) == (404, "0x80040217")
    assert world.get(BOOKINGS)["value"] == []


def test_a_patch_with_if_none_match_changes_nothing(world: DataverseWorld) -> None:
    """412 for a row that is there."""
    booking = world.book()
    answer = world.api("PATCH", f"{BOOKINGS}({booking})", world.booking(name="Other"), If_None_Match="*")
    assert refusal(answer) == (412, "0x80040237")
    assert world.row(booking)["name"] == "Visit"
    made = world.api("PATCH", f"{BOOKINGS}({uuid.uuid4()})", world.booking(), If_None_Match="*", **REPRESENTATION)
    assert made.status_code == 201


def test_a_post_with_the_id_of_a_row_is_refused(world: DataverseWorld) -> None:
    """412, as for If-None-Match."""
    booking = world.book()
    answer = world.api("POST", BOOKINGS, world.booking(bookableresourcebookingid=booking))
    assert refusal(answer) == (412, "0x80040237")


def test_an_old_etag_gets_412(world: DataverseWorld) -> None:
    """Every write makes a new one, even without a difference; the current one is accepted."""
    booking = world.book()
    path, old = f"{BOOKINGS}({booking})", world.row(booking)["@odata.etag"]
    new = world.api("PATCH", path, {"name": "Visit"}, If_Match=old, **REPRESENTATION).json()["@odata.etag"]
    assert new != old
    for method, body in (("PATCH", {"name": "Other"}), ("DELETE", None)):
        world.control("POST", f"/users/{APP}", {"privileges": "administrator"})
        assert refusal(world.api(method, path, body, If_Match=old)) == (412, "0x80060882")
    assert world.row(booking)["name"] == "Visit"
    assert world.api("DELETE", path, If_Match=new).status_code == 204


def test_a_table_without_concurrency_refuses_etags(world: DataverseWorld) -> None:
    """A star is accepted."""
    booking = world.book()
    world.control("POST", "/tables/bookableresourcebooking", {"concurrency": False})
    path, etag = f"{BOOKINGS}({booking})", world.row(booking)["@odata.etag"]
    assert refusal(world.api("PATCH", path, {"name": "x"}, If_Match=etag)) == (400, "0x8006088d")
    assert world.api("PATCH", path, {"name": "x"}, If_Match="*").status_code == 204


def test_a_booking_that_is_gone_is_404(world: DataverseWorld) -> None:
    """To GET and DELETE, with Dataverse's code; the recycle bin gives it back with its id."""
    booking = world.book()
    world.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    assert refusal(world.api("GET", f"{BOOKINGS}({booking})")) == (404, "0x80040217")
    assert refusal(world.api("DELETE", f"{BOOKINGS}({booking})")) == (404, "0x80040217")
    world.control("POST", f"/rows/{BOOKINGS}/{booking}/restore")
    assert world.get(f"{BOOKINGS}({booking})")["name"] == "Visit"


def test_a_new_row_with_the_id_blocks_the_restore(world: DataverseWorld) -> None:
    """As Microsoft warns; the row in the recycle bin stays there."""
    booking = world.book()
    world.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    world.api("PATCH", f"{BOOKINGS}({booking})", world.booking(name="New"))
    url = f"{world.url}/_control/rows/{BOOKINGS}/{booking}/restore"
    assert world.session.post(url, timeout=180).status_code == 412
    assert world.row(booking)["name"] == "New"


def test_an_app_cannot_bypass_the_customer_s_logic(world: DataverseWorld) -> None:
    """The privilege is an administrator's."""
    headers = {"Authorization": f"Bearer {world.token()}", "MSCRM.BypassBusinessLogicExecution": "CustomSync"}
    url = f"{world.url}/api/data/v9.2/{BOOKINGS}"
    answer = world.session.post(url, json=world.booking(), headers=headers, timeout=180)
    assert (refusal(answer), "prvBypassCustomBusinessLogic" in answer.text) == ((403, "0x80040220"), True)


def test_a_state_brings_its_reason(world: DataverseWorld) -> None:
    """Inactive is 1 with 2."""
    booking = world.book()
    world.api("PATCH", f"{BOOKINGS}({booking})", {"statecode": 1}, If_Match="*")
    assert (world.row(booking)["statecode"], world.row(booking)["statuscode"]) == (1, 2)


def test_a_lookup_is_emptied_by_its_navigation_property(world: DataverseWorld) -> None:
    """With null; a required one cannot be."""
    booking = world.book(**{"msdyn_workorder@odata.bind": world.work_order()})
    world.api("PATCH", f"{BOOKINGS}({booking})", {"msdyn_workorder": None}, If_Match="*")
    assert world.row(booking)["_msdyn_workorder_value"] is None
    assert refusal(world.api("PATCH", f"{BOOKINGS}({booking})", {"Resource": None}, If_Match="*"))[0] == 400


def test_rows_that_others_need_are_not_deleted(world: DataverseWorld) -> None:
    """A resource with a booking, the application user that owns one."""
    world.control("POST", f"/users/{APP}", {"privileges": "administrator"})
    world.api("POST", BOOKINGS, world.booking(resource=KARI))
    user = world.get("WhoAmI")["UserId"]
    for path in (f"bookableresources({world.id_of(f'resource:{KARI}')})", f"systemusers({user})"):
        assert refusal(world.api("DELETE", path)) == (400, "0x8004f01f")


def test_another_owner_needs_the_privilege_to_assign(world: DataverseWorld) -> None:
    """The resource's own user, for example."""
    bind: dict[str, Any] = {"ownerid@odata.bind": f"/systemusers({world.id_of(f'user:{KARI}')})"}
    answer = world.api("POST", BOOKINGS, world.booking(**bind))
    assert (refusal(answer), "prvAssignBookableResourceBooking" in answer.text) == ((403, "0x80040220"), True)
    world.control("POST", f"/users/{APP}", {"privileges": "administrator"})
    made = world.api("POST", BOOKINGS, world.booking(**bind), **REPRESENTATION).json()
    assert made["_ownerid_value"] == world.id_of(f"user:{KARI}")
