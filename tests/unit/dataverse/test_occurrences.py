"""Pairs and occurrences of a series are matched as two sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some

from shared.dataverse.occurrences import matched
from shared.dataverse.sides import Event
from shared.storage.pairs.pair import Pair
from tests.unit.dataverse.scene import HOUR, OWN, START

OSLO, WEEK = ZoneInfo("Europe/Oslo"), timedelta(weeks=1)


def occurrence(number: int, start: datetime | None = None, event_id: str = "") -> Event:
    """Return an occurrence of a weekly series."""
    start = start or START + number * WEEK
    return replace(
        OWN, id=event_id or f"date-{number}", kind="occurrence", series_id="series", start=start, end=start + HOUR,
        original_start=start,
    )  # fmt: skip


def pair(number: int, event: Event) -> Pair:
    """Return the pair of an occurrence."""
    return Pair(f"{number:032x}", "outlook", "paired", "here", "watch", event.id, series_id="series",
                original_start=event.original_start, start=event.start, end=event.end)  # fmt: skip


def names(pairs: list[Pair], events: list[Event]) -> tuple[dict[str, str], list[str], list[str]]:
    """Return the matches by id, and what is left over."""
    result = matched(pairs, events, OSLO)
    return (
        {each.id[-1]: event.id for each, event in result.matches},
        [each.id[-1] for each in result.pairs],
        [each.id for each in result.events],
    )


DATES = [occurrence(number) for number in range(4)]
PAIRS = [pair(number, date) for number, date in enumerate(DATES)]


def test_the_same_ids() -> None:
    """Nothing is left over, in any order."""
    assert names(PAIRS[::-1], DATES) == ({str(each): f"date-{each}" for each in range(4)}, [], [])


def test_a_series_that_moves_by_an_hour_gets_new_ids() -> None:
    """No id and no originalStart is the same: the day in the series' zone is."""
    moved = [occurrence(number, START + number * WEEK + HOUR, event_id=f"new-{number}") for number in range(4)]
    assert names(PAIRS, moved) == ({str(each): f"new-{each}" for each in range(4)}, [], [])


def test_a_series_that_moves_and_loses_a_date() -> None:
    """The days tell which pair is left over; the order would move every booking by a week."""
    moved = [occurrence(number, START + number * WEEK + HOUR, event_id=f"new-{number}") for number in (1, 2, 3)]
    assert names(PAIRS, moved) == ({str(each): f"new-{each}" for each in (1, 2, 3)}, ["0"], [])


def test_a_series_that_moves_to_another_day() -> None:
    """Then they are matched in order."""
    starts = [START + number * WEEK + timedelta(days=1) for number in range(4)]
    moved = [occurrence(number, start, f"new-{number}") for number, start in enumerate(starts)]
    assert names(PAIRS, moved) == ({str(each): f"new-{each}" for each in range(4)}, [], [])


def test_only_the_rest_is_created_or_canceled() -> None:
    """A date is cancelled, and the series becomes longer."""
    assert names(PAIRS, DATES[1:]) == ({"1": "date-1", "2": "date-2", "3": "date-3"}, ["0"], [])
    longer = [*DATES, occurrence(4)]
    assert names(PAIRS, longer)[1:] == ([], ["date-4"])
    assert names([], DATES)[2] == [f"date-{each}" for each in range(4)]
    assert names(PAIRS, []) == ({}, ["0", "1", "2", "3"], [])


def test_an_id_counts_more_than_a_start() -> None:
    """A date that was moved to another's day stays what it was."""
    moved = replace(DATES[0], start=DATES[1].start, kind="exception")
    assert names(PAIRS, [moved, *DATES[1:]])[0] == {str(each): f"date-{each}" for each in range(4)}


def test_the_start_of_an_exception_counts_more_than_its_day() -> None:
    """Its originalStart is that of the series."""
    exception = replace(occurrence(0), id="new-0", kind="exception")
    exception = replace(exception, start=START + timedelta(days=2), end=START + timedelta(days=2, hours=1))
    assert names(PAIRS[:2], [exception, occurrence(1, START + timedelta(days=2), event_id="new-1")])[0]["0"] == "new-0"


def test_a_day_is_that_of_the_series_zone() -> None:
    """23:30 and 00:30 in UTC are the same day in Oslo."""
    late = datetime(2026, 12, 3, 23, 30, tzinfo=UTC)
    old = [pair(0, occurrence(0, late)), pair(1, occurrence(1, late - timedelta(days=1)))]
    new = [occurrence(7, late + HOUR, event_id="b"), occurrence(8, late + HOUR - timedelta(days=1), event_id="a")]
    assert names(old, new)[0] == {"0": "b", "1": "a"}


def test_a_single_event_that_becomes_a_series() -> None:
    """Its pair follows the first date, and is not doubled."""
    single = replace(PAIRS[0], event_id="master", series_id="", original_start=None)
    assert names([single], DATES) == ({"0": "date-0"}, [], ["date-1", "date-2", "date-3"])


@given(
    some.lists(some.integers(0, 30), unique=True, max_size=8), some.lists(some.integers(0, 30), unique=True, max_size=8)
)
def test_each_pair_and_each_date_is_in_the_result_once(first: list[int], second: list[int]) -> None:
    """And one of the two is used up; the order of what is given does not matter."""
    pairs, events = [pair(each, occurrence(each)) for each in first], [occurrence(each) for each in second]
    result = matched(pairs, events, OSLO)
    assert sorted([each.id for each, _ in result.matches] + [each.id for each in result.pairs]) == sorted(
        each.id for each in pairs
    )
    assert sorted([event.id for _, event in result.matches] + [event.id for event in result.events]) == sorted(
        event.id for event in events
    )
    assert not (result.pairs and result.events)
    assert matched(pairs[::-1], events[::-1], OSLO) == result
    assert {each for each in first if each in second} == {
        int(each.id, 16) for each, event in result.matches if each.event_id == event.id
    }
