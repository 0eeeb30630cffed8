"""Many runs in several processes, for a time or by number. Each process takes every n-th seed."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.schedules.campaign import Length

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

UNITS = {"s": 1, "m": 60, "h": 3600}
LOOK = 5.0  # seconds after which the processes are looked at, if no run has ended


@dataclass(frozen=True)
class Order:
    """What to run: seeds from `seed` on, `runs` of them, or as many as begin within `seconds`.

    `length`: how long each run is. `tries`: how many runs to spend on shrinking each failure. `campaign`: the module
    whose runs these are.
    """

    seed: int
    runs: int | None = None
    seconds: float | None = None
    length: Any = field(default_factory=Length)
    tries: int = 150
    campaign: str = "tests.schedules.campaign"


class Result(NamedTuple):
    """The counts of one run, and its failure, shrunk."""

    tally: Any
    failure: Any


def amount(text: str) -> tuple[int | None, float | None]:
    """Return a number of runs, or a time in seconds: "500", "90s", "30m", "2h". Raises ValueError."""
    match = re.fullmatch(r"(\d+)([smh]?)", text)
    if match is None:
        raise ValueError(f"{text!r} is neither a number of runs nor a time such as 30m or 2h")
    number, unit = int(match[1]), match[2]
    return (None, float(number * UNITS[unit])) if unit else (number, None)


def results(order: Order, processes: int) -> Iterator[Result]:
    """Yield the result of each run as it ends. Raises RuntimeError when a process ends before its work does."""
    os.environ.update(importlib.import_module(order.campaign).unpacked())  # so that no process unpacks it again
    context = multiprocessing.get_context("spawn")
    queue: Queue[Result | None] = context.Queue()
    ends_at = time.monotonic() + order.seconds if order.seconds is not None else None
    workers = [
        context.Process(target=_work, args=(order, index, processes, ends_at, queue), daemon=True)
        for index in range(processes)
    ]
    for each in workers:
        each.start()
    try:
        left = processes
        while left:
            try:
                result = queue.get(timeout=LOOK)
            except Empty:
                if any(each.exitcode for each in workers):
                    raise RuntimeError("a process of the schedules ended early") from None
                continue
            if result is None:
                left -= 1
            else:
                yield result
    finally:
        for each in workers:
            each.terminate()
        for each in workers:
            each.join()


def _work(order: Order, index: int, processes: int, ends_at: float | None, queue: Queue[Result | None]) -> None:
    """Run every n-th seed. Ctrl-C reaches each process of the terminal; the parent alone acts on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    campaign = importlib.import_module(order.campaign)
    with campaign.quiet():
        number = index
        while (order.runs is None or number < order.runs) and (ends_at is None or time.monotonic() < ends_at):
            tally = campaign.Tally()
            failure = campaign.run_seed(order.seed + number, order.length, tally)
            if failure is not None and order.tries:
                failure = campaign.shrunk(failure, order.tries)
            queue.put(Result(tally, failure))
            number += processes
    queue.put(None)
