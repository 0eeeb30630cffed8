"""How long a mailbox is not read after Graph's Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import GraphForbidden, GraphQuotaExceeded, GraphUnavailable
from shared.reliability.mailbox_holds import REMEMBERED, MailboxHolds

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ROOM, OTHER = "room1@contoso.com", "room2@contoso.com"


def held(seconds: float | None, *, status: int = 429) -> MailboxHolds:
    """Return holds after Graph asked for a wait for the room."""
    holds = MailboxHolds()
    holds.note(ROOM, GraphUnavailable(status, "x", retry_after=seconds), NOW)
    return holds


def after(seconds: float) -> datetime:
    """Return a later moment."""
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [429, 503])
def test_a_mailbox_is_held_until_retry_after_has_passed(status: int) -> None:
    """Another mailbox is not held."""
    holds = held(100, status=status)
    assert [holds.seconds_left(ROOM, after(seconds)) for seconds in (0, 40, 100, 200)] == [100, 60, 0, 0]
    assert holds.seconds_left(OTHER, NOW) == 0
    with pytest.raises(GraphUnavailable) as caught:
        holds.check(ROOM, after(40))
    assert (caught.value.status, caught.value.retry_after) == (429, 60)
    holds.check(ROOM, after(100))
    holds.check(OTHER, NOW)


@pytest.mark.parametrize(
    "error",
    [GraphUnavailable(503, "x"), GraphUnavailable(429, "x", retry_after=0), GraphForbidden(403, "x", "", 50),
     GraphQuotaExceeded(429, "x", "", 1e9), ValueError("x")],
)  # fmt: skip
def test_another_error_is_no_hold(error: Exception) -> None:
    """A quota is no wait: it is a refusal."""
    holds = MailboxHolds()
    holds.note(ROOM, error, NOW)
    assert holds.seconds_left(ROOM, NOW) == 0


def test_a_hold_is_never_shortened() -> None:
    """A call that was under way is answered with a shorter wait."""
    holds = held(100)
    holds.note(ROOM, GraphUnavailable(429, "x", retry_after=5), after(1))
    assert holds.seconds_left(ROOM, after(1)) == 99


def test_a_hold_lasts_a_day_at_most() -> None:
    """A header may hold any number."""
    assert held(1e12).seconds_left(ROOM, NOW) == 86_400


def test_a_clock_that_is_set_back_does_not_lengthen_a_hold() -> None:
    """By five days: the mailbox would not be read until then."""
    assert held(100).seconds_left(ROOM, NOW - timedelta(days=5)) == 0


def test_a_hold_is_remembered_for_a_while_after_its_end() -> None:
    """For the judgement of missing notifications; then it is forgotten, so that the memory does not grow."""
    holds = held(100)
    assert [holds.was_held_since(ROOM, after(seconds)) for seconds in (-5, 99, 100)] == [True, True, False]
    assert not holds.was_held_since(OTHER, NOW)
    holds.note(OTHER, GraphUnavailable(429, "x", retry_after=1), after(100) + REMEMBERED)
    assert not holds.was_held_since(ROOM, NOW)
