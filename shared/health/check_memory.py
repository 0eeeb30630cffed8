"""Keeps the results of the health checks for a while in this process: many callers may ask, and each run costs calls.

The checks run in a thread of their own, and a caller waits for them for a limited time: a storage that does not answer
must not hold the caller, nor the threads of all others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Lock

from shared.health.checks import Check
from shared.threads import in_background
from shared.utc import format_utc

KEEP_SECONDS = 15.0
OLD_SECONDS = 60.0  # results that are older than KEEP_SECONDS by this say nothing any more
WAIT_SECONDS = 10.0  # for a run to end; a monitor gives up after thirty
UNFINISHED = "allChecks"  # the name of what is reported in place of results


class CheckMemory:
    """Runs the checks at most once in KEEP_SECONDS, one run at a time; thread-safe. `run` never raises."""

    def __init__(
        self, run: Callable[[], list[Check]], clock: Callable[[], float] = time.monotonic, wait: float = WAIT_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._run = run
        self._clock = clock
        self._wait = wait
        self._now = now
        self._lock = Lock()
        self._checks: list[Check] = []
        self._due: float | None = None
        self._under_way: tuple[Event, float, datetime] | None = None  # with the times at which the run began

    def read(self) -> list[Check]:
        """Return the results. While a run is under way, return the previous ones, unless they are too old.

        If the run does not end in time, the first result says since when nothing is known, and no other is ok.
        """
        run, is_own = self._run_to_wait_for()
        if run is None:
            return self._checks
        ended, began, since = run
        if self._is_old() or is_own:
            ended.wait(max(0.0, began + self._wait - self._clock()))
        if ended.is_set() or not self._is_old():
            return self._checks
        text = f"unknown since {format_utc(since)}: the checks that began then have not ended"
        before = [replace(check, ok=False, text=f"unknown; before: {check.text}") for check in self._checks]
        return [Check(UNFINISHED, ok=False, text=text, is_down=True), *before]

    def _run_to_wait_for(self) -> tuple[tuple[Event, float, datetime] | None, bool]:
        """Return the run under way, and whether this call began it; no run while the results are kept."""
        with self._lock:
            if self._due is not None and self._clock() < self._due:
                return None, False
            if self._under_way is not None:
                return self._under_way, False
            self._under_way = Event(), self._clock(), self._now()
            in_background(self._check)
            return self._under_way, True

    def _check(self) -> None:
        checks: list[Check] = []
        try:
            checks = self._run()
        finally:
            with self._lock:
                run, self._under_way = self._under_way, None
                if checks:
                    self._checks, self._due = checks, self._clock() + KEEP_SECONDS
            if run is not None:
                run[0].set()

    def _is_old(self) -> bool:
        return self._due is None or self._clock() - self._due >= OLD_SECONDS
