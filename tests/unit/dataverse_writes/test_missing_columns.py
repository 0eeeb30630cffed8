"""Claims about organizations whose bookings lack columns of solutions that are not installed: no visit is canceled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.booking_edits import exchange, is_in_step, live
from tests.support.dataverse_world import BOOKINGS, KARI, OLA
from tests.support.event_edits import add_event, delete_event, hint, move_event
from tests.support.pair_edits import linked, remove_event, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
ADDED = ("msdyn_workorder", "msdyn_resourcerequirement", "msdyn_projectid", "msdyn_cascadecrewchanges")


@contextmanager
def without(folder: Path, *columns: str) -> Iterator[PairsWorld]:
    """Serve a relay that writes both sides of an organization without some columns."""
    seed = {"resources": [{"mailbox": OLA}, {"mailbox": KARI}], "missingColumns": columns}
    with pairs_world(folder, {"DATAVERSE_DIRECTION": "both"}, **seed) as world:
        yield world.begin_to_follow()


@pytest.mark.parametrize("missing", ADDED[1:])
def test_a_visit_stays_whichever_other_column_is_missing(certificates: Path, missing: str) -> None:
    """Its event is deleted, and comes back."""
    with without(certificates, missing) as world:
        linked(world, hours=30)
        exchange(world)
        remove_event(world)
        exchange(world)
        assert is_in_step(world)
        assert len(live(world)) == 1


def test_an_organization_without_any_is_written_as_well(certificates: Path) -> None:
    """Its bookings have fewer columns."""
    with without(certificates, *ADDED) as world:
        event = add_event(world, 30)
        hint(world, event)
        move_event(world, event, 40)
        hint(world, event)
        assert is_in_step(world)


def test_columns_that_are_added_later_are_read(certificates: Path) -> None:
    """Field Service is installed while the relay runs."""
    with without(certificates) as world:
        columns = world.dataverse.organization.tables["bookableresourcebooking"].columns
        later = {name: columns.pop(name) for name in ADDED}
        world.dataverse.book(hours=30)
        exchange(world)
        columns |= later
        tick(world, 301)
        linked(world, hours=50)
        exchange(world)
        for event in world.calendar():
            delete_event(world, event["id"])
        exchange(world)
        assert is_in_step(world)
        assert len(live(world)) == 1


@pytest.mark.parametrize("code", [None, "0x80040265"], ids=["no-code", "a-plugin"])
def test_another_refusal_of_a_reading_says_nothing_of_columns(certificates: Path, code: str | None) -> None:
    """A proxy's answer, for a while: the visit stays."""
    with without(certificates) as world:
        linked(world, hours=30)
        exchange(world)
        remove_event(world)
        body = {"error": {"code": code, "message": "no"}} if code else {}
        fault = {"match": rf"GET .*{BOOKINGS}\(", "status": 400, "body": body, "times": 1}
        world.dataverse.control("POST", "/faults", fault)
        exchange(world)
        assert is_in_step(world)
        assert len(live(world)) == 1
