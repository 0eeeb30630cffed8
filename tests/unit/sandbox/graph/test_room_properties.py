"""Rooms with properties, lists that are empty or have holes, and distribution lists in getSchedule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.graph_world import APP, OTHER_ROOM, ROOM, USER, World, fits, refusal

pytestmark = pytest.mark.server

ROOMS = "/places/microsoft.graph.room"
TEAM = "team@contoso.com"
DAY = {"StartTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"},
       "EndTime": {"dateTime": "2026-12-02T00:00:00", "timeZone": "UTC"}}  # fmt: skip


@pytest.fixture
def place_world(world: World) -> World:
    """Grant the permission."""
    world.control("POST", f"/clients/{APP}", {"roles": ["Place.Read.All", "Calendars.Read"]})
    return world


def test_a_room_has_the_properties_that_a_test_sets(place_world: World) -> None:
    """Others are those of a room that nobody has described; each answer fits Graph's type."""
    place_world.control(
        "POST", "/settings", {"places": {ROOM: {"capacity": 8, "floorLabel": "2nd", "tags": ["screen"]}}}
    )
    rooms = {room["emailAddress"]: room for room in place_world.get(ROOMS)["value"]}
    assert all(fits("room", room) for room in rooms.values())
    assert (rooms[ROOM]["capacity"], rooms[ROOM]["floorLabel"], rooms[ROOM]["tags"]) == (8, "2nd", ["screen"])
    assert (rooms[OTHER_ROOM]["capacity"], rooms[OTHER_ROOM]["tags"]) == (None, [])


def test_a_wrong_property_is_refused(place_world: World) -> None:
    """It would not be what Graph sends."""
    place_world.control("POST", "/settings", {"places": {ROOM: {"capacity": "eight"}}})
    assert refusal(place_world.graph("GET", ROOMS))[0] == 400


def test_a_list_is_empty_or_has_holes(place_world: World) -> None:
    """As long as the behaviour is on."""
    whole = len(place_world.get(ROOMS)["value"])
    place_world.control("POST", "/behaviours", {"on": {"placesMissing": 1}})
    assert len(place_world.get(ROOMS)["value"]) == whole - 1
    place_world.control("POST", "/behaviours", {"on": {"placesMissing": False, "placesEmpty": True}})
    assert place_world.get(ROOMS)["value"] == []


def schedules(world: World, *addresses: str) -> Any:
    """Ask for the day's schedules."""
    return world.graph("POST", f"/users/{USER}/calendar/getSchedule", {"Schedules": [*addresses], **DAY})


def test_the_members_of_a_distribution_list_count(place_world: World) -> None:
    """Twenty entities in a call; the list's schedule has the times of its members."""
    place_world.control("POST", "/settings", {"distributionLists": {TEAM: [USER, ROOM]}})
    place_world.book(ROOM, start="2026-12-01T09:00:00", end="2026-12-01T09:30:00")
    (told,) = schedules(place_world, TEAM.upper()).json()["value"]
    assert fits("scheduleInformation", told)
    assert len(told["scheduleItems"]) == 1
    assert "2" in told["availabilityView"]
    assert schedules(place_world, TEAM, *[USER] * 18).status_code == 200
    assert refusal(schedules(place_world, TEAM, *[USER] * 19))[0] == 400
