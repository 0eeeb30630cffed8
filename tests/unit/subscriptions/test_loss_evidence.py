"""Evidence that a subscription is gone counts only if it is about this subscription, and its time is possible."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.moments import LARGEST_SKEW
from shared.subscriptions.due import CONFIRM_AFTER, due_at, loss_evidence_at
from tests.support.world import START
from tests.unit.subscriptions.test_plan import RENEW_BEFORE, verb, watch

SECOND = timedelta(seconds=1)
FRESH, CONFIRMED = START - SECOND, START - CONFIRM_AFTER


def test_without_evidence_there_is_none() -> None:
    """The usual case."""
    assert loss_evidence_at(watch(), START) is None


@pytest.mark.parametrize(
    ("renewed", "counts"),
    [(None, True), (FRESH - SECOND, True), (FRESH, True), (FRESH + SECOND, False), (START + LARGEST_SKEW, False),
     (START + LARGEST_SKEW + SECOND, True)],
    ids=["never renewed", "before", "at the same time", "after", "by a clock ahead", "by a wrong clock"],
)  # fmt: skip
def test_evidence_counts_unless_the_subscription_was_renewed_after_it(renewed: object, *, counts: bool) -> None:
    """A renewal whose time a wrong clock wrote says nothing."""
    doubted = watch(missing_since=FRESH, renewed=renewed)
    assert loss_evidence_at(doubted, START) == (FRESH if counts else None)
    assert due_at(doubted, START, RENEW_BEFORE) == (FRESH + CONFIRM_AFTER if counts else START)
    assert verb(doubted) == ("" if counts else "lookup")


def test_what_does_not_count_is_looked_up_at_once() -> None:
    """A GET tells: a 404 is the first evidence then, and any other answer clears the column."""
    ahead = watch(missing_since=START + LARGEST_SKEW + SECOND)
    assert (loss_evidence_at(ahead, START), verb(ahead), due_at(ahead, START, RENEW_BEFORE)) == (None, "lookup", START)
    assert verb(replace(ahead, missing_since=START + LARGEST_SKEW)) == ""


def test_evidence_is_confirmed_a_minute_later() -> None:
    """By a GET."""
    assert verb(watch(missing_since=CONFIRMED)) == "lookup"
    assert verb(watch(missing_since=CONFIRMED + SECOND)) == ""
