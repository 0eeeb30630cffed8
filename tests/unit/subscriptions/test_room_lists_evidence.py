"""A room leaves its list by a confirmed reading only."""

from __future__ import annotations

import pytest

from shared.errors import GraphNotFound, GraphUnavailable
from shared.policy.room_list_rule import CONFIRM_AFTER
from shared.storage.room_lists import RoomList, RoomListReading, room_list_id_of
from tests.support.world import World

BUILDING = "building1@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(20)]
LIES = pytest.mark.parametrize("lie", [[], GraphNotFound(404, "ResourceNotFound"), ROOMS[:2], ROOMS[8:18]])


@pytest.fixture(autouse=True)
def building(world: World) -> None:
    """Watch a building with twenty rooms."""
    world.rooms.by_list[BUILDING] = list(ROOMS)
    world.room_list_service.watch(BUILDING)
    world.room_list_service.match_room_lists()
    world.jobs.take_jobs()


def matched(world: World) -> dict[str, int]:
    """Match the watches with the room lists."""
    return dict(world.room_list_service.match_room_lists())


def restarted(world: World) -> World:
    """Return the app in a new process: only what is stored survives."""
    parts = {name: getattr(world, name) for name in ("watches_table", "ledger_table", "rooms", "subscriptions")}
    other = World(parts)
    other.time = world.time
    return other


def stored(world: World) -> RoomList:
    """Return the row of the building."""
    row = world.room_lists.get(room_list_id_of(BUILDING))
    assert row is not None
    return row


@LIES
@pytest.mark.parametrize("restart", [False, True])
def test_a_loss_counts_only_when_it_lasts(world: World, lie: list[str] | Exception, restart: object) -> None:
    """A mistake in the directory, or a part of a list, would cost a building its subscriptions."""
    left = 20 - (len(lie) if isinstance(lie, list) else 0)
    world.rooms.by_list[BUILDING] = lie
    assert matched(world) == {}
    assert "stops watching" in stored(world).last_error
    assert stored(world).empty_since == (world.time if left == 20 else None)
    world.pass_by(CONFIRM_AFTER.total_seconds() - 1)
    current = restarted(world) if restart else world
    assert matched(current) == {}
    current.pass_by(1)
    assert matched(current) == {"left": left}
    assert stored(current).desired == 20 - left


@LIES
def test_a_loss_that_ends_leaves_no_trace(world: World, lie: list[str] | Exception) -> None:
    """The time of the next one starts again."""
    for _ in range(3):
        world.rooms.by_list[BUILDING] = lie
        assert matched(world) == {}
        world.pass_by(CONFIRM_AFTER.total_seconds() / 2)
        world.rooms.by_list[BUILDING] = list(ROOMS)
        assert matched(world) == {}
        assert (stored(world).last_error, stored(world).empty_since) == ("", None)
        world.pass_by(CONFIRM_AFTER.total_seconds() / 2)


def test_a_room_joins_by_a_part_of_a_list(world: World) -> None:
    """What a reading contains belongs to the list, whatever is missing."""
    world.rooms.by_list[BUILDING] = [*ROOMS[:5], "new@contoso.com"]
    assert matched(world) == {"joined": 1}
    assert stored(world).desired == 20


def test_the_allow_list_and_the_watches_share_a_reader(world: World) -> None:
    """A list that loses its rooms takes nothing from either, on the same day and after the same time."""
    world.allow(f"roomlist:{BUILDING}")
    world.rooms.by_list[BUILDING] = []
    reads = len(world.rooms.reads)
    assert matched(world) == {}
    assert world.allow_list.allows(ROOMS[7])
    assert len(world.rooms.reads) == reads + 1
    world.pass_by(CONFIRM_AFTER.total_seconds())
    assert matched(world) == {"left": 20}
    assert not world.allow_list.allows(ROOMS[7])


def test_a_run_reads_the_room_lists_of_the_setting_again(world: World) -> None:
    """A room that joins or leaves is found at the next run, not after the 15 minutes for which answers are used."""
    world.allow(f"roomlist:{BUILDING}")
    assert world.allow_list.allows(ROOMS[7])
    assert world.due_work.rooms_hash() == (before := world.rooms_hash())
    world.rooms.by_list[BUILDING] = ROOMS[1:]
    assert world.due_work.rooms_hash() not in (before, None)
    assert not world.allow_list.allows(ROOMS[0])


def test_a_list_watched_by_an_earlier_version_is_compared_with_what_it_stored(world: World) -> None:
    """It kept the numbers in the list's own row, and no row of readings."""
    world.rows.rows = {key: row for key, row in world.rows.rows.items() if key[0] != "directory"}
    world.rooms.by_list[BUILDING] = ROOMS[:10]
    current = restarted(world)
    assert matched(current) == {}
    current.pass_by(CONFIRM_AFTER.total_seconds())
    assert matched(current) == {"left": 10}


def test_a_list_that_had_no_rooms_was_never_confirmed_to_be_empty(world: World) -> None:
    """An earlier version stored no rooms, and since when, also for a list that it had just begun to watch."""
    since = world.time
    assert RoomList("0" * 32, BUILDING, since).earlier_reading() == RoomListReading("0" * 32)
    emptied = RoomList("0" * 32, BUILDING, since, checked=since, empty_since=since).earlier_reading()
    assert emptied == RoomListReading("0" * 32, fewer_since=since)
    full = RoomList("0" * 32, BUILDING, since, desired=3, not_allowed=1).earlier_reading()
    assert full == RoomListReading("0" * 32, 4, since)


def test_the_row_of_readings_is_deleted_with_its_list(world: World) -> None:
    """Unless ALLOWED_MAILBOXES names the list."""

    def rows() -> list[str]:
        return [key for partition, key in world.rows.rows if partition == "directory"]

    assert rows() == [room_list_id_of(BUILDING)]
    world.allow(f"roomlist:{BUILDING}")
    world.room_list_service.release(room_list_id_of(BUILDING))
    assert rows() == [room_list_id_of(BUILDING)]
    world.allow("@contoso.com")
    world.room_list_service.watch(BUILDING)
    world.room_list_service.release(room_list_id_of(BUILDING))
    assert rows() == []


def test_the_permission_alone_decides_which_rooms_are_watched(world: World) -> None:
    """While that is unknown for a room, nothing changes, and the list says why."""
    world.allow(f"roomlist:{BUILDING},roomlist:other@contoso.com")
    world.rooms.by_list["other@contoso.com"] = GraphUnavailable(503, "x")
    assert matched(world) == {}
    world.allow("roomlist:other@contoso.com")
    assert matched(world) == {}
    assert "ALLOWED_MAILBOXES is unknown" in stored(world).last_error
    assert "503" in stored(world).last_error
