"""When work is due at the bounds of what a row may say, and which of two entries of a row comes first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.moments import LARGEST_SKEW
from shared.storage.watches import ABANDONED
from shared.subscriptions.due import CONFIRM_AFTER, LONGEST_RETRY, LOOKUP_EVERY, Timing, stamped
from tests.support.world import START
from tests.unit.subscriptions import test_due, test_plan
from tests.unit.subscriptions.test_due import HOUR, MINUTE, NO_SUBSCRIPTION, RENEW_BEFORE, waits

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("changes", "wait"),
    [
        ({"missing_since": START, "retry_at": START + HOUR, **NO_SUBSCRIPTION}, HOUR),
        ({"missing_since": START, "state": "refused"}, CONFIRM_AFTER),
        ({"missing_since": START, "state": "refused", "retry_at": START + HOUR}, CONFIRM_AFTER),
    ],
)
def test_the_evidence_of_a_loss_is_about_the_subscription_of_the_row(changes: dict[str, Any], wait: timedelta) -> None:
    """Without one it says nothing; with one it is confirmed in time, whatever the state and its wait."""
    assert waits(**changes) == wait


@pytest.mark.parametrize("state", ["live", "refused"])
def test_the_longest_wait_is_kept_and_a_longer_wait_is_not(state: str) -> None:
    """By the time in the row and by the plan: only a wrong clock writes a longer one."""
    for retry_at, wait, verb in (
        (START + LONGEST_RETRY, LONGEST_RETRY, ""),
        (START + LONGEST_RETRY + SECOND, 0, "renew"),
    ):
        changes: dict[str, Any] = {"state": state, "expires": START, "retry_at": retry_at}
        assert waits(**changes) == (wait or timedelta())
        assert test_plan.verb(test_plan.watch(**changes)) == verb


@pytest.mark.parametrize(
    ("ahead", "wait"), [(LARGEST_SKEW, ABANDONED + LARGEST_SKEW), (LARGEST_SKEW + SECOND, timedelta())]
)
def test_a_claim_that_no_clock_can_have_written_holds_nobody(ahead: timedelta, wait: timedelta) -> None:
    """One that an instance with the largest difference may have written does."""
    assert waits(state="pending", pending_since=START + ahead, **NO_SUBSCRIPTION) == wait


def test_a_change_that_clears_the_time_gets_the_time_of_the_row() -> None:
    """A sooner one in the change stays, a later one does not."""
    timing = Timing(RENEW_BEFORE, "now")
    for given, due in ((None, LOOKUP_EVERY), (MINUTE, MINUTE), (2 * LOOKUP_EVERY, LOOKUP_EVERY)):
        changed = stamped(test_due.watch(), START, timing, due_at=None if given is None else START + given)
        assert changed["due_at"] == START + due


def test_a_forbidden_watch_is_paused_until_its_row_names_no_subscription() -> None:
    """Its state alone does not end that."""
    paused = test_plan.watch(state="paused")
    assert test_plan.verb(paused, allows=lambda _: False) == "pause"
    assert test_plan.verb(test_plan.watch(state="paused", **NO_SUBSCRIPTION), allows=lambda _: False) == ""
