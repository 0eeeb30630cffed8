"""The scenarios of both directions: who wins, what is put back, what is left to a person, and that nothing doubles."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.support.booking_edits import exchange, is_in_step, live, live_rows, rows
from tests.support.dataverse_world import KARI, OLA
from tests.support.event_edits import add_event, booking_ids, change_event, event_times, hint, move_event
from tests.support.pair_edits import drag, end_booking, on_event, reassign, remove_event, set_status, tick
from tests.support.pairs_world import PairsWorld

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]
GUEST = "guest@fabrikam.com"
LATER = 600  # seconds, after which lists have caught up


def only_event(world: PairsWorld) -> str:
    """Return the id of the only event."""
    (event,) = world.calendar()
    return str(event["id"])


@pytest.mark.parametrize("born", ["dataverse", "outlook"])
def test_scenario_8_both_moved_within_the_same_minute(world: PairsWorld, born: str) -> None:
    """The side of birth wins, with one write; both are equal at rest."""
    if born == "dataverse":
        world.dataverse.book(hours=30)
    else:
        add_event(world, 30)
    exchange(world)
    world.forget_calls()
    drag(world, 60)
    world.move(booking_ids(world)[0], 90)
    expected = live(world) if born == "dataverse" else event_times(world)
    exchange(world)
    assert live(world) == event_times(world) == expected
    assert len(world.to_graph.writes + world.to_dynamics.writes) == 1


@pytest.mark.parametrize("how", ["canceled", "inactive", "deleted"])
def test_scenario_12_a_booking_that_ends_leaves_the_persons_event(world: PairsWorld, how: str) -> None:
    """The event stays as it is, and gets no new booking, whatever is told of it, also at night."""
    event = add_event(world, 30)
    exchange(world)
    before = event_times(world)
    end_booking(world, booking_ids(world)[0], how)
    world.forget_calls()
    exchange(world)
    hint(world, event)
    world.event_changes.run()
    world.empty_queue()
    assert (live(world), event_times(world)) == ([], before)
    assert world.to_graph.writes + world.to_dynamics.writes == []


def test_scenario_12_an_event_that_is_deleted_cancels_its_booking_once(world: PairsWorld) -> None:
    """The row is still there, canceled, and nothing makes an event of it."""
    add_event(world, 30)
    exchange(world)
    remove_event(world)
    exchange(world)
    world.event_changes.run()
    world.empty_queue()
    assert (len(rows(world)), live(world), event_times(world)) == (1, [], [])


def test_scenario_16_a_copy_has_a_booking_of_its_own(world: PairsWorld) -> None:
    """The first stays untouched; when the first is deleted, the copy's booking stays."""
    world.dataverse.book(hours=30)
    exchange(world)
    event, (first,) = only_event(world), live(world)
    on_event(world, OLA, event, "copy", {"start": "2026-12-20T10:00:00Z", "end": "2026-12-20T11:00:00Z"})
    exchange(world)
    assert first in live(world)
    assert is_in_step(world)
    assert len(live(world)) == 2
    on_event(world, OLA, event, "softDelete")
    tick(world, LATER)
    exchange(world)
    assert is_in_step(world)
    assert [each[0] for each in live(world)] == ["2026-12-20T10:00"]


@pytest.mark.parametrize("edit", ["move", "reassign", "cancel"])
def test_scenario_18_an_others_meeting_is_never_written(world: PairsWorld, edit: str) -> None:
    """A move on the board is put back, and so is another resource; a cancellation stays. Nothing is mailed."""
    add_event(world, 30, organizer=GUEST, attendees=[OLA])
    exchange(world)
    before, (booking,) = event_times(world), booking_ids(world)
    world.forget_calls()
    if edit == "move":
        world.move(booking, 90)
    elif edit == "reassign":
        reassign(world, booking, KARI)
    else:
        end_booking(world, booking, "canceled")
    exchange(world)
    assert (world.to_graph.writes, event_times(world)) == ([], before)
    assert live(world) == ([] if edit == "cancel" else before)
    assert live(world, KARI) == []


def test_scenario_19_without_webhooks_both_sides_are_equal_within_six_minutes(world: PairsWorld) -> None:
    """The timer finds what the board did, Graph's notification what persons did; none of Dataverse is needed."""
    world.dataverse.control("POST", "/hooks", {"off": True})
    began = world.now()
    for hours in (30, 40, 50):
        world.dataverse.book(hours=hours)
        add_event(world, hours + 2)
    world.hint_events(OLA)
    tick(world, 300)  # the timer's interval
    world.follow_on()
    assert is_in_step(world)
    assert len(live(world)) == 6
    assert (world.now() - began).total_seconds() <= 360


def test_scenario_20_a_token_that_has_expired_makes_no_second_booking(world: PairsWorld) -> None:
    """All rows are read again: neither those that persons' events led to nor the others have a second half."""
    world.dataverse.book(hours=30)
    event = add_event(world, 40)
    exchange(world)
    tick(world, 31 * 24 * 3_600)
    world.forget_calls()
    moved = add_event(world, 50)
    hint(world, event, moved)
    exchange(world)
    assert [row["statecode"] for row in live_rows(world)] == [0, 0, 0]
    assert [method for method, _ in world.to_dynamics.writes] == ["PATCH"]
    assert world.to_graph.writes == []


def test_scenario_22_no_call_for_as_long_as_dataverse_says(world: PairsWorld) -> None:
    """Events that become bookings wait for a minute, and all are made then."""
    match = "/api/data/v9.2/bookableresourcebookings"
    world.dataverse.control(
        "POST", "/faults", {"match": match, "status": 429, "headers": {"Retry-After": "60"}, "times": 1}
    )
    for hours in (30, 34, 38):
        add_event(world, hours)
    world.hint_events(OLA)
    world.pair_settling.process(world.queue.take()[1])
    refused_at, moments = world.now(), list[datetime]()
    world.to_dynamics.on_call = lambda _: moments.append(world.now())
    world.empty_queue()
    assert min(moments) - refused_at > timedelta(seconds=58)
    assert is_in_step(world)
    assert len(live(world)) == 3


@pytest.mark.parametrize("is_moved", [False, True], ids=["unmoved", "moved"])
def test_scenario_27_a_series_takes_its_bookings_along(world: PairsWorld, is_moved: bool) -> None:  # noqa: FBT001
    """It moves by an hour, its dates have new ids; one of them was moved before. None is made or canceled."""
    series = add_event(world, 30, rrule="FREQ=DAILY;COUNT=5")
    exchange(world)
    before = set(booking_ids(world))
    if is_moved:
        dates = sorted(world.calendar(), key=lambda each: str(each["start"]["dateTime"]))
        move_event(world, dates[2]["id"], 30 + 2 * 24 + 4)
        exchange(world)
    move_event(world, series, 31)
    exchange(world)
    assert is_in_step(world)
    assert (len(live(world)), set(booking_ids(world))) == (5, before)


def test_scenario_29_a_persons_booking_that_is_given_away_is_put_back(world: PairsWorld) -> None:
    """Her own event stays hers; the other calendar gets none."""
    event = add_event(world, 30)
    exchange(world)
    before = world.calendar()
    world.forget_calls()
    reassign(world, booking_ids(world)[0], KARI)
    exchange(world)
    assert is_in_step(world)
    assert (only_event(world), world.calendar()) == (event, before)
    assert (live(world, KARI), world.times(KARI)) == ([], [])
    assert (len(world.to_dynamics.writes), world.to_graph.writes) == (1, [])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_scenario_32_the_optimizer_plans_sixty_of_eighty_beside_a_persons_event(world: PairsWorld) -> None:
    """Eighty right events, no hold; a simulation leaves nothing; the person's event stays."""
    for number in range(40):
        for mailbox in (OLA, KARI):
            world.dataverse.book(hours=100 + 2 * number, resource=mailbox)
    world.follow_on()
    for is_simulation in (True, False):
        world.dataverse.control("POST", "/optimizer", {"share": 0.75, "simulation": is_simulation})
        world.follow_on()
    event = add_event(world, 400)
    hint(world, event)
    assert sum(len(event_times(world, mailbox)) for mailbox in (OLA, KARI)) == 81
    assert event_times(world, KARI) == board_times(world, KARI)
    assert event_times(world) == board_times(world)
    resources = [world.dataverse.id_of(f"resource:{mailbox}") for mailbox in (OLA, KARI)]
    assert [world.resource_states.of(each).state for each in resources] == ["followed", "followed"]


def board_times(world: PairsWorld, mailbox: str = OLA) -> list[tuple[str, str]]:
    """Return start and end of the live bookings of a resource that are not a simulation's."""
    simulated = world.dataverse.id_of("status:Simulation")
    found = (row for row in live_rows(world, mailbox) if row["_bookingstatus_value"] != simulated)
    return sorted((row["starttime"][:16], row["endtime"][:16]) for row in found)


@pytest.mark.parametrize("status", ["Traveling", "In Progress"])
def test_scenario_17_an_event_that_is_dragged_at_work_is_put_back(world: PairsWorld, status: str) -> None:
    """The booking of a visit that has begun is not moved by a calendar."""
    world.dataverse.book(hours=1)
    exchange(world)
    set_status(world, booking_ids(world)[0], status)
    world.dataverse.control("POST", "/background/flush")
    exchange(world)
    before = live(world)
    drag(world, 90)
    world.forget_calls()
    exchange(world)
    assert live(world) == event_times(world) == before
    assert world.to_dynamics.writes == []


def test_scenario_5_only_busy_events_become_bookings(world: PairsWorld) -> None:
    """One each; a private one is called so, and one that is free becomes none until it is busy."""
    private = add_event(world, 30, sensitivity="private")
    free = add_event(world, 40, showAs="free")
    exchange(world)
    assert [row["name"] for row in live_rows(world)] == ["Private"]
    change_event(world, free, showAs="busy")
    exchange(world)
    assert [row["name"] for row in live_rows(world)] == ["Private", "Busy"]
    assert {each["id"] for each in world.calendar()} == {private, free}
