"""Events: reading one, listing them, ids, zones, properties."""

from typing import Any

import pytest

from tests.support.graph_world import IMMUTABLE, ROOM, USER, World, fits, refusal

pytestmark = pytest.mark.server

EVENTS = f"/users/{ROOM}/events"


def test_an_event_is_returned_completely(world: World) -> None:
    """Everything that was booked is returned, fits Graph's type, and has the request's ids."""
    booked = world.book(
        body="Secret agenda",
        location="Room 1",
        sensitivity="private",
        showAs="tentative",
        attendees=["kari@contoso.com"],
        organizer="ola@contoso.com",
    )
    answer = world.graph("GET", f"{EVENTS}/{booked['id']}", client_request_id="mine")
    event = answer.json()
    assert answer.headers["client-request-id"] == "mine"
    assert answer.headers["request-id"]
    assert fits("event", event)
    assert event["body"] == {"contentType": "text", "content": "Secret agenda"}
    assert (event["sensitivity"], event["showAs"], event["type"]) == ("private", "tentative", "singleInstance")
    assert event["organizer"]["emailAddress"]["address"] == "ola@contoso.com"
    assert event["attendees"][0]["emailAddress"] == {"name": "kari", "address": "kari@contoso.com"}
    assert event["@odata.etag"] == f'W/"{event["changeKey"]}"'


def test_times_have_seven_digits_in_utc(world: World) -> None:
    """Whatever its own zone, an event is returned in UTC unless the call prefers another zone."""
    booked = world.book(
        start={"dateTime": "2026-07-01T09:00:00", "timeZone": "Europe/Oslo"},
        end={"dateTime": "2026-07-01T10:30:00", "timeZone": "Europe/Oslo"},
    )
    event = world.get(f"{EVENTS}/{booked['id']}")
    assert event["start"] == {"dateTime": "2026-07-01T07:00:00.0000000", "timeZone": "UTC"}
    assert (event["originalStartTimeZone"], event["end"]["dateTime"]) == ("Europe/Oslo", "2026-07-01T08:30:00.0000000")
    answer = world.graph("GET", f"{EVENTS}/{booked['id']}", Prefer='outlook.timezone="W. Europe Standard Time"')
    assert answer.json()["start"] == {"dateTime": "2026-07-01T09:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    assert answer.headers["Preference-Applied"] == 'outlook.timezone="W. Europe Standard Time"'


def test_seven_digits_go_in_as_they_come_out(world: World) -> None:
    """Graph's own format is accepted, and fewer digits are, too."""
    booked = world.book(
        start={"dateTime": "2026-07-01T09:00:00.5000000", "timeZone": "UTC"},
        end={"dateTime": "2026-07-01T09:00:01.25", "timeZone": "UTC"},
    )
    assert booked["start"]["dateTime"] == "2026-07-01T09:00:00.5000000"
    assert booked["end"]["dateTime"] == "2026-07-01T09:00:01.2500000"
    moved = world.control("PATCH", f"/calendars/{ROOM}/events/{booked['id']}", {"start": booked["start"]})
    assert (moved["start"], moved["end"]) == (booked["start"], booked["end"])


def test_an_unknown_zone_gets_400(world: World) -> None:
    """A zone that is neither Windows' nor IANA's is rejected."""
    answer = world.graph("GET", EVENTS, Prefer='outlook.timezone="Middle Earth"')
    assert refusal(answer) == (400, "TimeZoneNotSupportedException")


def test_an_all_day_event_is_at_midnight_in_any_zone(world: World) -> None:
    """Its day does not move with the zone."""
    booked = world.book(
        start={"dateTime": "2026-07-01T00:00", "timeZone": "Europe/Oslo"},
        end={"dateTime": "2026-07-02T00:00", "timeZone": "Europe/Oslo"},
        isAllDay=True,
    )
    for prefer in ('outlook.timezone="UTC"', 'outlook.timezone="Pacific Standard Time"'):
        event = world.get(f"{EVENTS}/{booked['id']}", Prefer=prefer)
        assert event["start"]["dateTime"] == "2026-07-01T00:00:00.0000000"
        assert event["isAllDay"] is True


def test_both_forms_of_an_id_are_accepted(world: World) -> None:
    """The Prefer header decides only which form is returned."""
    booked = world.book()
    ids = (booked["id"], booked["immutableId"])
    assert ids[0] != ids[1]
    for asked in ids:
        assert world.get(f"{EVENTS}/{asked}")["id"] == ids[0]
        assert world.get(f"{EVENTS}/{asked}", **IMMUTABLE)["id"] == ids[1]


def test_ids_are_case_sensitive(world: World) -> None:
    """An id in another case belongs to another event."""
    booked = world.book()
    for event_id in (booked["id"], booked["immutableId"]):
        swapped = event_id[:2] + event_id[2:].swapcase()
        assert refusal(world.graph("GET", f"{EVENTS}/{swapped}")) == (404, "ErrorItemNotFound")


def test_a_malformed_id_gets_400(world: World) -> None:
    """Exchange distinguishes a malformed id from an unknown one."""
    assert refusal(world.graph("GET", f"{EVENTS}/nonsense")) == (400, "ErrorInvalidIdMalformed")


def test_another_mailboxs_event_is_not_found(world: World) -> None:
    """An event exists in its own mailbox only, and nowhere after its deletion."""
    booked = world.book()
    assert refusal(world.graph("GET", f"/users/{USER}/events/{booked['id']}"))[0] == 404
    world.control("DELETE", f"/calendars/{ROOM}/events/{booked['id']}")
    assert refusal(world.graph("GET", f"{EVENTS}/{booked['id']}")) == (404, "ErrorItemNotFound")


def test_every_write_gives_a_new_etag(world: World) -> None:
    """Etag and changeKey differ after each change, and stay the same between reads."""
    booked = world.book()
    path, seen = f"/calendars/{ROOM}/events/{booked['id']}", {booked["@odata.etag"]}
    for number in range(3):
        changed = world.control("PATCH", path, {"subject": f"Version {number}"})
        seen.add(changed["@odata.etag"])
        assert world.get(f"{EVENTS}/{booked['id']}")["@odata.etag"] == changed["@odata.etag"]
    assert len(seen) == 4


def test_select_limits_the_properties(world: World) -> None:
    """Only id, etag and context are returned beside them."""
    booked = world.book()
    event = world.get(f"{EVENTS}/{booked['id']}?$select=subject,start")
    assert event.keys() == {"@odata.context", "@odata.etag", "id", "subject", "start"}


@pytest.mark.parametrize(
    "query",
    [
        "$select=subjekt",
        "$select=Subject",
        "$select=",
        "$expand=instances",
        "$top=0",
        "$top=1001",
        "$top=x",
        "$format=xml",
        "select=subject",
        "$select=id&$select=subject",
        "$filter=nonsense",
        "$filter=foo eq 1",
        "$orderby=foo",
        "$orderby=subject sideways",
        "$skip=-1",
        "$count=maybe",
        "startDateTime=2026-01-01",
    ],
)
def test_a_wrong_query_gets_400(world: World, query: str) -> None:
    """Unknown options, unknown properties and impossible values are rejected."""
    assert refusal(world.graph("GET", f"{EVENTS}?{query}"))[0] == 400


@pytest.mark.parametrize(
    ("name", "code"),
    [("nobody@contoso.com", "ErrorInvalidUser"), ("11111111-0000-4000-8000-000000000000", "ResourceNotFound")],
)
def test_an_unknown_mailbox_gets_404(world: World, name: str, code: str) -> None:
    """An address and an object id have different codes."""
    assert refusal(world.graph("GET", f"/users/{name}/events")) == (404, code)


def test_a_removed_mailbox_is_404(world: World) -> None:
    """Graph follows control: a removed mailbox is 404, an added one exists."""
    world.control("POST", "/mailboxes", {"address": "new@contoso.com", "kind": "room", "displayName": "New"})
    assert world.get("/users/NEW@contoso.com/events")["value"] == []
    world.control("DELETE", "/mailboxes/new@contoso.com")
    assert refusal(world.graph("GET", "/users/new@contoso.com/events")) == (404, "ErrorInvalidUser")


def test_the_list_is_paged_by_ten(world: World) -> None:
    """A page has ten events without $top or odata.maxpagesize; the links keep the query and lead through all."""
    booked = [world.book(subject=f"Meeting {number:02}")["id"] for number in range(23)]
    for query, prefer, first in (("", {}, 10), ("&$top=7", {}, 7), ("", {"Prefer": "odata.maxpagesize=20"}, 20)):
        page = world.get(f"{EVENTS}?$select=subject{query}&$count=true", **prefer)
        assert (len(page["value"]), page["@odata.count"]) == (first, 23)
        seen: list[dict[str, Any]] = page["value"]
        while "@odata.nextLink" in page:
            page = world.get(page["@odata.nextLink"], **prefer)
            seen += page["value"]
        assert [event["id"] for event in seen] == booked
        assert all(event.keys() == {"@odata.etag", "id", "subject"} for event in seen)


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("$filter=subject eq 'B ''and'' C'", ["B 'and' C"]),
        ("$filter=startswith(subject,'b')", ["B 'and' C"]),
        ("$filter=isCancelled eq true", []),
        ("$filter=start/dateTime ge '2026-12-02T00:00:00Z'", ["B 'and' C"]),
        ("$filter=subject eq 'A' or showAs eq 'busy'", ["A", "B 'and' C"]),
        ("$filter=subject eq 'A' and showAs eq 'free'", []),
        ("$orderby=start/dateTime desc", ["B 'and' C", "A"]),
    ],
)
def test_filters_and_orders(world: World, query: str, subjects: list[str]) -> None:
    """The supported part of $filter, and $orderby."""
    world.book(subject="A", start="2026-12-01T10:00:00Z", end="2026-12-01T11:00:00Z")
    world.book(subject="B 'and' C", start="2026-12-02T10:00:00Z", end="2026-12-02T11:00:00Z")
    assert [event["subject"] for event in world.get(f"{EVENTS}?{query}")["value"]] == subjects


def test_keys_in_parentheses_and_any_case_are_read(world: World) -> None:
    """OData's alternative spelling leads to the same event."""
    booked = world.book()
    for quote in ("'", "%27"):
        path = f"/Users('{ROOM}')/Events('{booked['id']}')".replace("'", quote)
        assert world.get(path)["id"] == booked["id"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 400),
        ("GET", f"/users/{ROOM}/nothing", 400),
        ("PUT", "/subscriptions", 405),
        ("POST", f"{EVENTS}/x", 405),
        ("GET", "/me/events", 400),
    ],
)
def test_unknown_paths_and_methods_are_refused(world: World, method: str, path: str, status: int) -> None:
    """An unknown segment gets 400, a wrong method 405."""
    assert refusal(world.graph(method, path))[0] == status
