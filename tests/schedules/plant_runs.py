"""Plants faults into copies of the product, and runs the schedules there until each is found.

`python -m tests.schedules.plant_runs` draws by PLANT_SEED (default 1); `--all` tries all forty, `--only TEXT` those
whose names contain a text. Several are tried at once, one on each CPU. Another machine has a module of its own for it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.schedules import version_before
from tests.schedules.campaign import LENGTHS, quiet, run_seed
from tests.schedules.plants import PLANTS, Plant, drawn, plant
from tests.schedules.tally import Tally

ROOT = Path(__file__).parents[2]
SEED = "PLANT_SEED"
MOST_RUNS = 200  # a plant that needs more is a hole
COPIED = ("shared", "tests/schedules", "tests/simulation", "tests/support")
SHOWN = 150  # characters of a failure


class Detection(NamedTuple):
    """In which run a plant was found (0: in none), and by which failure."""

    run: int
    failure: str


class Machine(NamedTuple):
    """Random runs of the product that are to find plants.

    `module`: the program that is run in a copy of the folders `copied`. `drawn` returns the plants of a seed,
    `first_failure` the first that fails of so many runs from a seed on. `unpacked` unpacks the version before, and
    returns the variables that name its folder to other processes.
    """

    module: str
    plants: Sequence[Plant]
    drawn: Callable[[int], Sequence[Plant]]
    copied: tuple[str, ...]
    first_failure: Callable[[int, int], Detection]
    unpacked: Callable[[], dict[str, str]]


def first_failure(most: int, seed: int) -> Detection:
    """Return the first run that fails in this tree."""
    with quiet():
        for number in range(1, most + 1):
            failure = run_seed(seed + number - 1, LENGTHS["short"], Tally())
            if failure is not None:
                return Detection(number, failure.texts[0])
    return Detection(0, "")


def _unpacked() -> dict[str, str]:
    return {version_before.FOLDER: version_before.folder()}


SCHEDULES = Machine("tests.schedules.plant_runs", PLANTS, drawn, COPIED, first_failure, _unpacked)


def search(what: Plant, most: int = MOST_RUNS, seed: int = 1, machine: Machine = SCHEDULES) -> Detection:
    """Run the seeds from `seed` on with a plant until one fails, at most so many. The work tree stays as it is.

    A run that fails without the plant, too, has not found it.
    """
    with tempfile.TemporaryDirectory(prefix="plant-") as folder:
        tree = copied(Path(folder), machine)
        plant(what, tree)
        done = 0
        while done < most:
            found = _first_in(tree, most - done, seed + done, machine)
            if found.run == 0:
                return found
            done += found.run
            if _first_in(ROOT, 1, seed + done - 1, machine).run == 0:
                return Detection(done, found.failure)
    return Detection(0, "")


def search_all(
    plants: Sequence[Plant], most: int = MOST_RUNS, seed: int = 1, machine: Machine = SCHEDULES
) -> Iterator[tuple[Plant, Detection]]:
    """Search for each plant, as many at once as there are CPUs, and yield the results in the order of the plants."""
    machine.unpacked()  # once, before there are threads
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from zip(plants, threads.map(lambda each: search(each, most, seed, machine), plants), strict=True)


def copied(folder: Path, machine: Machine = SCHEDULES) -> Path:
    """Copy what the runs need into a folder, and return it."""
    for name in machine.copied:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _first_in(tree: Path, most: int, seed: int, machine: Machine) -> Detection:
    """Return the first run that fails in a tree, from a process of its own."""
    command = [sys.executable, "-m", machine.module, "--here", str(most), "--seed", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(tree), **machine.unpacked()}
    ended = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    number, _, text = ended.stdout.strip().partition(" ")
    if not number.isdecimal():
        return Detection(1, f"the product does not run: {ended.stderr.strip().splitlines()[-1:]}")
    return Detection(int(number), text)


def report(plants: Sequence[Plant], most: int, seed: int, machine: Machine = SCHEDULES) -> int:
    """Search for each plant, and write how many runs it took; return the number of holes."""
    runs = []
    for each, found in search_all(plants, most, seed, machine):
        runs.append(found.run or most + 1)
        _say(f"{found.run or 'not found':>9}  {each.name}: {found.failure[:SHOWN]}")
    holes = sum(number > most for number in runs)
    _say(f"median number of runs: {statistics.median(runs):g}; {len(runs) - holes} of {len(runs)} plants found")
    return holes


def main(machine: Machine = SCHEDULES) -> int:
    """Run, and exit with 1 when a plant was not found."""
    parser = argparse.ArgumentParser(prog=f"python -m {machine.module}")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="", help="plants with this text in their names")
    parser.add_argument("--most", type=int, default=MOST_RUNS)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--here", type=int, default=0, help="run in this tree, and write the first failure")
    given = parser.parse_args()
    if given.here:
        found = machine.first_failure(given.here, given.seed)
        _say(f"{found.run} {found.failure}")
        return 0
    plant_seed = int(os.environ.get(SEED) or "1")
    is_drawn = not (given.all or given.only)
    _say(f"{SEED}={plant_seed}") if is_drawn else None
    every = machine.drawn(plant_seed) if is_drawn else machine.plants
    plants = [each for each in every if given.only in each.name]
    return 1 if report(plants, given.most, given.seed, machine) else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
