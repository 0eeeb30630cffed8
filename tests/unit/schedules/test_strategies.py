"""Claims about the strategies: what they draw, and that they find faults of each depth."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.schedules.campaign import strategy_of
from tests.schedules.ports import FREEZES, JUMPS, KILLS
from tests.schedules.strategies import Faults, Pct, Random, Recorded
from tests.schedules.trace import Choice, Point
from tests.unit.schedules.toys import Toy, depth_three, first_failure, lost_answer, lost_update, read_early, run, shrunk

WRITE, READ = [*KILLS, *FREEZES, *JUMPS, "fail", "lost", "again"], [*KILLS, *FREEZES, *JUMPS, "fail"]


@pytest.mark.parametrize(("toy", "depth"), [(read_early, 1), (lost_update, 2), (depth_three, 3)])
def test_both_strategies_find_a_fault_of_each_depth(toy: Toy, depth: int) -> None:
    """PCT needs no more runs than the paper says: workers * points ** (depth - 1), here at most 20 * 100."""
    assert not run(toy, Recorded({}))[0]
    assert first_failure(toy, lambda seed: Pct(seed, depth, [6 if depth < 3 else 110]), 2000)[0]
    assert first_failure(toy, lambda seed: Random(seed, 0.05 if depth == 3 else 0.3), 2000)[0]


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_pct_lowers_the_running_worker_at_fewer_points_than_its_depth(depth: int) -> None:
    """At points drawn from the expected number; otherwise the same worker goes on."""
    for seed in range(200):
        strategy, present, switches = Pct(seed, depth, [40]), "", -1
        for number in range(41):
            chosen = strategy.choose(Point("r", present, number), ["a", "b", "c", "d"], ()).to
            switches += chosen != present
            present = chosen
        assert switches <= depth - 1


def test_pct_draws_the_order_of_the_workers_and_the_changes_evenly() -> None:
    """Each of six orders of three workers, and each of forty points, about as often as any other."""
    orders, points = Counter[tuple[str, ...]](), Counter[int]()
    for seed in range(3000):
        strategy = Pct(seed, 2, [40])
        strategy.choose(Point("r", "", 1), ["a", "b", "c"], ())
        orders[tuple(sorted("abc", key=strategy._priorities.__getitem__))] += 1
        points.update(strategy._changes)
    assert len(orders) == 6
    assert min(orders.values()) > 400
    assert set(points) == set(range(1, 41))
    assert min(points.values()) > 40


def test_pct_expects_rounds_as_long_as_before() -> None:
    """A run whose rounds are long has changes late in them."""
    strategy = Pct(1, 4, [5])
    for name in range(50):
        for number in range(301):
            strategy.choose(Point(str(name), "a" if number else "", number), ["a", "b"], ())
    assert max(strategy._changes) > 50


def test_writes_have_faults_more_often_and_each_kind_is_as_likely_as_any_other() -> None:
    """However many variants a kind has, and at most so many in a round."""
    drawn = Counter[str]()
    for number in range(20_000):
        faults = Faults(random.Random(number), 0.01, 1, 0.06)
        drawn.update(["write"] if faults.draw(Point("r", "a", 1), WRITE) else [])
        faults = Faults(random.Random(-number - 1), 0.01, 1, 0.06)
        drawn.update(["read"] if faults.draw(Point("r", "a", 1), READ) else [])
    assert 4 < drawn["write"] / drawn["read"] < 9
    faults = Faults(random.Random(1), 1.0, 1)
    kinds = Counter(faults.draw(Point(str(number), "a", 1), WRITE).split()[0] for number in range(7000))
    assert set(kinds) == {"kill", "kill-after", "freeze", "clock", "fail", "lost", "again"}
    assert min(kinds.values()) > 850
    assert [faults.draw(Point("one", "a", number), WRITE) != "" for number in range(3)] == [True, False, False]


def test_a_lost_answer_is_detected_and_shrinks_to_itself() -> None:
    """The call took effect, and the worker made it again."""
    runs, trace = first_failure(lost_answer, lambda seed: Random(seed, faults=Faults(random.Random(seed), 0.5, 1)), 20)
    assert runs
    assert [choice.fault for choice in shrunk(lost_answer, trace).values()] == ["lost"]


def test_whatever_does_not_fit_any_more_goes_straight() -> None:
    """A worker that cannot go on is not chosen, and a fault that the call cannot have does not happen."""
    strategy = Recorded({Point("r", "a", 1): Choice("c", "lost"), Point("r", "a", 2): Choice("b", "kill")})
    assert strategy.choose(Point("r", "a", 1), ["a", "b"], ["kill"]) == Choice("a")
    assert strategy.choose(Point("r", "a", 2), ["a", "b"], ["kill"]) == Choice("b", "kill")
    assert strategy.choose(Point("r", "a", 3), ["b"], ["kill"]) == Choice("b")


def test_seeds_have_both_strategies_and_all_depths() -> None:
    """Whatever their last digit, on which the plan depends."""
    for digit in range(10):
        found = [strategy_of(seed) for seed in range(digit, 400 + digit, 10)]
        assert {type(each) for each in found} == {Random, Pct}
        assert {each._depth for each in found if isinstance(each, Pct)} == {2, 3, 4}
