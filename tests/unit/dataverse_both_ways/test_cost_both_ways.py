"""Claims about calls of changes both ways: a small run of what `make dataverse-run` measures, within its bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataverse_run.both_ways import BothWays, Case, broken_both_ways, carried_both_ways, lines_of
from tests.dataverse_run.measures import Part

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]
CASE = Case(resources=4, changes=20)
NOTHING = Part(0, 0, 0, 0, 0)
FINE = BothWays(NOTHING, NOTHING, 0)


def test_changes_both_ways_cost_a_write_each_and_less_than_a_minute(certificates: Path) -> None:
    """Ten bookings and ten events move at one moment; their echoes are read, and not written."""
    results = carried_both_ways(certificates, CASE)
    assert broken_both_ways(results, CASE) == []
    assert (results.changes.writes, results.echoes.writes) == (20, 0)
    assert len(list(lines_of(results, CASE))) == 4


@pytest.mark.parametrize(
    ("results", "broken"),
    [
        (FINE._replace(wrong=1), "differs"),
        (FINE._replace(changes=Part(9, 9, 21, 0, 0)), "written more than once"),
        (FINE._replace(echoes=Part(9, 9, 1, 0, 0)), "echo"),
        (FINE._replace(changes=Part(50, 50, 20, 0, 0)), "a minute"),
        (FINE._replace(changes=Part(250, 0, 20, 0, 0)), "than Dataverse allows"),
        (FINE._replace(changes=Part(9, 9, 20, 0, 1)), "refused"),
        (FINE._replace(changes=Part(9, 9, 20, 5, 0)), "waited"),
    ],
    ids=["wrong", "twice", "echo", "minute", "limit", "refused", "waited"],
)
def test_each_bound_that_is_passed_is_named(results: BothWays, broken: str) -> None:
    """A trial may refuse and wait: its limits are a tenth."""
    assert broken_both_ways(FINE, CASE) == []
    assert any(broken in each for each in broken_both_ways(results, CASE))
    kept = broken_both_ways(results, CASE._replace(trial=True))
    assert any(broken in each for each in kept) is (broken not in ("refused", "waited", "than Dataverse allows"))


def test_a_write_that_a_trial_refuses_may_be_sent_again() -> None:
    """It was not carried out."""
    trial = CASE._replace(trial=True)
    assert broken_both_ways(FINE._replace(changes=Part(9, 9, 22, 60, 2)), trial) == []
    assert len(broken_both_ways(FINE._replace(changes=Part(9, 9, 23, 60, 2)), trial)) == 1
