"""Each bound of a simulated run is exceeded by what it forbids, and by nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.simulation.bounds import broken_bounds
from tests.simulation.measures import LIMITS, NOT_OURS, Results, Short

DAYS, WATCHES = 10, 100


def good() -> Results:
    """Return results on every bound, and not over it."""
    results = Results()
    for cause, limit in LIMITS.items():
        results.add(cause, limit)
    for cause in NOT_OURS:
        results.add(cause, timedelta(days=3))
    results.calls.update(PATCH=300, GET=1200)
    results.done.update(POST=WATCHES, PATCH=164)
    return results


def test_results_within_all_bounds() -> None:
    """Times without a subscription while a part does not answer, or Graph answers falsely, have no limit."""
    assert broken_bounds(good(), DAYS, WATCHES) == []


@pytest.mark.parametrize(
    ("worsen", "number"),
    [
        *(
            (lambda results, cause=cause: results.add(cause, LIMITS[cause] + timedelta(minutes=1)), 2)
            for cause in LIMITS
        ),
        (lambda results: results.add("deleted: replaced", timedelta(minutes=1)), 1),
        (lambda results: results.calls.update(PATCH=1), 1),
        (lambda results: results.calls.update(GET=1), 1),
        (lambda results: results.short.calls.update(PATCH=1), 1),
        (lambda results: results.done.update(PATCH=1), 1),
        (lambda results: results.missed.append("an event"), 1),
        (lambda results: results.stuck.append("a watch"), 1),
        (lambda results: results.broken.append("a DELETE"), 1),
    ],
)
def test_each_bound(worsen: Callable[[Results], object], number: int) -> None:
    """A time over the limit of its cause is counted as the relay's fault, too."""
    results = good()
    worsen(results)
    assert len(broken_bounds(results, DAYS, WATCHES)) == number


def test_short_lifetimes_have_a_bound_of_their_own() -> None:
    """What they need is no part of the others, which are about the rest of the time."""
    results = good()
    results.short = Short(4, Counter(PATCH=150, GET=1200), Counter(PATCH=200), renewals=100)
    results.calls.update(PATCH=150 - 120, GET=1200 - 480)
    results.done.update(PATCH=200 - 66)
    assert broken_bounds(results, DAYS, WATCHES) == []
    results.short.calls["PATCH"] += 1
    results.calls["PATCH"] += 1
    assert len(broken_bounds(results, DAYS, WATCHES)) == 1
