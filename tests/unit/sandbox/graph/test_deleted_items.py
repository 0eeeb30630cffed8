"""Deleted Items: where Outlook moves what it deletes, and from where an event can be restored."""

from typing import Any

import pytest

from tests.support.graph_world import IMMUTABLE, ROOM, World, refusal
from tests.support.waiting import eventually

pytestmark = pytest.mark.server

EVENTS = f"/users/{ROOM}/events"
CONTROL = f"/calendars/{ROOM}/events"
SIX_YEARS = {"start": "2026-01-01T00:00:00Z", "end": "2032-01-01T00:00:00Z"}
FIRST_SECOND = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-01-01T00:00:01Z"


def viewed(world: World) -> list[str]:
    """Return the immutable ids of the events at the beginning of 2026."""
    return [event["id"] for event in world.get(f"/users/{ROOM}/calendarView?{FIRST_SECOND}", **IMMUTABLE)["value"]]


def notified(world: World) -> list[tuple[str, str]]:
    """Return the notifications so far, in any order: change type and id."""
    world.flush()
    return sorted((item["changeType"], item["resourceData"]["id"]) for item in world.receiver.items)


@pytest.fixture
def booked(world: World) -> dict[str, Any]:
    """Return an event of six years, in a mailbox with a subscription to immutable ids."""
    world.subscribe(IMMUTABLE)
    return world.book(**SIX_YEARS)


def test_an_event_in_deleted_items_is_read_by_its_immutable_id_only(world: World, booked: dict[str, Any]) -> None:
    """GET answers 200 with another etag; its former ordinary id is unknown, and no list or view contains it."""
    kept = booked["immutableId"]
    assert viewed(world) == [kept]
    moved = world.control("POST", f"{CONTROL}/{kept}/softDelete")
    event = world.get(f"{EVENTS}/{kept}")
    assert event["id"] == moved["id"] != booked["id"]
    assert event["@odata.etag"] != booked["@odata.etag"]
    assert refusal(world.graph("GET", f"{EVENTS}/{booked['id']}")) == (404, "ErrorItemNotFound")
    assert (viewed(world), world.get(EVENTS)["value"]) == ([], [])
    assert notified(world) == [("created", kept), ("deleted", kept)]


def test_a_view_of_a_whole_long_event_is_refused(world: World, booked: dict[str, Any]) -> None:
    """Longer than 1,825 days, on the calendar and in Deleted Items."""
    whole = f"/users/{ROOM}/calendarView?startDateTime={SIX_YEARS['start']}&endDateTime={SIX_YEARS['end']}"
    assert refusal(world.graph("GET", whole)) == (400, "ErrorInvalidRequest")
    world.control("POST", f"{CONTROL}/{booked['id']}/softDelete")
    assert refusal(world.graph("GET", whole)) == (400, "ErrorInvalidRequest")


def test_a_restored_event_has_its_immutable_id(world: World, booked: dict[str, Any]) -> None:
    """It is announced as created, with another ordinary id and etag; both forms find it again."""
    kept = booked["immutableId"]
    moved = world.control("POST", f"{CONTROL}/{kept}/softDelete")
    restored = world.control("POST", f"{CONTROL}/{kept}/restore")
    assert (restored["immutableId"], viewed(world)) == (kept, [kept])
    assert len({each["id"] for each in (booked, moved, restored)}) == 3
    assert len({each["@odata.etag"] for each in (booked, moved, restored)}) == 3
    assert [event["id"] for event in world.get(EVENTS)["value"]] == [restored["id"]]
    assert notified(world) == [("created", kept), ("created", kept), ("deleted", kept)]


def test_an_event_that_is_deleted_for_good_is_unknown(world: World, booked: dict[str, Any]) -> None:
    """From the calendar or from Deleted Items: no id finds it."""
    moved = world.control("POST", f"{CONTROL}/{booked['id']}/softDelete")
    world.control("DELETE", f"{CONTROL}/{booked['immutableId']}")
    for event_id in (booked["immutableId"], booked["id"], moved["id"]):
        assert refusal(world.graph("GET", f"{EVENTS}/{event_id}")) == (404, "ErrorItemNotFound")
    world.control("POST", f"{CONTROL}/{booked['immutableId']}/restore", status=404)


def test_an_event_lies_in_deleted_items_for_a_while(world: World, booked: dict[str, Any]) -> None:
    """By the setting; then no id finds it. One that was restored before stays."""
    world.control("POST", "/settings", {"deletedItemsSeconds": 3600})
    other = world.book()["immutableId"]
    for event_id in (booked["immutableId"], other):
        world.control("POST", f"{CONTROL}/{event_id}/softDelete")
    world.control("POST", f"{CONTROL}/{other}/restore")
    world.tenant.clock.advance(3590)
    assert world.get(f"{EVENTS}/{booked['immutableId']}")["id"]
    world.tenant.clock.advance(20)
    eventually(lambda: world.graph("GET", f"{EVENTS}/{booked['immutableId']}").status_code == 404)
    assert world.get(f"{EVENTS}/{other}")["id"]


def test_only_single_events_of_the_right_folder_are_moved(world: World, booked: dict[str, Any]) -> None:
    """Not one date of a series, nothing that is there already; the error has a reason, and nothing is announced."""
    series = world.book(rrule="FREQ=DAILY;COUNT=2")
    days = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-12-31T00:00:00Z"
    (date, *_) = world.get(f"{EVENTS}/{series['id']}/instances?{days}")["value"]
    assert world.control("POST", f"{CONTROL}/{booked['id']}/restore", status=409)["error"]
    moved = world.control("POST", f"{CONTROL}/{booked['id']}/softDelete")
    for event_id in (date["id"], moved["id"]):
        assert world.control("POST", f"{CONTROL}/{event_id}/softDelete", status=409)["error"]
    assert [change for change, _ in notified(world)].count("deleted") == 1
