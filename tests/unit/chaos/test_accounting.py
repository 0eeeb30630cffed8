"""The account reports everything that a chaos run must not do."""

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
    deleted=frozenset(), expected={ROOM: CALENDAR}, received={ROOM: CALENDAR},
    deliveries={"count": 5, "distinct": 4, "duplicates": 1, "violations": []},
)  # fmt: skip


def _calendars(**events: dict[str, Any] | None) -> dict[str, Any]:
    """Return the calendars with some events replaced, or removed by None."""
    return {ROOM: {key: event for key, event in {**CALENDAR, **events}.items() if event is not None}}


def _adds_up(result: Account) -> bool:
    return len(result.delivered) + len(result.parked) + len(result.lost) == result.accepted


def test_a_good_run_adds_up() -> None:
    """Every accepted change is delivered, and no problem is reported."""
    result = account(GOOD)
    assert (result.accepted, len(result.delivered), result.differing, result.problems) == (3, 3, 0, [])
    assert _adds_up(result)


def test_an_old_state_is_a_lost_change() -> None:
    """The partner has the event, but not its last state."""
    result = account(replace(GOOD, received=_calendars(first=_event("first", "old"))))
    assert result.lost == {FIRST}
    assert "lost: the partner does not know the last state of first" in result.problems[0]
    assert _adds_up(result)


def test_an_event_that_was_not_delivered_is_lost() -> None:
    """The partner does not have the event."""
    assert account(replace(GOOD, received=_calendars(second=None))).lost == {SECOND}


def test_a_deletion_that_was_not_delivered_is_lost() -> None:
    """The partner still has the deleted event."""
    result = account(replace(GOOD, expected=_calendars(second=None)))
    assert (result.lost, len(result.problems)) == ({SECOND}, 1)


def test_a_missing_occurrence_is_a_lost_change_of_its_series() -> None:
    """Notifications name the series; the partner has occurrences."""
    result = account(replace(GOOD, received=_calendars(s1=None)))
    assert (result.lost, len(result.problems)) == ({SERIES}, 1)


def test_an_accepted_change_without_a_delivery_is_lost_even_if_nothing_differs() -> None:
    """Neither side has the event, but a notification was accepted and nothing was delivered."""
    quiet = replace(
        GOOD, taken=frozenset({FIRST, SERIES}), expected=_calendars(second=None), received=_calendars(second=None)
    )
    assert account(quiet).lost == {SECOND}


def test_a_parked_change_is_neither_lost_nor_delivered() -> None:
    """It counts as parked, as do the rows of its occurrences, and its difference is no problem."""
    behind = replace(GOOD, received=_calendars(first=None, s1=None))
    result = account(replace(behind, parked={FIRST: "dead", (ROOM, "s1"): "waiting"}))
    assert (result.parked, result.lost, result.problems, result.differing) == ({FIRST, SERIES}, set(), [], 2)
    assert _adds_up(result)


def test_a_dead_letter_of_a_change_delivered_later_does_not_count() -> None:
    """The partner has the last state."""
    assert account(replace(GOOD, parked={FIRST: "dead"})).delivered == {FIRST, SECOND, SERIES}


def test_a_difference_without_a_notification_is_a_problem() -> None:
    """The partner has an event that never existed."""
    result = account(replace(GOOD, received=_calendars(ghost=_event("ghost"))))
    assert result.problems == [f"stray: ghost in {ROOM} differs, and nobody had hinted at it"]


def test_a_notification_that_the_tenant_gave_up_is_counted_apart() -> None:
    """It was not accepted; a later resync delivers the change."""
    result = account(replace(GOOD, given_up=frozenset({FIRST}), received=_calendars(first=None)))
    assert (result.accepted, result.healed_later, result.lost, result.problems) == (2, {FIRST}, set(), [])
    assert account(replace(GOOD, given_up=frozenset({FIRST}))).healed_later == set()


def test_duplicates_are_counted_and_are_no_failure() -> None:
    """Delivery is at least once."""
    result = account(GOOD)
    assert (result.attempts, result.distinct, result.duplicates) == (5, 4, 1)


def test_a_broken_contract_is_a_failure() -> None:
    """An example is a webhook-id that is used again with other content."""
    broken = [{"number": 1, "webhookId": "x", "violation": "data: not what this webhook-id said before"}]
    result = account(replace(GOOD, deliveries={**GOOD.deliveries, "violations": broken}))
    assert result.problems == ["not by the contract: data: not what this webhook-id said before"]


def test_what_is_deleted_before_its_delivery_is_not_lost() -> None:
    """The partner has nothing of it; if it has, or if nobody deleted it, the change is lost."""
    brief = replace(GOOD, accepted=frozenset({SERIES}), taken=frozenset(), expected={ROOM: {}}, received={ROOM: {}})
    assert account(replace(brief, deleted=frozenset({SERIES}))).problems == []
    assert account(brief).lost == {SERIES}
    kept = replace(brief, deleted=frozenset({SERIES}), received={ROOM: {"s1": CALENDAR["s1"]}})
    assert account(kept).lost == {SERIES}
