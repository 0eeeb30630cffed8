"""Claims about calls: a small run of what `make dataverse-run` measures for 5,000 pairs, within the same bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataverse_run.measures import Part, Results, Size, broken_bounds, lines
from tests.dataverse_run.run import measured

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]
SIZE = Size(pairs=40, resources=4, changes=10, foreign=200)
NOTHING = Part(0, 0, 0, 0, 0)
FINE = Results(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, 0)


def test_calls_grow_with_changes_and_resources_and_not_with_rows_of_others(certificates: Path) -> None:
    """With the limits of a trial; at rest every calendar is as its bookings say."""
    results = measured(certificates, SIZE)
    assert broken_bounds(results, SIZE) == []
    assert (results.first.writes, results.changes.writes) == (40, 10)
    assert len(list(lines(results, SIZE))) == len(Results._fields) + 5


@pytest.mark.parametrize(
    ("results", "broken"),
    [
        (FINE._replace(wrong=1), "a calendar differs"), (FINE._replace(run=Part(2, 0, 1, 0, 0)), "a quiet run writes"),
        (FINE._replace(run=Part(5, 0, 0, 0, 0)), "more than four"),
        (FINE._replace(night=Part(9, 9, 0, 0, 0)), "three calls a resource"),
        (FINE._replace(night=Part(1, 1, 1, 0, 0)), "a night writes"),
        (FINE._replace(foreign=Part(9, 0, 0, 0, 0)), "more than pages"),
        (FINE._replace(foreign=Part(0, 1, 0, 0, 0)), "calls of Graph"),
        (FINE._replace(changes=Part(40, 40, 9, 0, 0)), "a change takes"),
        (FINE._replace(changes=Part(5, 5, 11, 0, 0)), "written more than once"),
    ],
    ids=["wrong", "writes", "run", "night", "night-writes", "foreign", "foreign-graph", "calls", "twice"],
)  # fmt: skip
def test_each_bound_that_is_passed_is_named(results: Results, broken: str) -> None:
    """A bound that cannot be passed says nothing."""
    assert broken_bounds(FINE, SIZE) == []
    assert any(broken in each for each in broken_bounds(results, SIZE))
