"""Change tracking: a first walk, walks from a token, deletions, and tokens that have expired."""

from typing import Any

import pytest

from tests.support.dataverse_world import BOOKINGS, TRACKED, DataverseWorld, refusal

pytestmark = pytest.mark.server

SELECTED = f"{BOOKINGS}?$select=name"
PAGED = {"Prefer": "odata.track-changes,odata.maxpagesize=2"}


def walk(world: DataverseWorld, link: str = SELECTED, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of all pages, and the link to what changes from then on."""
    rows: list[dict[str, Any]] = []
    while True:
        page = world.get(link, **(headers or TRACKED))
        rows += page["value"]
        if "@odata.deltaLink" in page:
            return rows, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


def test_a_first_walk_has_all_rows_and_a_link(world: DataverseWorld) -> None:
    """By page, too; the link then brings nothing."""
    booked = {world.book() for _ in range(5)}
    for headers in (TRACKED, PAGED):
        rows, link = walk(world, **headers)
        assert {row["bookableresourcebookingid"] for row in rows} == booked
        assert len(rows) == 5
        assert walk(world, link)[0] == []


def test_a_walk_from_a_link_has_what_changed(world: DataverseWorld) -> None:
    """Changed and new rows as rows with the selected properties, then deletions."""
    kept, changed, gone = (world.book() for _ in range(3))
    _, link = walk(world)
    world.control("DELETE", f"/rows/{BOOKINGS}/{gone}")
    world.control("PATCH", f"/rows/{BOOKINGS}/{changed}", {"name": "Changed"})
    new = world.book(name="New")
    rows, _ = walk(world, link)
    assert [row.get("name") for row in rows] == ["Changed", "New", None]
    assert [row["bookableresourcebookingid"] for row in rows[:2]] == [changed, new]
    assert rows[2] == {"@odata.context": f"{world.url}/api/data/v9.2/$metadata#{BOOKINGS}/$deletedEntity",
                       "id": gone, "reason": "deleted"}  # fmt: skip
    assert kept not in str(rows)


def test_a_row_that_is_new_and_deleted_in_between_is_deleted(world: DataverseWorld) -> None:
    """Although nobody saw it; one that was restored is a row again."""
    _, link = walk(world)
    short, back = world.book(), world.book()
    for booking in (short, back):
        world.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    world.control("POST", f"/rows/{BOOKINGS}/{back}/restore")
    rows, _ = walk(world, link)
    assert [row.get("bookableresourcebookingid", row.get("id")) for row in rows] == [back, short]
    assert "reason" not in rows[0]


def test_a_change_during_a_walk_comes_with_the_next(world: DataverseWorld) -> None:
    """Wherever the walk is: the link at its end reaches back to its beginning."""
    booked = sorted(world.book() for _ in range(4))
    first = world.get(SELECTED, **PAGED)
    for booking in (booked[0], booked[3]):
        world.control("PATCH", f"/rows/{BOOKINGS}/{booking}", {"name": "Changed"})
    world.control("DELETE", f"/rows/{BOOKINGS}/{booked[1]}")
    _, link = walk(world, first["@odata.nextLink"], **PAGED)
    rows, _ = walk(world, link)
    assert {row.get("bookableresourcebookingid", row.get("id")) for row in rows} == {booked[0], booked[1], booked[3]}


def test_a_long_walk_from_a_link_has_pages(world: DataverseWorld) -> None:
    """Each change once, deletions on the last pages."""
    gone = [world.book() for _ in range(3)]
    _, link = walk(world)
    new = [world.book() for _ in range(3)]
    for booking in gone:
        world.control("DELETE", f"/rows/{BOOKINGS}/{booking}")
    rows, _ = walk(world, link, Prefer="odata.maxpagesize=2")
    assert [row.get("bookableresourcebookingid", row.get("id")) for row in rows] == [*new, *gone]


@pytest.mark.parametrize("option", ["$filter=name eq 'x'", "$orderby=name", "$expand=Resource", "$top=1"])
def test_options_that_tracking_does_not_support_are_named(world: DataverseWorld, option: str) -> None:
    """With 400."""
    answer = world.api("GET", f"{BOOKINGS}?{option}", **TRACKED)
    assert refusal(answer)[0] == 400
    assert option.partition("=")[0] in answer.json()["error"]["message"]


def test_a_table_without_tracking_refuses_it(world: DataverseWorld) -> None:
    """A plain list is answered."""
    world.control("POST", "/tables/bookableresourcebooking", {"tracked": False})
    assert refusal(world.api("GET", BOOKINGS, **TRACKED))[0] == 400
    assert world.get(BOOKINGS)["value"] == []


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_token_lives_for_the_organization_s_days(world: DataverseWorld, days: int) -> None:
    """Seven by default; then the code is Dataverse's for an expired version, whatever the status."""
    organization = world.organization.organization_id
    world.control("PATCH", f"/rows/organizations/{organization}", {"expirechangetrackingindays": days})
    _, link = walk(world)
    world.tenant.clock.advance(days * 86_400 - 60)
    assert walk(world, link)[0] == []
    world.tenant.clock.advance(120)
    assert refusal(world.api("GET", link)) == (400, "0x80044352")
    world.control("POST", "/settings", {"expiredStatus": 410})
    assert refusal(world.api("GET", link)) == (410, "0x80044352")


@pytest.mark.parametrize("token", ["x", "7", "7!", "x!11/30/2026 00:00:00"])
def test_a_malformed_token_is_refused(world: DataverseWorld, token: str) -> None:
    """With 400, and another code than an old one."""
    status, code = refusal(world.api("GET", f"{BOOKINGS}?$deltatoken={token}"))
    assert (status, code == "0x80044352") == (400, False)
