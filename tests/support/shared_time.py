"""Time that threads share: their pauses run side by side, and time passes only while none of them works.

A world's own `sleep` moves its clock at once. With fifty threads the pauses would add up, and a lock would end while
its holder waits for the processor.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")


class SharedTime:
    """The pauses of the threads that `run` starts. `pass_by` moves the clock of their world."""

    def __init__(self, pass_by: Callable[[float], object]) -> None:
        self._pass_by = pass_by
        self._elapsed = 0.0
        self._working = 0
        self._wakes: list[tuple[float, int]] = []
        self._condition = threading.Condition()

    def run(self, work: Callable[[Given], Result], given: Sequence[Given]) -> list[Result]:
        """Do some work in one thread for each of what is given, and return the results in this order."""
        self._working = len(given)
        with ThreadPoolExecutor(len(given)) as threads:
            return list(threads.map(lambda each: self._worked(work, each), given))

    def sleep(self, seconds: float) -> None:
        """Pause this thread until so much time has passed."""
        if seconds <= 0:
            return
        with self._condition:
            wake = self._elapsed + seconds
            heapq.heappush(self._wakes, (wake, threading.get_ident()))
            self._rest()
            self._condition.wait_for(lambda: self._elapsed >= wake)

    def _worked(self, work: Callable[[Given], Result], given: Given) -> Result:
        try:
            return work(given)
        finally:
            with self._condition:
                self._rest()

    def _rest(self) -> None:
        """Count a thread that works no more; after the last, let time pass until the next pauses end."""
        self._working -= 1
        if self._working or not self._wakes:
            return
        wake = self._wakes[0][0]
        self._pass_by(wake - self._elapsed)
        self._elapsed = wake
        while self._wakes and self._wakes[0][0] <= wake:
            heapq.heappop(self._wakes)
            self._working += 1
        self._condition.notify_all()
