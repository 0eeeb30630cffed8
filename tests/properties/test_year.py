"""A short run of the simulated year (`make year`): no bound is passed, and breaking a part on purpose passes one."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import RENEW_BEFORE, broken_bounds
from tests.simulation.measures import Results
from tests.simulation.year import Year

DAYS, SUBSCRIPTIONS, FEW = 40, 25, 10


def played(seed: int) -> tuple[Year, Results]:
    """Play forty days of twenty-five subscriptions."""
    year = Year(seed, DAYS, SUBSCRIPTIONS, RENEW_BEFORE_MINUTES=str(RENEW_BEFORE))
    return year, year.run()


def test_forty_days_pass_no_bound() -> None:
    """With losses and outages of every kind in them, so that it means something."""
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


@pytest.mark.parametrize(
    ("broken", "bound"),
    [("resyncs", "changes missed"), ("timer", "without a live subscription")],
)
def test_a_broken_relay_passes_a_bound(broken: str, bound: str) -> None:
    """Without its resyncs changes are missed, and with a timer that comes every six hours subscriptions are."""
    year = Year(5, 20, FEW, RENEW_BEFORE_MINUTES=str(RENEW_BEFORE))
    if broken == "resyncs":
        year.world.job_texts.put = lambda *_: None  # type: ignore[method-assign]
    else:
        runs, timer = iter(range(10_000)), year._timer
        year._timer = lambda: timer() if next(runs) % 12 == 0 else None  # type: ignore[method-assign]
    assert any(bound in text for text in broken_bounds(year.run(), 20, FEW))
