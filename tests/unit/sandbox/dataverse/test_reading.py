"""Reads: selection, filters, order, pages, expanded lookups, and the functions that an app needs."""

from urllib.parse import quote

import pytest

from tests.support.dataverse_world import BOOKINGS, KARI, OLA, ROOM, TENANT_ID, DataverseWorld, refusal

pytestmark = pytest.mark.server

ACCESS = "AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"


def names(world: DataverseWorld, options: str) -> list[str]:
    """Return the names of the bookings in a list."""
    return [row["name"] for row in world.get(f"{BOOKINGS}?{options}")["value"]]


def test_a_selection_has_its_key_and_etag(world: DataverseWorld) -> None:
    """And nothing else; lookups are read as _name_value."""
    booking = world.book()
    row = world.get(f"{BOOKINGS}({booking})?$select=starttime,_resource_value")
    assert row.keys() == {"@odata.context", "@odata.etag", "bookableresourcebookingid", "starttime", "_resource_value"}
    assert row["_resource_value"] == world.id_of(f"resource:{OLA}")


@pytest.mark.parametrize(
    "options",
    [
        "$select=Starttime", "$select=resource", "$select=*", "$filter=nosuch eq 1", "$filter=name is 'x'",
        "$filter=starttime gt 'x' or", "$orderby=Name", "$top=x", "$skip=1", "$search=x", "$apply=x", "$count=yes",
        "$expand=resource", "$expand=nosuch", "select=name", "$skiptoken=x",
    ],
)  # fmt: skip
def test_an_option_that_is_not_read_is_refused(world: DataverseWorld, options: str) -> None:
    """Instead of being ignored."""
    assert refusal(world.api("GET", f"{BOOKINGS}?{options}"))[0] == 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq 'B'", ["b"]),
        ("name ne 'b'", ["a", "c"]),
        ("contains(name,'A') or name eq 'c'", ["a", "c"]),
        ("not (name eq 'a' or name eq 'b')", ["c"]),
        ("name eq 'a' or name eq 'b' and duration eq 1", ["a"]),
        ("(name eq 'a' or name eq 'b') and duration eq 60", ["a", "b"]),
        ("starttime ge 2026-12-02T00:00:00Z and starttime lt 2026-12-03", ["b"]),
        ("startswith(name,'c') and endswith(name,'c')", ["c"]),
        ("msdyn_globalobjectid eq null and statecode eq 0", ["a", "b", "c"]),
        ("name eq 'it''s'", []),
    ],
)
def test_filters(world: DataverseWorld, text: str, expected: list[str]) -> None:
    """Comparisons, and, or, not, parentheses and functions; texts without regard to case."""
    for day, name in enumerate("abc", start=1):
        world.book(name=name, starttime=f"2026-12-0{day}T09:00:00Z", endtime=f"2026-12-0{day}T10:00:00Z")
    assert names(world, f"$orderby=name&$filter={quote(text)}") == expected


def test_a_filter_by_an_id(world: DataverseWorld) -> None:
    """Of a lookup, in any letters."""
    world.book(name="of Ola")
    world.book(name="of Kari", resource=KARI)
    assert names(world, f"$filter=_resource_value eq {world.id_of(f'resource:{KARI}').upper()}") == ["of Kari"]


def test_pages_follow_each_other(world: DataverseWorld) -> None:
    """By links that keep the options; $top has no next page."""
    for name in "edcba":
        world.book(name=name)
    first = world.get(f"{BOOKINGS}?$select=name&$orderby=name&$count=true", Prefer="odata.maxpagesize=2")
    second = world.get(first["@odata.nextLink"], Prefer="odata.maxpagesize=2")
    third = world.get(second["@odata.nextLink"], Prefer="odata.maxpagesize=2")
    assert "@odata.nextLink" not in third
    assert [row["name"] for page in (first, second, third) for row in page["value"]] == list("abcde")
    assert first["@odata.count"] == 5
    top = world.get(f"{BOOKINGS}?$top=2&$orderby=name desc")
    assert ([row["name"] for row in top["value"]], "@odata.nextLink" in top) == (["e", "d"], False)


def test_rows_are_ordered_by_their_values(world: DataverseWorld) -> None:
    """Numbers as numbers, null first, the second column within the first."""
    for name, minutes, travel in (("a", 9, None), ("b", 10, 5), ("c", 100, 40), ("d", 9, 300)):
        world.book(name=name, duration=minutes, msdyn_actualtravelduration=travel)
    assert names(world, "$orderby=duration desc,name desc") == ["c", "b", "d", "a"]
    assert names(world, "$orderby=msdyn_actualtravelduration") == ["a", "b", "c", "d"]


def test_an_expanded_lookup_has_the_row(world: DataverseWorld) -> None:
    """With its selected properties, by its navigation property; null without one."""
    world.book()
    (row,) = world.get(f"{BOOKINGS}?$select=name&$expand=Resource($select=name,resourcetype),Header")["value"]
    assert row["Resource"].items() >= {"name": "Ola", "resourcetype": 3}.items()
    assert "_userid_value" not in row["Resource"]
    assert row["Header"] is None


def test_a_row_that_did_not_change_is_304(world: DataverseWorld) -> None:
    """With its etag in If-None-Match."""
    booking = world.book()
    etag = world.row(booking)["@odata.etag"]
    assert world.api("GET", f"{BOOKINGS}({booking})", If_None_Match=etag).status_code == 304


def test_people_lead_to_mailboxes(world: DataverseWorld) -> None:
    """A user's object id is that of the directory; a room has its address in its resource."""
    resources = world.get("bookableresources?$expand=UserId($select=azureactivedirectoryobjectid,internalemailaddress)")
    by_name = {row["name"]: row for row in resources["value"]}
    assert by_name["Ola"]["UserId"]["azureactivedirectoryobjectid"] == world.tenant.mailboxes[OLA].id
    assert by_name["Ola"]["UserId"]["internalemailaddress"] == OLA
    assert (by_name["room1"]["resourcetype"], by_name["room1"]["msdyn_primaryemail"]) == (7, ROOM)
    assert by_name["room1"]["new_calendarrelay"] is True


def test_statuses_and_their_defaults(world: DataverseWorld) -> None:
    """Committed and canceled by booking setup, for bookings without and with a work order."""
    statuses = {row["bookingstatusid"]: row for row in world.get("bookingstatuses")["value"]}
    by_table = {row["msdyn_entitylogicalname"]: row for row in world.get("msdyn_bookingsetupmetadatas")["value"]}
    for table, expected in (("none", (2, 3)), ("msdyn_workorder", (2, 3))):
        chosen = [by_table[table][f"_msdyn_defaultbooking{kind}status_value"] for kind in ("committed", "canceled")]
        assert tuple(statuses[each]["status"] for each in chosen) == expected


def test_the_organization_says_what_it_is(world: DataverseWorld) -> None:
    """Its ids, its kind, its tenant; the parameter is required."""
    for path in (
        f"RetrieveCurrentOrganization({ACCESS})",
        f"RetrieveCurrentOrganization(AccessType=@p)?@p={ACCESS[11:]}",
    ):
        detail = world.get(path)["Detail"]
        assert detail["OrganizationId"] == world.organization.organization_id
        assert detail["EnvironmentId"] == world.organization.environment_id
        assert (detail["OrganizationType"], detail["TenantId"]) == ("Customer", TENANT_ID)
    (row,) = world.get("organizations")["value"]
    assert (row["organizationid"], row["expirechangetrackingindays"]) == (world.organization.organization_id, 7)


def test_every_answer_has_the_protocol_s_headers(world: DataverseWorld) -> None:
    """The version, the request's ids, and what is left of the limits."""
    answer = world.api("GET", BOOKINGS, x_ms_client_request_id="mine")
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert int(answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"]) == 5999
