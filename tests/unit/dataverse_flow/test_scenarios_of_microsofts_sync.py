"""The scenarios of Microsoft's own sync: of a work order's booking, its event or the relay's stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.storage.watches import watch_id_of
from tests.support.dataverse_world import KARI, OLA
from tests.support.pair_edits import linked, shown, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]
SYNCED = [{"mailbox": OLA, "serverSideSync": True}, {"mailbox": KARI, "serverSideSync": True}]
LATER = 600  # seconds, after which lists have caught up
DAY = 24 * 3600


def microsofts(world: PairsWorld) -> list[str]:
    """Return the ids of the events of Microsoft's own sync."""
    return [each["id"] for each in world.calendar() if each["categories"]]


def synchronize(world: PairsWorld) -> None:
    """Let Microsoft's own sync make and change its events, and tell of them."""
    world.dataverse.control("POST", "/outlook-sync/run")
    tick(world, LATER)
    world.notify()
    world.follow_on()


def compare(world: PairsWorld) -> None:
    """Let the night's comparison tell of what nobody notified. The timer, which runs before, reads Dataverse alone."""
    tick(world, LATER)
    world.follow_on()
    world.event_changes.run()
    world.empty_queue()


@pytest.mark.parametrize("signal", [synchronize, compare])
@pytest.mark.parametrize("order", ["relay first", "Microsoft first", "Microsoft before the start"])
def test_scenario_23_a_booking_has_a_single_event_of_either_sync(
    certificates: Path, order: str, signal: Callable[[PairsWorld], None]
) -> None:
    """Whoever comes first, Microsoft's event stays, ours goes, and no booking is made for it; also unnotified."""
    with pairs_world(certificates, resources=SYNCED) as world:
        if order != "Microsoft before the start":
            world.begin_to_follow()
        linked(world)
        if order == "relay first":
            world.follow_on()
            assert len(world.calendar()) == 1
        world.dataverse.control("POST", "/outlook-sync/run")
        if order == "Microsoft before the start":
            world.begin_to_follow()
        signal(world)
        assert (len(microsofts(world)), len(world.calendar())) == (1, 1)
        row = world.pair_index.find(watch_id_of(OLA), microsofts(world)[0])
        assert row is not None
        assert row.kind == "microsoft"
        assert (len(world.dataverse.control("GET", "/rows/bookableresourcebookings")["value"])) == 1
        assert world.to_dynamics.writes == []


def test_scenario_23_beyond_two_weeks_the_event_is_ours_until_theirs_appears(certificates: Path) -> None:
    """Microsoft's sync covers two weeks; the relay hands over when it has come so far."""
    with pairs_world(certificates, resources=SYNCED) as world:
        world.begin_to_follow()
        linked(world, hours=24)
        synchronize(world)
        far = linked(world, hours=20 * 24, name="Far")
        world.follow_on()
        synchronize(world)
        assert [each[0] for each in world.times() if each[0] == "Far"] == ["Far"]
        assert shown(world, far) in world.times()
        for _ in range(8):
            tick(world, DAY)
            world.follow_on()
        synchronize(world)
        world.event_changes.run()
        world.empty_queue()
        assert [bool(each["categories"]) for each in world.calendar() if each["subject"] == "Far"] == [True]


@pytest.mark.parametrize(("setting", "events"), [("ours", 2), ("theirs", 1)])
def test_scenario_23_it_can_decide(certificates: Path, setting: str, events: int) -> None:
    """DATAVERSE_WORK_ORDERS: both stay, which the log tells; or the relay makes none for any work order."""
    with pairs_world(certificates, {"DATAVERSE_WORK_ORDERS": setting}, resources=SYNCED) as world:
        world.begin_to_follow()
        booking = linked(world)
        plain = world.dataverse.book(hours=48, name="Course")
        world.follow_on()
        assert len(world.calendar()) == events
        synchronize(world)
        assert (len(microsofts(world)), len(world.calendar())) == (1, events + 1)
        assert shown(world, plain) in world.times()
        assert shown(world, booking) in world.times()


@pytest.mark.parametrize("fault", ["calendar", "mailbox"])
def test_what_microsofts_sync_does_decides_nothing_while_it_is_unreadable(certificates: Path, fault: str) -> None:
    """No second event is made, and none removed, until the view and the row of the mailbox can be read."""
    with pairs_world(certificates, resources=SYNCED) as world:
        world.begin_to_follow()
        linked(world)
        synchronize(world)
        booking = linked(world, hours=50, name="Second")
        world.dataverse.control("POST", "/outlook-sync/run")
        tick(world, LATER)
        match = "GET /v1.0/users/.*/calendarView" if fault == "calendar" else "GET /api/data/v9.2/mailboxes"
        wanted = {"match": match, "status": 503, "times": 4}
        if fault == "calendar":
            world.tenant_fault(wanted)
        else:
            world.dataverse.control("POST", "/faults", wanted)
        world.forget_calls()
        world.follow_on()
        assert world.to_graph.writes == []
        assert [each for each in world.times() if each[0] == "Second"] == [shown(world, booking)]


def test_scenario_33_the_tag_is_taken_off_everywhere(certificates: Path) -> None:
    """One setting of the organization does that: no booking follows, and no second event."""
    with pairs_world(certificates, resources=SYNCED) as world:
        world.begin_to_follow()
        for number in range(3):
            linked(world, hours=24 + 5 * number)
        synchronize(world)
        before = {each["id"] for each in world.calendar()}
        world.dataverse.control("POST", "/outlook-sync/untag")
        tick(world, LATER)
        world.notify()
        world.event_changes.run()
        world.empty_queue()
        drag_first(world)
        world.notify()
        rows = world.dataverse.control("GET", "/rows/bookableresourcebookings")["value"]
        assert (len(rows), world.to_dynamics.writes) == (3, [])
        assert {each["id"] for each in world.calendar()} == before


def drag_first(world: PairsWorld) -> None:
    """Let a person rename one of the events."""
    event = world.calendar()[0]
    url = f"{world.dataverse.graph_url}/_control/calendars/{OLA}/events/{event['id']}"
    assert world.dataverse.session.patch(url, json={"subject": "Mine"}, timeout=60).ok
