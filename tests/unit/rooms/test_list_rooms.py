"""The list of rooms: which rooms, which properties, and how often Graph is asked for them."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.rooms import list_rooms
from shared.rooms.directory import RoomDirectory
from shared.rooms.room import room_of
from shared.storage.rooms.readings import RoomReadings
from shared.storage.watches import watch_id_of
from tests.support.graph_world import OTHER_ROOM, ROOM, USER
from tests.support.tenant_world import TenantWorld, problem
from tests.unit.functions.conftest import call
from tests.unit.rooms.conftest import BUILDING, add_rooms, allow, listed, mailboxes, readings

pytestmark = pytest.mark.server


def test_a_room_has_what_a_map_needs_and_nothing_private(world: TenantWorld) -> None:
    """Neither its phone number nor its postal address is asked for; what nobody has set is null."""
    place = {"capacity": 8, "building": "B1", "floorNumber": 2, "floorLabel": "2nd", "label": "201",
             "audioDeviceName": "Microphone", "videoDeviceName": None, "displayDeviceName": "Screen",
             "isWheelChairAccessible": True, "tags": ["whiteboard"], "phone": "Canary 555",
             "address": {"street": "Canary Street 1"}}  # fmt: skip
    world.control("POST", "/settings", {"places": {ROOM: place}})
    rooms = {room["mailbox"]: room for room in listed()["value"]}
    assert rooms[ROOM] == {
        "id": watch_id_of(ROOM), "mailbox": ROOM, "name": "Room 1", "capacity": 8, "building": "B1", "floorNumber": 2,
        "floorLabel": "2nd", "label": "201", "equipment": {"audio": "Microphone", "video": None, "display": "Screen"},
        "wheelchairAccessible": True, "tags": ["whiteboard"],
    }  # fmt: skip
    assert (rooms[OTHER_ROOM]["capacity"], rooms[OTHER_ROOM]["tags"]) == (None, [])
    assert "Canary" not in str([dict(row) for row in world.rows.rows.values()])


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [("@contoso.com", {ROOM, OTHER_ROOM}), (ROOM.upper(), {ROOM}), (f"roomlist:{BUILDING}", {OTHER_ROOM}),
     (f"roomlist:{BUILDING},{ROOM}", {ROOM, OTHER_ROOM}), ("@fabrikam.com", set()), (USER, set()), ("", set())],
    ids=["domain", "address", "list", "both", "other", "person", "empty"],
)  # fmt: skip
def test_the_rooms_are_those_of_the_allow_list(world: TenantWorld, allowed: str, expected: set[str]) -> None:
    """By its addresses, domains and room lists. Mailboxes of people are no rooms."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    allow(world, allowed)
    page = listed()
    assert (mailboxes(page), page["complete"]) == (expected, True)


def test_graph_is_read_at_most_once_an_hour_by_all_instances(world: TenantWorld) -> None:
    """Each instance answers from the stored reading; `asOf` is when it was made."""
    first = listed()
    assert first["asOf"] == "2026-11-20T10:00:00Z"
    world.pass_by(3599)
    other = RoomDirectory(
        world.allow_list, world.permission, world.rooms, RoomReadings(lambda: world.rows), world.now
    )  # fmt: skip
    assert [room["mailbox"] for room in other.rooms().rooms] == [room["mailbox"] for room in first["value"]]
    assert (listed()["asOf"], readings(world)) == (first["asOf"], 1)
    world.pass_by(1)
    assert (listed()["asOf"], readings(world)) == ("2026-11-20T11:00:00Z", 2)


def test_a_reading_of_the_allow_list_serves_callers(world: TenantWorld) -> None:
    """The reconciler reads room lists anyway."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    allow(world, f"roomlist:{BUILDING}")
    assert world.allow_list.allows(OTHER_ROOM)
    assert readings(world) == 1
    page = listed()
    assert (mailboxes(page), page["value"][0]["name"], readings(world)) == ({OTHER_ROOM}, "room2", 1)


def test_without_the_feature_the_allow_list_reads_no_properties(world: TenantWorld) -> None:
    """And stores no room."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    world.set(FEATURES="", ALLOWED_MAILBOXES=f"roomlist:{BUILDING}")
    assert world.allow_list.allows(OTHER_ROOM)
    assert not [row for row in world.rows.rows if row[0].startswith("rooms")]


@pytest.mark.parametrize("without_links", [True, False])
def test_all_rooms_are_listed_in_pages(world: TenantWorld, *, without_links: bool) -> None:
    """A hundred on each; also if Graph gives no nextLink. No address is in a link."""
    world.control("POST", "/behaviours", {"on": {"placesWithoutLinks": without_links}})
    halls, found, after = add_rooms(world, 250), list[str](), ""
    for size in (100, 100, 52):
        page = listed(**({"after": after} if after else {}))
        assert len(page["value"]) == size
        found += [room["mailbox"] for room in page["value"]]
        if size == 100:
            link = page["nextLink"]
            assert "contoso" not in link
            after = parse_qs(urlsplit(link).query)["after"][0]
    assert page["nextLink"] is None
    assert sorted(found) == sorted([*halls, ROOM, OTHER_ROOM])


def test_what_is_stored_is_the_answer(world: TenantWorld) -> None:
    """Nothing of rooms that are not allowed. A new reading replaces the rows of the last one."""
    add_rooms(world, 250)
    allow(world, "hall001@contoso.com")
    listed()
    (part,) = [row for row in world.rows.rows.values() if row["PartitionKey"] == "rooms-part"]
    assert [room["mailbox"] for room in json.loads(part["rooms"])] == ["hall001@contoso.com"]
    allow(world, "@contoso.com")
    world.pass_by(3600)
    assert len(listed(pageSize="1000")["value"]) == 252
    parts = [row for row in world.rows.rows.values() if row["PartitionKey"] == "rooms-part"]
    (head,) = [row for row in world.rows.rows.values() if row["PartitionKey"] == "rooms"]
    assert 1 < len(parts) == head["parts"]
    assert all(len(row["rooms"]) <= 30_000 for row in parts)


def test_an_entry_that_is_removed_counts_at_once(world: TenantWorld) -> None:
    """One that is added counts from the next reading on; until then the answer says that rooms may be missing."""
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}
    allow(world, ROOM)
    assert (mailboxes(listed()), readings(world)) == ({ROOM}, 1)
    world.pass_by(3600)
    assert listed()["complete"] is True
    allow(world, f"{ROOM},{OTHER_ROOM}")
    page = listed()
    assert (mailboxes(page), page["complete"], "ALLOWED_MAILBOXES" in page["detail"]) == ({ROOM}, False, True)
    world.pass_by(3600)
    assert (mailboxes(listed()), listed()["complete"]) == ({ROOM, OTHER_ROOM}, True)


@pytest.mark.parametrize("address", ["room1\u200b@contoso.com", "room1\n@contoso.com", "room1", "", None, 1])
def test_an_address_that_is_none_has_no_calendar(address: object) -> None:
    """Without a sign that is not shown it would be the address of another mailbox, which may be allowed."""
    assert room_of({"emailAddress": address, "displayName": "Room 1"}) is None


@pytest.mark.parametrize("value", [-1, 8.5, "8", True, None, [], {}])
def test_a_property_of_another_type_is_null(value: object) -> None:
    """The room is listed all the same. Texts are no numbers, and numbers no texts."""
    room = room_of({"emailAddress": ROOM, "capacity": value, "tags": value, "isWheelChairAccessible": "yes",
                    "building": 5, "audioDeviceName": value if value != "8" else ""})  # fmt: skip
    assert room is not None
    assert (room["capacity"], room["tags"], room["wheelchairAccessible"], room["building"]) == (None, [], None, None)
    assert room["equipment"] == {"audio": None, "video": None, "display": None}


def test_a_forgotten_mailbox_is_not_listed(world: TenantWorld) -> None:
    """Neither from storage, nor by an instance that remembers the last reading. The next one lists what is allowed."""
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}
    elsewhere = RoomReadings(lambda: world.rows)
    assert elsewhere.forget(ROOM) == 1
    assert mailboxes(listed()) == {OTHER_ROOM}
    world.pass_by(3600)
    assert mailboxes(listed()) == {ROOM, OTHER_ROOM}


@pytest.mark.parametrize("params", [{"after": "x"}, {"pageSize": "0"}, {"pageSize": "1001"}, {"mailbox": ROOM}])
def test_a_wrong_parameter_is_refused(world: TenantWorld, params: dict[str, str]) -> None:
    """Also one that does not exist."""
    assert world.now()
    problem(list_rooms, 422, method="GET", path="rooms", params=params)


def test_while_the_relay_is_stopped_nothing_is_read(world: TenantWorld) -> None:
    """Not even from storage."""
    world.stop.stop("admin")
    assert call(list_rooms, method="GET").status_code == 503
    assert readings(world) == 0
