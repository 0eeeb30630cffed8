"""Claims about the product under random schedules, faults and lies. SCHEDULES_SEED is the first of the seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.schedules import version_before
from tests.schedules.campaign import LENGTHS, Failure, quiet, run_plan, run_seed, strategy_of
from tests.schedules.plan import LARGEST, drawn, read
from tests.schedules.strategies import Recorded
from tests.schedules.tally import VERBS, Tally
from tests.schedules.trace import read as read_deviations
from tests.schedules.trace import stored

SEED = int(os.environ.get("SCHEDULES_SEED", "1"))
BLOCKS, RUNS = 8, 25  # in blocks, so that several processes of pytest share them
LONG_BLOCKS, LONG_RUNS = 2, 4
ROOT = Path(__file__).parents[2]
DIGEST = """
import hashlib
from tests.schedules.campaign import quiet, run_plan, strategy_of
from tests.schedules.plan import drawn
with quiet():
    for seed in range(1, 7):
        outcome, trace = run_plan(drawn(seed, 1, 6), strategy_of(seed))
        print(hashlib.sha256(repr([trace.calls, outcome.failures]).encode()).hexdigest())
"""


def run_all(seeds: Sequence[int], length: str) -> None:
    """Run seeds, and fail with all failures, how to shrink each, and the counts."""
    tally, kind = Tally(), LENGTHS[length]
    with quiet():
        found = [run_seed(seed, kind, tally) for seed in seeds]
    failures = [each for each in found if isinstance(each, Failure)]
    command = f"python -m tests.schedules --random 1 --days {kind.days:g} --rounds {kind.rounds} --seed"
    texts = [f"{each}\nshortest trace: {command} {each.seed}" for each in failures]
    assert failures == [], "\n\n".join([*texts, str(tally)])
    assert tally.points > 100 * len(seeds), tally


@pytest.mark.parametrize("block", range(BLOCKS))
def test_nothing_living_is_lost_and_everything_comes_to_rest(block: int) -> None:
    """In runs of three simulated days, with three processes of which up to two are of the version before."""
    first = SEED + block * RUNS
    run_all(range(first, first + RUNS), "short")


@pytest.mark.parametrize("block", range(LONG_BLOCKS))
def test_nothing_living_is_lost_in_two_weeks(block: int) -> None:
    """With 24 rounds of acts."""
    first = SEED + 1000 + block * LONG_RUNS
    run_all(range(first, first + LONG_RUNS), "long")


def test_nothing_living_of_many_is_lost_in_two_weeks() -> None:
    """With fifty mailboxes."""
    run_all([next(seed for seed in range(SEED, SEED + 1000) if drawn(seed).mailboxes == LARGEST)], "long")


def test_each_verb_and_lie_has_its_share_of_the_plans() -> None:
    """At least one in a hundred events of 300 runs, timers and queues left out; so nothing is merely listed."""
    tally = Tally(verbs=Counter(verb for seed in range(300) for verb in drawn(seed).counts()))
    assert tally.rare(VERBS) == []


def test_at_least_three_workers_meet_in_each_round() -> None:
    """At least two of them of the relay, often three or four."""
    rounds = [{act.worker for act in each.acts} for seed in range(100) for each in drawn(seed).rounds]
    assert min(map(len, rounds)) >= 3
    assert sum(len(workers - {"outside"}) >= 3 for workers in rounds) > 0.3 * len(rounds)


def test_the_same_seed_gives_the_same_calls_and_a_record_replays_them() -> None:
    """Also after plan and deviations were written as text and read again."""
    plan = drawn(5, 1, 4)
    with quiet():
        (_, first), (_, second) = (run_plan(plan, strategy_of(5)) for _ in range(2))
        deviations = read_deviations(stored(first.deviations).splitlines())
        _, replayed = run_plan(read(plan.text()), Recorded(deviations))
    assert first.calls == second.calls == replayed.calls


def test_the_same_seed_gives_the_same_calls_in_another_process() -> None:
    """Whatever the order of its sets."""
    found = []
    for number in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": number, version_before.FOLDER: version_before.folder()}
        command = [sys.executable, "-c", DIGEST]
        found.append(subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True).stdout)
    assert found[0] == found[1]
    assert len(found[0].split()) == 6


def test_a_clone_without_the_version_before_names_the_command(tmp_path: Path) -> None:
    """Which fetches it."""
    with pytest.raises(RuntimeError, match="git fetch --unshallow"):
        version_before.unpack(tmp_path, commit="0" * 40, repository=ROOT)
