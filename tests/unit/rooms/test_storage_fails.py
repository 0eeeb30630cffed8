"""The list of rooms when storage fails."""

from __future__ import annotations

import pytest

from functions.rooms import list_rooms
from shared.rooms.directory import RoomDirectory
from shared.storage.rooms.readings import RoomReadings
from tests.support.graph_world import OTHER_ROOM
from tests.support.table import FakeTable
from tests.support.tenant_world import TenantWorld
from tests.unit.functions.conftest import call
from tests.unit.rooms.conftest import BUILDING, allow

pytestmark = pytest.mark.server


class FailingTable(FakeTable):
    """A table that fails after so many calls."""

    def __init__(self, working: int) -> None:
        super().__init__()
        self._left = working

    def _called(self) -> None:
        self._left -= 1
        self.failing = 1 if self._left < 0 else self.failing
        super()._called()


@pytest.mark.parametrize("working", range(6))
def test_storage_that_fails_does_not_keep_the_allow_list_from_its_rooms(world: TenantWorld, working: int) -> None:
    """Neither before nor after the reading."""
    world.control("POST", "/settings", {"roomLists": {BUILDING: [OTHER_ROOM]}})
    allow(world, f"roomlist:{BUILDING}")
    table = FailingTable(working)
    directory = RoomDirectory(
        world.allow_list, world.permission, world.rooms, RoomReadings(lambda: table), world.now
    )  # fmt: skip
    assert list(directory.of_list(BUILDING)) == [OTHER_ROOM]


def test_storage_that_fails_is_said(world: TenantWorld) -> None:
    """Nothing is listed then."""
    world.rows.failing = 100
    assert call(list_rooms, method="GET").status_code == 503
