"""Runs the tests against each mutant: in a forked process, with the tests that call the changed function.

The tests are collected once. A mutant's code is put in the place of the function's, in a fork of the process, so that
no file is changed and no test is collected again. The fastest tests run first, until one fails.
"""

from __future__ import annotations

import importlib
import inspect
import multiprocessing
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Literal

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.mutate import Mutant

Result = Literal["killed", "survived", "not called"]
LONGEST = 900.0  # seconds for one mutant: one that never ends counts as noticed
KILLED = 3
_forked = multiprocessing.get_context("fork")
Place = tuple[str, str]  # a module and a function
Called = Mapping[Place, list[int]]  # the indexes of the tests that call it, fastest first
Observed = tuple[list[float], list[set[Place] | None]]


class Mutation:
    """A pytest plugin that runs mutants in the place of the session's tests.

    `at_once`: how many side by side. `seconds`: of CPU, for each mutant, on tests of other modules. `say` is called
    with each mutant and its result. `failing`: the tests that fail without a change; no mutant is run against them.
    """

    def __init__(
        self, mutants: list[Mutant], say: Callable[[Mutant, Result], None], at_once: int, seconds: float
    ) -> None:
        self.mutants = mutants
        self.say = say
        self.at_once = at_once
        self.seconds = seconds
        self.failing: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests unchanged, then against each mutant."""
        modules = {mutant.module for mutant in self.mutants}
        for module in modules:
            importlib.import_module(_name_of(module))
        seconds, calls = _observed(session, modules)
        self.failing = [item.nodeid for item, places in zip(session.items, calls, strict=True) if places is None]
        called = defaultdict(list)
        for index in sorted(range(len(calls)), key=seconds.__getitem__):
            for place in calls[index] or ():
                called[place].append(index)
        self._run_all(session, {place: self._chosen(session, place, tests, seconds) for place, tests in called.items()})
        return True

    def _chosen(self, session: pytest.Session, place: Place, tests: list[int], seconds: list[float]) -> list[int]:
        """Return the tests of a function: those of its module, and others while there is time, fastest first."""
        prefix = f"test_{Path(place[0]).stem}"
        own = [index for index in tests if session.items[index].path.name.startswith(prefix)]
        others = [index for index in tests if index not in own]
        total = accumulate(seconds[index] for index in others)
        return own + [index for index, sum_ in zip(others, total, strict=True) if sum_ <= self.seconds]

    def _run_all(self, session: pytest.Session, called: Called) -> None:
        running: dict[int, tuple[BaseProcess, Mutant, float]] = {}
        for mutant in self.mutants:
            tests = called.get((mutant.module, mutant.function))
            if not tests:
                self.say(mutant, "not called")
                continue
            process = _forked.Process(target=_child, args=(session, mutant, tests))
            process.start()
            running[process.sentinel] = process, mutant, time.monotonic()
            while len(running) >= self.at_once:
                self._reap(running)
        while running:
            self._reap(running)

    def _reap(self, running: dict[int, tuple[BaseProcess, Mutant, float]]) -> None:
        ended = wait(list(running), timeout=1.0)
        for sentinel, (process, mutant, began) in list(running.items()):
            if time.monotonic() - began > LONGEST:
                process.kill()
                process.join()
            elif sentinel not in ended:
                continue
            process.join()
            del running[sentinel]
            self.say(mutant, "survived" if process.exitcode == 0 else "killed")


def _observed(session: pytest.Session, modules: set[str]) -> Observed:
    """Return each test's seconds, and the functions that it calls; None if it fails."""
    receiver, sender = _forked.Pipe(duplex=False)
    process = _forked.Process(target=_observe, args=(session, modules, sender))
    process.start()
    sender.close()
    observed: Observed = receiver.recv()
    process.join()
    return observed


def _observe(session: pytest.Session, modules: set[str], sender: Connection) -> None:
    """Run each test, and send what is observed."""
    paths = {str(session.config.rootpath / module): module for module in modules}
    seconds: list[float] = []
    calls: list[set[Place] | None] = []
    places: set[Place] = set()

    def trace(frame: FrameType, _event: str, _arg: object) -> None:
        module = paths.get(frame.f_code.co_filename)
        if module is not None:
            places.add((module, frame.f_code.co_qualname.split(".<locals>")[0]))

    threading.settrace(trace)
    for item, following in _pairs(session.items):
        places.clear()
        began = time.process_time()
        sys.settrace(trace)
        has_failed = _fails(item, following)
        sys.settrace(None)
        seconds.append(time.process_time() - began)
        calls.append(None if has_failed else set(places))
    sender.send((seconds, calls))


def _child(session: pytest.Session, mutant: Mutant, tests: list[int]) -> None:
    """Run tests against a mutant, and exit with KILLED when one fails."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    install(mutant)
    for item, following in _pairs([session.items[index] for index in tests]):
        if _fails(item, following):
            os._exit(KILLED)
    os._exit(0)


def _fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run a test as pytest does, without a report, and return whether it or its fixtures fail."""
    return any(report.failed for report in runtestprotocol(item, nextitem=following, log=False))


def install(mutant: Mutant) -> None:
    """Give the function of this process the code of a mutant."""
    target: Any = sys.modules[_name_of(mutant.module)]
    for part in mutant.function.split("."):
        target = vars(target)[part]
    target = getattr(target, "__func__", None) or getattr(target, "fget", None) or target
    function = inspect.unwrap(target)
    assert isinstance(function, FunctionType)
    function.__code__ = next(each for each in _codes(mutant.code) if each.co_qualname == mutant.function)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _pairs(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _name_of(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")
