"""The account fails for everything that a run must not do."""

from dataclasses import replace
from typing import Any

from tests.chaos.accounting import Account, Collected, account

ROOM = "room1@contoso.com"
FIRST, SECOND, SERIES = (ROOM, "first"), (ROOM, "second"), (ROOM, "series")


def _event(event_id: str, title: str = "x", series: str | None = None) -> dict[str, Any]:
    return {"id": event_id, "seriesId": series, "title": title}


CALENDAR = {"first": _event("first"), "second": _event("second"), "s1": _event("s1", series="series")}
GOOD = Collected(
    accepted=frozenset({FIRST, SECOND, SERIES}), given_up=frozenset(), parked={},
    taken=frozenset({FIRST, SECOND, SERIES}),
    deleted_series=frozenset(), expected={ROOM: CALENDAR}, received={ROOM: CALENDAR},
    deliveries={"count": 5, "distinct": 4, "duplicates": 1, "violations": []},
)  # fmt: skip


def _calendars(**events: dict[str, Any] | None) -> dict[str, Any]:
    """Return calendars in which some events are others, or missing."""
    return {ROOM: {key: event for key, event in {**CALENDAR, **events}.items() if event is not None}}


def _adds_up(result: Account) -> bool:
    return len(result.delivered) + len(result.parked) + len(result.lost) == result.accepted


def test_a_good_run_adds_up() -> None:
    """Accepted is delivered, and nothing else is said."""
    result = account(GOOD)
    assert (result.accepted, len(result.delivered), result.differing, result.problems) == (3, 3, 0, [])
    assert _adds_up(result)


def test_an_old_state_is_a_lost_change() -> None:
    """The partner knows the event, but not its last state."""
    result = account(replace(GOOD, received=_calendars(first=_event("first", "old"))))
    assert result.lost == {FIRST}
    assert "lost: the partner does not know the last state of first" in result.problems[0]
    assert _adds_up(result)


def test_an_event_that_never_came_is_lost() -> None:
    """The partner does not have it."""
    assert account(replace(GOOD, received=_calendars(second=None))).lost == {SECOND}


def test_a_deletion_that_never_came_is_lost() -> None:
    """The partner still has what is gone."""
    result = account(replace(GOOD, expected=_calendars(second=None)))
    assert (result.lost, len(result.problems)) == ({SECOND}, 1)


def test_an_occurrence_that_never_came_is_a_lost_change_of_its_series() -> None:
    """Hints name the series, the partner knows occurrences."""
    result = account(replace(GOOD, received=_calendars(s1=None)))
    assert (result.lost, len(result.problems)) == ({SERIES}, 1)


def test_what_was_never_told_is_lost_even_if_nothing_differs() -> None:
    """Both sides know nothing of it, but a hint was accepted and nobody said a word."""
    quiet = replace(
        GOOD, taken=frozenset({FIRST, SERIES}), expected=_calendars(second=None), received=_calendars(second=None)
    )
    assert account(quiet).lost == {SECOND}


def test_a_parked_change_is_neither_lost_nor_delivered() -> None:
    """It counts as parked, its occurrences' rows too, and its difference is explained."""
    behind = replace(GOOD, received=_calendars(first=None, s1=None))
    result = account(replace(behind, parked={FIRST: "dead", (ROOM, "s1"): "waiting"}))
    assert (result.parked, result.lost, result.problems, result.differing) == ({FIRST, SERIES}, set(), [], 2)
    assert _adds_up(result)


def test_an_old_dead_letter_of_what_was_delivered_since_counts_for_nothing() -> None:
    """The partner knows the last state."""
    assert account(replace(GOOD, parked={FIRST: "dead"})).delivered == {FIRST, SECOND, SERIES}


def test_a_difference_that_nobody_hinted_at_is_a_problem() -> None:
    """The partner has what never was."""
    result = account(replace(GOOD, received=_calendars(ghost=_event("ghost"))))
    assert result.problems == [f"stray: ghost in {ROOM} differs, and nobody had hinted at it"]


def test_what_the_tenant_gave_up_is_told_apart() -> None:
    """It was not accepted for good: it is left to a resync, and shown as such."""
    result = account(replace(GOOD, given_up=frozenset({FIRST}), received=_calendars(first=None)))
    assert (result.accepted, result.healed_later, result.lost, result.problems) == (2, {FIRST}, set(), [])
    assert account(replace(GOOD, given_up=frozenset({FIRST}))).healed_later == set()


def test_duplicates_are_counted_and_are_no_failure() -> None:
    """At least once is the promise."""
    result = account(GOOD)
    assert (result.attempts, result.distinct, result.duplicates) == (5, 4, 1)


def test_a_broken_contract_is_a_failure() -> None:
    """Such as a webhook-id that says something else than before."""
    broken = [{"number": 1, "webhookId": "x", "violation": "data: not what this webhook-id said before"}]
    result = account(replace(GOOD, deliveries={**GOOD.deliveries, "violations": broken}))
    assert result.problems == ["not by the contract: data: not what this webhook-id said before"]


def test_a_series_that_went_before_it_was_told_owes_nothing() -> None:
    """The partner has no occurrence of it; one that it still has is a lost change, and so is a single event."""
    brief = replace(GOOD, accepted=frozenset({SERIES}), taken=frozenset(), expected={ROOM: {}}, received={ROOM: {}})
    assert account(replace(brief, deleted_series=frozenset({SERIES}))).problems == []
    assert account(brief).lost == {SERIES}
    kept = replace(brief, deleted_series=frozenset({SERIES}), received={ROOM: {"s1": CALENDAR["s1"]}})
    assert account(kept).lost == {SERIES}
