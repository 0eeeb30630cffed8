"""The results of all checks are kept: many callers cost one run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from shared.health.check_memory import KEEP_SECONDS, OLD_SECONDS, UNFINISHED, CheckMemory
from shared.health.checks import Check, is_up
from tests.support.waiting import eventually
from tests.support.world import START


class Runs:
    """Runs of the checks; a run waits while `may_end` is not set."""

    def __init__(self) -> None:
        self.seconds, self.number = 0.0, 0
        self.began, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.kept = CheckMemory(self.run, lambda: self.seconds, wait=600.0, now=lambda: START)

    def run(self) -> list[Check]:
        """Return the number of this run."""
        self.number += 1
        number = self.number
        self.began.set()
        assert self.may_end.wait(30)
        return [Check(str(number), ok=True, text="ok")]

    def read(self) -> str:
        """Return which run a caller is told of."""
        return self.kept.read()[0].name


def test_a_run_serves_all_callers_for_a_while() -> None:
    """Then the next caller runs the checks again."""
    runs = Runs()
    assert [runs.read() for _ in range(100)] == ["1"] * 100
    runs.seconds = KEEP_SECONDS
    assert runs.read() == "2"


def test_nobody_waits_for_a_run_that_is_under_way_unless_the_results_are_old() -> None:
    """A slow dependency holds one thread, and not those of all callers."""
    runs = Runs()
    runs.read()
    runs.seconds = KEEP_SECONDS
    runs.may_end.clear()
    runs.began.clear()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(runs.read)
        assert runs.began.wait(30)
        assert runs.read() == "1"
        runs.seconds += OLD_SECONDS
        waiting = pool.submit(runs.read)
        runs.may_end.set()
        assert (slow.result(30), waiting.result(30)) == ("2", "2")
    assert runs.number == 2


def hanging(results: list[Check] | None = None) -> tuple[CheckMemory, threading.Event, list[float]]:
    """Return a memory whose runs hang, after one that gave `results` if there are any; what ends them; its clock."""
    may_end, seconds = threading.Event(), [0.0]
    runs = [results] if results is not None else []

    def run() -> list[Check]:
        if runs:
            return runs.pop()
        assert may_end.wait(30)
        return [Check("storage", ok=True, text="ok")]

    return CheckMemory(run, lambda: seconds[0], wait=0.01, now=lambda: START), may_end, seconds


def test_a_run_that_hangs_holds_no_caller() -> None:
    """Each is told in time since when nothing is known, which is down; afterwards the results are there."""
    memory, may_end, _ = hanging()
    for _ in range(3):
        [check] = memory.read()
        assert (check.name, check.ok) == (UNFINISHED, False)
        assert check.text.startswith("unknown since 20")
        assert not is_up([check])
    may_end.set()
    eventually(lambda: memory.read()[0].name == "storage", 30)


def test_results_of_before_are_unknown_while_a_run_hangs() -> None:
    """While they are young they are shown as they are; old ones say nothing: none is ok."""
    memory, may_end, seconds = hanging(
        [Check("storage", ok=True, text="ok"), Check("stop", ok=True, text="ok; stopped")]
    )
    assert [check.ok for check in memory.read()] == [True, True]
    seconds[0] = KEEP_SECONDS
    assert [check.ok for check in memory.read()] == [True, True]
    seconds[0] = KEEP_SECONDS + OLD_SECONDS
    unknown, *others = memory.read()
    assert (unknown.name, unknown.ok) == (UNFINISHED, False)
    assert [(check.ok, check.text.partition(";")[0]) for check in others] == [(False, "unknown")] * 2
    may_end.set()
