"""Claims about deliveries under random schedules and faults. DELIVERIES_SEED is the first of the seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.deliveries import process
from tests.deliveries.campaign import Failure, quiet, run_plan, run_seed, strategy_of
from tests.deliveries.plan import ROUNDS, drawn, read
from tests.deliveries.tally import Tally
from tests.schedules.strategies import Recorded
from tests.schedules.trace import read as read_deviations
from tests.schedules.trace import stored

SEED = int(os.environ.get("DELIVERIES_SEED", "1"))
BLOCKS, RUNS = 10, 15  # in blocks, so that several processes of pytest share them
ROOT = Path(__file__).parents[2]
DIGEST = """
import hashlib
from tests.deliveries.campaign import quiet, run_plan, strategy_of
from tests.deliveries.plan import drawn
with quiet():
    for seed in range(1, 5):
        outcome, trace = run_plan(drawn(seed, 6), strategy_of(seed))
        print(hashlib.sha256(repr([trace.calls, outcome.failures]).encode()).hexdigest())
"""


def run_all(seeds: Sequence[int]) -> None:
    """Run seeds, and fail with all failures, how to shrink each, and the counts."""
    tally = Tally()
    with quiet():
        failed = [run_seed(seed, ROUNDS, tally) for seed in seeds]
    failures = [each for each in failed if isinstance(each, Failure)]
    texts = [f"{each}\nshortest trace: python -m tests.deliveries --random 1 --seed {each.seed}" for each in failures]
    assert failures == [], "\n\n".join([*texts, str(tally)])
    assert tally.events > 30 * len(seeds), tally


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_partner_ends_with_what_the_calendars_show(block: int) -> None:
    """And nothing is left to do, in runs of some days with three processes, up to two of them of the version before."""
    first = SEED + block * RUNS
    run_all(range(first, first + RUNS))


def test_each_verb_has_its_share_of_the_plans() -> None:
    """At least one in a hundred events of 300 plans, messages and timers left out; so nothing is merely listed."""
    tally = Tally(verbs=Counter(verb for seed in range(300) for verb in drawn(seed).counts()))
    assert tally.rare() == []


def test_three_workers_of_at_least_two_processes_meet_in_each_round() -> None:
    """Beside everybody else."""
    rounds = [{act.worker for act in each.acts} - {"outside"} for seed in range(50) for each in drawn(seed).rounds]
    assert min(map(len, rounds)) >= 3
    assert all(len({worker[0] for worker in workers}) >= 2 for workers in rounds)


def test_the_same_seed_gives_the_same_calls_and_a_record_replays_them() -> None:
    """Also after plan and deviations were written as text and read again."""
    plan = drawn(7, 6)
    with quiet():
        (_, first), (_, second) = (run_plan(plan, strategy_of(7)) for _ in range(2))
        deviations = read_deviations(stored(first.deviations).splitlines())
        _, replayed = run_plan(read(plan.text()), Recorded(deviations))
    assert first.calls == second.calls == replayed.calls


def test_the_same_seed_gives_the_same_calls_in_another_process() -> None:
    """Whatever the order of its sets."""
    printed = []
    for number in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": number, process.FOLDER: process.folder()}
        command = [sys.executable, "-c", DIGEST]
        printed.append(subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout)
    assert printed[0] == printed[1]
    assert len(printed[0].split()) == 4
