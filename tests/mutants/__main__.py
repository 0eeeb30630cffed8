"""`python -m tests.mutants`: changes the code that keeps subscriptions, one mistake at a time, and runs the tests.

A mutant that no test notices must be argued in survivors.toml. Exits with 1 if one is not, if an argued one is noticed
or does not exist, or if a test fails without any change. `--only NAME` takes the modules that contain a text.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sandbox.azurite import start_azurite
from tests.mutants.argued import arguments
from tests.mutants.mutate import Mutant, mutants_of
from tests.mutants.run import Mutation, Result
from tests.mutants.targets import MODULES, OPTIONS, TESTS

ROOT = Path(__file__).parents[2]


class Results:
    """Compares what happens to each mutant with the arguments. `wrong` counts what is not as argued."""

    def __init__(self) -> None:
        self.argued = arguments()
        self.wrong = 0
        self._counts: Counter[tuple[str, Result]] = Counter()

    def judge(self, mutant: Mutant, result: Result) -> None:
        """Count a result, and print it unless it is as argued."""
        self._counts[mutant.module, result] += 1
        if (result == "killed") == (mutant.name in self.argued):
            self.wrong += 1
            _say(f"{result}{', but argued' if result == 'killed' else ''}: {mutant.name}")

    def compare(self, modules: list[str], mutants: list[Mutant]) -> None:
        """Print the arguments for mutants that do not exist, and the counts of each module."""
        known = {mutant.name for mutant in mutants}
        for name in self.argued:
            if name.split(" ")[0] in modules and name not in known:
                self.wrong += 1
                _say(f"argued, but there is no such mutant: {name}")
        for module in modules:
            kinds: tuple[Result, ...] = ("killed", "survived", "not called")
            _say(f"{module}: {', '.join(f'{self._counts[module, kind]} {kind}' for kind in kinds)}")


def main() -> int:
    """Run the mutants, and print those that survive without an argument."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", help="texts in the names of modules, separated by commas")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0, help="of CPU on tests of other modules for each mutant")
    given = parser.parse_args()
    os.environ.setdefault("EXAMPLES_SHARE", "0.1")
    began, results = time.monotonic(), Results()
    modules = [module for module in MODULES if any(each in module for each in given.only.split(","))]
    mutants = [mutant for module in modules for mutant in mutants_of(ROOT, module)]
    mutation = Mutation(mutants, results.judge, given.at_once, given.seconds)
    with start_azurite() as azurite:  # one for all: each mutant has a process of its own
        os.environ["AZURITE_OF_TESTS"] = azurite.connection_string
        pytest.main([*OPTIONS, *TESTS], plugins=[mutation])
    results.compare(modules, mutants)
    for test in mutation.failing:
        _say(f"fails without a change: {test}")
    _say(f"{len(mutants)} mutants, {results.wrong} not as argued, {time.monotonic() - began:.0f} s")
    return 1 if results.wrong or mutation.failing else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
