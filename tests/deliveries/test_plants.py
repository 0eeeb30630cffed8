"""Claims about planted faults: random deliveries find them, so a run without a failure means something."""

from __future__ import annotations

import os

import pytest

from tests.deliveries.plant_runs import DELIVERIES
from tests.deliveries.plants import PLANTS, drawn
from tests.schedules.plant_runs import ROOT, SEED, search
from tests.schedules.plants import Plant

EASY = (
    "what is open is gone without a deletion", "what is open becomes a series without a deletion",
    "a change that was parked forgets when it was notified",
)  # fmt: skip
FEW = 40


def _named(name: str) -> Plant:
    return next(each for each in PLANTS if each.name == name)


def test_each_plant_changes_a_text_that_is_there_once() -> None:
    """There are forty, with names of their own."""
    assert len({each.name for each in PLANTS}) == 40
    counts = {each.name: (ROOT / each.module).read_text().count(each.before) for each in PLANTS}
    assert {name: number for name, number in counts.items() if number != 1} == {}


def test_a_seed_draws_fourteen_plants_and_always_the_same() -> None:
    """Others draw by other seeds."""
    assert drawn(7) == drawn(7)
    assert len(set(drawn(7))) == 14
    assert set(drawn(7)) != set(drawn(8))


@pytest.mark.parametrize("name", EASY)
def test_an_easy_plant_fails_within_a_few_runs(name: str) -> None:
    """So the machine cannot become blind without a failing test."""
    assert search(_named(name), FEW, machine=DELIVERIES).run > 0


@pytest.mark.long
@pytest.mark.parametrize("name", [each.name for each in drawn(int(os.environ.get(SEED) or "1"))])
def test_a_plant_fails_a_run(name: str) -> None:
    """Within 200 runs."""
    assert search(_named(name), machine=DELIVERIES).run > 0
