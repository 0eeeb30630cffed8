"""The reader of room lists: what it believes, what it remembers, and who waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphNotFound, GraphUnavailable, RelayError, ServiceUnavailable
from shared.policy.room_list_rule import CONFIRM_AFTER
from shared.policy.room_lists import FAILED_FOR, KEEP, LONGEST_RETRY_AFTER, TRUSTED, UNCONFIRMED_FOR, RoomListReader
from shared.storage.room_lists import RoomListReadings, room_list_id_of
from tests.support.table import FakeTable
from tests.support.world import World

BUILDING = "building1@contoso.com"
ROOMS = [f"hall{number}@contoso.com" for number in range(20)]
NOW = timedelta(0)
LIES = pytest.mark.parametrize("lie", [[], GraphNotFound(404, "ResourceNotFound"), ROOMS[:10], ROOMS[5:7]])


@pytest.fixture
def table(world: World) -> FakeTable:
    """Give Graph a building with rooms; return the table of readings."""
    world.rooms.by_list[BUILDING] = list(ROOMS)
    return FakeTable()


def instance(world: World, table: FakeTable) -> RoomListReader:
    """Return the reader of a new process."""
    return RoomListReader(world.rooms.of_list, RoomListReadings(lambda: table), world.now)


@LIES
def test_the_rooms_of_before_stay_until_the_loss_is_confirmed(
    world: World, table: FakeTable, lie: list[str] | Exception
) -> None:
    """An empty list, an unknown one and a part of a list are read again for twenty minutes."""
    reader = instance(world, table)
    assert reader.rooms(BUILDING).addresses == frozenset(ROOMS)
    world.rooms.by_list[BUILDING] = lie
    for _ in range(2):
        rooms = reader.rooms(BUILDING, NOW)
        assert (rooms.addresses, rooms.is_complete, rooms.is_confirmed) == (frozenset(ROOMS), True, False)
        assert "stops watching" in rooms.warning
        world.pass_by(CONFIRM_AFTER.total_seconds() / 2)
    rooms = reader.rooms(BUILDING, NOW)
    assert (rooms.addresses, rooms.is_complete, rooms.is_confirmed) == (
        frozenset(lie if isinstance(lie, list) else []),
        True,
        True,
    )


@LIES
def test_a_new_instance_does_not_know_the_rooms_that_are_missing(
    world: World, table: FakeTable, lie: list[str] | Exception
) -> None:
    """It knows by the row that there were more; those that are returned belong to the list all the same."""
    instance(world, table).rooms(BUILDING)
    world.rooms.by_list[BUILDING] = lie
    rooms = instance(world, table).rooms(BUILDING)
    assert (rooms.addresses, rooms.is_complete) == (frozenset(lie if isinstance(lie, list) else []), False)
    world.pass_by(CONFIRM_AFTER.total_seconds())
    assert instance(world, table).rooms(BUILDING).is_complete


def test_an_empty_list_is_unknown_on_the_first_instance_ever(world: World, table: FakeTable) -> None:
    """The time counts over restarts: it is in the row."""
    world.rooms.by_list[BUILDING] = []
    assert not instance(world, table).rooms(BUILDING).is_complete
    world.pass_by(CONFIRM_AFTER.total_seconds() - 1)
    assert not instance(world, table).rooms(BUILDING).is_complete
    world.pass_by(1)
    assert instance(world, table).rooms(BUILDING).is_complete
    assert instance(world, table).rooms(BUILDING).is_complete


def test_the_row_holds_a_number_and_no_address(world: World, table: FakeTable) -> None:
    """A list of thousands of rooms fits into it; it is written only when something changes."""
    instance(world, table).rooms(BUILDING)
    [(key, row)] = table.rows.items()
    assert key == ("directory", room_list_id_of(BUILDING))
    assert (row["count"], "contoso" in str(row)) == (20, False)
    etag = row.etag
    world.pass_by(KEEP.total_seconds())
    instance(world, table).rooms(BUILDING)
    assert table.rows[key].etag == etag


def test_a_confirmed_answer_is_kept_longer_than_an_unconfirmed(world: World, table: FakeTable) -> None:
    """So that a loss is confirmed, or found untrue, soon."""
    reader = instance(world, table)
    reader.rooms(BUILDING)
    world.pass_by(KEEP.total_seconds() - 1)
    reader.rooms(BUILDING)
    assert len(world.rooms.reads) == 1
    world.rooms.by_list[BUILDING] = []
    world.pass_by(1)
    for expected in (2, 2, 3):
        reader.rooms(BUILDING)
        assert len(world.rooms.reads) == expected
        world.pass_by(UNCONFIRMED_FOR.total_seconds() / 2)


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (GraphUnavailable(503, "x"), FAILED_FOR.total_seconds()),
        (GraphForbidden(403, "x"), FAILED_FOR.total_seconds()),
        (ServiceUnavailable("login"), FAILED_FOR.total_seconds()),
        (GraphUnavailable(429, "x", retry_after=5), FAILED_FOR.total_seconds()),
        (GraphUnavailable(429, "x", retry_after=600), 600.0),
        (GraphUnavailable(429, "x", retry_after=1e9), LONGEST_RETRY_AFTER.total_seconds()),
    ],
)
def test_a_failure_is_an_answer_for_some_time(
    world: World, table: FakeTable, failure: RelayError, seconds: float
) -> None:
    """Graph is not called again meanwhile, also for a caller who accepts no old answer."""
    world.rooms.by_list[BUILDING] = failure
    reader = instance(world, table)
    for _ in range(3):
        with pytest.raises(type(failure)):
            reader.rooms(BUILDING, NOW)
    world.pass_by(seconds - 1)
    with pytest.raises(type(failure)):
        reader.rooms(BUILDING)
    assert len(world.rooms.reads) == 1
    world.rooms.by_list[BUILDING] = list(ROOMS)
    world.pass_by(1)
    assert reader.rooms(BUILDING).addresses == frozenset(ROOMS)


def test_a_failure_keeps_the_rooms_and_is_returned(world: World, table: FakeTable) -> None:
    """It confirms nothing, and it ends no time that has begun."""
    reader = instance(world, table)
    reader.rooms(BUILDING)
    world.rooms.by_list[BUILDING] = []
    assert reader.rooms(BUILDING, NOW).failure is None
    failure: RelayError = GraphUnavailable(503, "x")
    world.rooms.by_list[BUILDING] = failure
    world.pass_by(60)
    rooms = reader.rooms(BUILDING, NOW)
    assert (rooms.failure, rooms.addresses) == (failure, frozenset(ROOMS))
    world.rooms.by_list[BUILDING] = []
    world.pass_by(CONFIRM_AFTER.total_seconds() - 60)
    assert (rooms := reader.rooms(BUILDING, NOW)).is_confirmed
    assert (rooms.failure, rooms.addresses) == (None, frozenset())


def test_rooms_that_nobody_could_read_for_a_week_are_unknown(world: World, table: FakeTable) -> None:
    """A room that left the list meanwhile would be allowed for as long as the process lives. A reading ends it."""
    reader = instance(world, table)
    reader.rooms(BUILDING)
    world.rooms.by_list[BUILDING] = GraphForbidden(403, "ErrorAccessDenied")
    world.pass_by(TRUSTED.total_seconds() - 1)
    assert reader.rooms(BUILDING).addresses == frozenset(ROOMS)
    world.pass_by(1)
    with pytest.raises(GraphForbidden):
        reader.rooms(BUILDING)
    world.rooms.by_list[BUILDING] = ROOMS[:19]
    world.pass_by(FAILED_FOR.total_seconds())
    assert reader.rooms(BUILDING).addresses == frozenset(ROOMS[:19])


def test_a_reading_that_cannot_be_recorded_confirms_nothing(world: World, table: FakeTable) -> None:
    """Its rooms belong to the list; whether others do is unknown. It is repeated soon."""
    reader = instance(world, table)
    table.failing = 1
    rooms = reader.rooms(BUILDING)
    assert (rooms.addresses, rooms.is_complete, rooms.is_confirmed) == (frozenset(ROOMS), False, False)
    assert "recorded" in rooms.warning
    world.pass_by(FAILED_FOR.total_seconds())
    assert reader.rooms(BUILDING).is_complete


def test_a_row_that_cannot_be_read_confirms_nothing(world: World, table: FakeTable) -> None:
    """A later version may have written it."""
    instance(world, table).rooms(BUILDING)
    table.rows["directory", room_list_id_of(BUILDING)]["since"] = "the day before yesterday"
    world.rooms.by_list[BUILDING] = []
    for _ in range(3):
        assert not instance(world, table).rooms(BUILDING).is_complete
        world.pass_by(CONFIRM_AFTER.total_seconds())


def test_a_row_that_is_lost_is_written_again_from_what_the_process_knows(world: World, table: FakeTable) -> None:
    """The first reading after it is not the first reading ever."""
    reader = instance(world, table)
    reader.rooms(BUILDING)
    table.rows.clear()
    world.rooms.by_list[BUILDING] = ROOMS[:10]
    rooms = reader.rooms(BUILDING, NOW)
    assert (rooms.addresses, rooms.is_confirmed) == (frozenset(ROOMS), False)
    assert len(table.rows) == 1


def test_an_answer_from_the_future_is_not_used(world: World, table: FakeTable) -> None:
    """The clock was set back: the answer would be kept for as long as it was ahead."""
    reader = instance(world, table)
    reader.rooms(BUILDING)
    world.pass_by(-3600)
    reader.rooms(BUILDING)
    assert len(world.rooms.reads) == 2


def test_instances_agree_by_the_row(world: World, table: FakeTable) -> None:
    """What another instance confirmed meanwhile is believed; a concurrent write is repeated."""
    first, second = instance(world, table), instance(world, table)
    first.rooms(BUILDING)
    second.rooms(BUILDING)
    world.rooms.by_list[BUILDING] = ROOMS[:10]
    calls: list[None] = []

    def interrupt() -> None:
        calls.append(None)
        if len(calls) == 2:  # between the second's reading of the row and its write
            first.rooms(BUILDING, NOW)

    second.rooms(BUILDING, NOW)
    world.pass_by(CONFIRM_AFTER.total_seconds())
    table.before = interrupt
    assert second.rooms(BUILDING, NOW).addresses == frozenset(ROOMS[:10])
    assert first.rooms(BUILDING).addresses == frozenset(ROOMS[:10])


def test_a_list_is_forgotten(world: World, table: FakeTable) -> None:
    """The next reading is the first."""
    reader = instance(world, table)
    reader.rooms(BUILDING)
    reader.forget(BUILDING.upper())
    assert table.rows == {}
    world.rooms.by_list[BUILDING] = ROOMS[:3]
    rooms = reader.rooms(BUILDING)
    assert (rooms.addresses, rooms.is_complete) == (frozenset(ROOMS[:3]), True)
    reader.forget("other@contoso.com")
