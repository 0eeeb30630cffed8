"""Claims about series: each date in the window has one booking, which follows its date whatever id it gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.dataverse_world import OLA
from tests.support.event_edits import (
    add_event,
    booking_ids,
    bookings,
    change_event,
    delete_event,
    event_times,
    hint,
    live_times,
    move_event,
)
from tests.support.pair_edits import on_event, tick
from tests.support.pairs_world import PairsWorld, pairs_world

pytestmark = pytest.mark.server
WEEKLY = "FREQ=WEEKLY;COUNT=4"
OSLO = "W. Europe Standard Time"


def dates(world: PairsWorld) -> list[str]:
    """Return the ids of a calendar's events, by their starts."""
    return [each["id"] for each in sorted(world.calendar(), key=lambda each: str(each["start"]["dateTime"]))]


def is_in_step(world: PairsWorld) -> bool:
    """Return whether each event that is shown has one live booking of its times, and no booking is without one."""
    return live_times(world) == event_times(world) != []


@pytest.fixture
def series(world: PairsWorld) -> str:
    """Return the id of a weekly series of four dates, each with a booking."""
    master = add_event(world, rrule=WEEKLY)
    hint(world, master)
    assert is_in_step(world)
    assert len(bookings(world)) == 4
    return master


def test_each_date_has_a_booking_however_often_it_is_notified(world: PairsWorld, series: str) -> None:
    """Of the master and of each date."""
    world.forget_calls()
    for _ in range(2):
        hint(world, series, *dates(world))
    assert is_in_step(world)
    assert world.to_dynamics.writes == []


@pytest.mark.parametrize("hours", [25, 23, 48, 24 - 24 * 7, 24 + 24 * 7], ids=["later", "earlier", "day", "back", "on"])
@pytest.mark.parametrize("is_notified", [True, False], ids=["notified", "compared"])
def test_a_series_that_moves_takes_its_bookings_along(
    world: PairsWorld,
    series: str,
    hours: float,
    is_notified: bool,  # noqa: FBT001
) -> None:
    """Its dates have new ids: no booking is made or canceled."""
    before = set(booking_ids(world))
    move_event(world, series, hours)
    if is_notified:
        hint(world, series)
    else:
        world.event_changes.run()
        world.empty_queue()
    assert is_in_step(world)
    assert set(booking_ids(world)) == before


def test_old_dates_that_are_notified_first_cancel_nothing(world: PairsWorld, series: str) -> None:
    """Each is gone by its id; the pair goes on to the date that took its place."""
    old = dates(world)
    move_event(world, series, 26)
    hint(world, *old)
    hint(world, *dates(world))
    assert is_in_step(world)
    assert len(bookings(world)) == 4


def test_a_booking_that_changes_after_its_series_moved_is_not_canceled(world: PairsWorld, series: str) -> None:
    """Dataverse's change is read first, while the event's id is void already."""
    move_event(world, series, 26)
    for booking in booking_ids(world):
        world.change(booking, msdyn_estimatedtravelduration=5)
    world.follow_on()
    hint(world, series)
    assert is_in_step(world)
    assert len(bookings(world)) == 4


def test_a_date_moves_and_another_is_deleted(world: PairsWorld, series: str) -> None:
    """Only theirs change."""
    first, second, *_ = dates(world)
    move_event(world, first, 30)
    delete_event(world, second)
    hint(world, series)
    assert is_in_step(world)
    assert (len(bookings(world)), len(live_times(world))) == (4, 3)


def test_a_deleted_series_cancels_its_bookings(world: PairsWorld, series: str) -> None:
    """All four; the notification names the master alone."""
    delete_event(world, series)
    hint(world, series)
    assert (len(bookings(world)), live_times(world)) == (4, [])


@pytest.mark.parametrize(
    ("rule", "total"),
    [("FREQ=WEEKLY;COUNT=2", 4), ("FREQ=WEEKLY;COUNT=6", 6), ("FREQ=DAILY;COUNT=4", 4)],
    ids=["shorter", "longer", "daily"],
)
def test_another_pattern_makes_and_cancels_only_the_difference(
    world: PairsWorld, series: str, rule: str, total: int
) -> None:
    """The others go on."""
    change_event(world, series, rrule=rule)
    hint(world, series)
    assert is_in_step(world)
    assert len(bookings(world)) == total


def test_a_single_event_becomes_a_series(world: PairsWorld) -> None:
    """Its booking is that of the date of the same day; the other dates get their own."""
    event = add_event(world)
    hint(world, event)
    booking = booking_ids(world)[0]
    change_event(world, event, rrule=WEEKLY)
    hint(world, event)
    assert is_in_step(world)
    assert len(bookings(world)) == 4
    assert booking in set(booking_ids(world))


def test_a_series_becomes_a_single_event(world: PairsWorld, series: str) -> None:
    """One booking stays live."""
    change_event(world, series, rrule=None)
    hint(world, series)
    assert is_in_step(world)
    assert (len(bookings(world)), len(live_times(world))) == (4, 1)
    move_event(world, series, 40)
    hint(world, series)
    assert is_in_step(world)
    assert len(bookings(world)) == 4


def test_a_series_in_another_zone_keeps_its_hour_as_clocks_change(world: PairsWorld) -> None:
    """Nine in Oslo is another hour in UTC after the change."""
    body: dict[str, Any] = {
        "timeZone": "W. Europe Standard Time",
        "start": "2027-03-24T09:00:00",
        "end": "2027-03-24T10:00:00",
    }
    master = add_event(world, rrule=WEEKLY, **body)
    hint(world, master)
    assert [start[11:] for start, _ in live_times(world)] == ["08:00", "07:00", "07:00", "07:00"]
    before = set(booking_ids(world))
    change_event(world, master, **{**body, "start": "2027-03-24T11:00:00", "end": "2027-03-24T12:00:00"})
    hint(world, master)
    assert [start[11:] for start, _ in live_times(world)] == ["10:00", "09:00", "09:00", "09:00"]
    assert set(booking_ids(world)) == before


def test_a_series_in_deleted_items_cancels_its_bookings_until_it_is_restored(world: PairsWorld, series: str) -> None:
    """It answers to its id all the time; restored, its dates have other ids, and their bookings are the same."""
    before = booking_ids(world)
    on_event(world, OLA, series, "softDelete")
    tick(world, 300)
    hint(world, series)
    assert live_times(world) == []
    on_event(world, OLA, series, "restore")
    tick(world, 300)
    hint(world, series)
    assert is_in_step(world)
    assert booking_ids(world) == before


def test_a_date_that_is_free_for_a_while_has_its_booking_again(world: PairsWorld, series: str) -> None:
    """Canceled, and committed again."""
    date = dates(world)[1]
    change_event(world, date, showAs="free")
    hint(world, date)
    assert len(live_times(world)) == 3
    change_event(world, date, showAs="busy")
    hint(world, date)
    assert is_in_step(world)
    assert len(bookings(world)) == 4


def test_a_booking_that_is_moved_past_the_next_date_is_put_back(world: PairsWorld, series: str) -> None:
    """Graph refuses it (ErrorOccurrenceCrossingBoundary); the event stays where it is."""
    before = event_times(world)
    world.move(booking_ids(world)[0], 24 + 24 * 8)
    world.follow_on()
    assert event_times(world) == before
    assert is_in_step(world)


def test_a_deleted_date_of_an_endless_series_is_canceled_in_its_place(certificates: Path) -> None:
    """Another date has entered the window meanwhile: it gets a booking of its own."""
    settings = {"DATAVERSE_DIRECTION": "both", "WINDOW_FUTURE_DAYS": "20"}
    with pairs_world(certificates, settings) as world:
        world.begin_to_follow()
        master = add_event(world, rrule="FREQ=DAILY")
        hint(world, master)
        before = len(bookings(world))
        tick(world, 36 * 3600)
        deleted = sorted(world.calendar(), key=lambda each: str(each["start"]["dateTime"]))[5]
        delete_event(world, deleted["id"])
        hint(world, master)
        gone = [each[1] for each in bookings(world) if each[3] != "Committed"]
        assert gone == [deleted["start"]["dateTime"][:16]]
        assert len(bookings(world)) > before


@pytest.mark.parametrize("days", [61, 63, 260], ids=["two-months", "nine-weeks", "past-the-window"])
def test_a_series_that_moves_far_takes_its_bookings_along(world: PairsWorld, series: str, days: int) -> None:
    """The window decides only what is made."""
    before, starts = set(booking_ids(world)), [datetime.fromisoformat(start) for start, _ in live_times(world)]
    start = starts[0] + timedelta(days=days)
    change_event(world, series, start=f"{start.isoformat()}Z", end=f"{(start + timedelta(hours=1)).isoformat()}Z")
    hint(world, series)
    moved = [datetime.fromisoformat(start) - timedelta(days=days) for start, _ in live_times(world)]
    assert (moved, set(booking_ids(world))) == (starts, before)
