"""A short run of the simulated year (`make year`): it keeps every bound, and a broken part exceeds one."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import RENEW_BEFORE
from tests.simulation.bounds import broken_bounds
from tests.simulation.measures import Results
from tests.simulation.year import Year

DAYS, SUBSCRIPTIONS, FEW = 40, 25, 10


def played(seed: int) -> tuple[Year, Results]:
    """Run forty days of twenty-five subscriptions."""
    year = Year(seed, DAYS, SUBSCRIPTIONS, RENEW_BEFORE_MINUTES=str(RENEW_BEFORE))
    return year, year.run()


@pytest.mark.long
def test_forty_days_keep_every_bound() -> None:
    """With losses and outages of every kind, so that the run proves something."""
    year, results = played(seed=5)
    assert broken_bounds(results, DAYS, SUBSCRIPTIONS) == []
    assert results.losses.keys() >= {
        "removals in silence",
        "removals with notice",
        "missed",
        "timer runs that failed",
    }
    assert results.lost_hints > 0
    assert len(list(year.world.watches.all())) == SUBSCRIPTIONS


@pytest.mark.long
def test_an_upgrade_takes_over_every_row_and_keeps_every_subscription() -> None:
    """From the rows and messages of the version before, some of whose work was interrupted.

    With this seed no answer is untrue for all mailboxes in the two days before the last check, which leaves these out.
    """
    year = Year(1, 14, SUBSCRIPTIONS, upgrade=True, RENEW_BEFORE_MINUTES=str(RENEW_BEFORE))
    results = year.run()
    assert broken_bounds(results, 14, SUBSCRIPTIONS) == []
    assert results.losses["rows of the version before"] == SUBSCRIPTIONS
    assert results.losses["subscriptions that lived on after the upgrade"] > FEW


def test_rows_that_are_not_taken_over_exceed_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the version before that are only found by a filter on the time of their next work."""
    year = Year(7, 6, FEW, upgrade=True, RENEW_BEFORE_MINUTES=str(RENEW_BEFORE))
    monkeypatch.setattr(type(year.world.watches), "rows", lambda watches: watches.due(year.world.time))
    assert any("rules broken" in text for text in broken_bounds(year.run(), 6, FEW))


class YearOfASlowTimer(Year):
    """A year whose timer runs every six hours."""

    skipped = 11

    def _timer(self) -> None:
        self.skipped = (self.skipped + 1) % 12
        if self.skipped == 0:
            super()._timer()


@pytest.mark.parametrize(
    ("broken", "bound"),
    [("resyncs", "changes missed"), ("timer", "without a live subscription")],
)
def test_a_broken_relay_exceeds_a_bound(broken: str, bound: str) -> None:
    """Without its resyncs it misses changes, and with a timer every six hours subscriptions expire."""
    kind = Year if broken == "resyncs" else YearOfASlowTimer
    year = kind(5, 20, SUBSCRIPTIONS, RENEW_BEFORE_MINUTES=str(RENEW_BEFORE))
    year.world.job_texts.drops_messages = broken == "resyncs"
    assert any(bound in text for text in broken_bounds(year.run(), 20, SUBSCRIPTIONS))
