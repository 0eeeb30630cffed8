"""Claims about planted faults: the schedules find them, so a run without a failure means something."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.schedules.plant_runs import ROOT, SEED, search
from tests.schedules.plants import PLANTS, Plant, drawn, plant

EASY = ("a delete leaves no tombstone", "a claim forgets the gap", "a deletion does not compare the etag")
FEW = 15


def _named(name: str) -> Plant:
    return next(each for each in PLANTS if each.name == name)


def test_each_plant_changes_a_text_that_is_there_once() -> None:
    """There are forty, with names of their own."""
    assert len({each.name for each in PLANTS}) == 40
    counts = {each.name: (ROOT / each.module).read_text().count(each.before) for each in PLANTS}
    assert {name: number for name, number in counts.items() if number != 1} == {}


def test_a_plant_whose_text_is_not_there_is_an_error(tmp_path: Path) -> None:
    """So none is silently not planted."""
    with pytest.raises(LookupError, match="has 0 times"):
        plant(Plant("nothing", "shared/none.py", "a", "b"), tmp_path)


def test_a_seed_draws_twelve_plants_and_always_the_same() -> None:
    """Others draw by other seeds."""
    assert drawn(7) == drawn(7)
    assert len(set(drawn(7))) == 12
    assert set(drawn(7)) != set(drawn(8))


@pytest.mark.parametrize("name", EASY)
def test_an_easy_plant_fails_within_a_few_runs(name: str) -> None:
    """So the machine cannot become blind without a failing test."""
    assert search(_named(name), FEW).run > 0


@pytest.mark.long
@pytest.mark.parametrize("name", [each.name for each in drawn(int(os.environ.get(SEED) or "1"))])
def test_a_plant_fails_a_run(name: str) -> None:
    """Within 200 runs."""
    assert search(_named(name)).run > 0
