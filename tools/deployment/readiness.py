"""Waits until a deployed app answers as Graph expects it, and runs the package that was deployed."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.deployment.routes import OTHER_SECONDS, SILENT, Answer, answers

ROUNDS = 3  # good rounds in succession: during a deployment an old instance may still respond in between
SILENCE = 15.0  # seconds; at least as often the wait prints a line
NAME_SECONDS = 60.0  # the name of a new app takes as long to be known; a network can fail for some seconds, too
DEADLINE = "deadline"
Call = Callable[[str, str, float], dict[str, Answer]]


class Readiness:
    """A wait for an app. `limit` is for the whole wait, `pause` between two rounds, both in seconds."""

    def __init__(
        self,
        url: str,
        package: str,
        limit: float,
        pause: float,
        *,
        call: Call = answers,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.last: dict[str, Answer] = {}
        self._url, self._package, self._limit, self._pause = url, package, limit, pause
        self._call, self._clock, self._sleep = call, clock, sleep
        self._start = self._printed = self._resolved = clock()

    def wait(self) -> str:
        """Print each change of an answer; return an empty text when the app is well, DEADLINE, or a key of REFUSALS."""
        good = 0
        while self._elapsed() < self._limit and good < ROUNDS:
            left = self._left()
            before, current = self.last, self._call(self._url, self._package, left)
            self.last = current if left >= OTHER_SECONDS else _without_cut(current, before)
            self._show(before)
            refusal = self._refusal()
            if refusal:
                return refusal
            good = good + 1 if all(answer.ok for answer in current.values()) else 0
            if good < ROUNDS:
                self._sleep(min(self._pause, max(0.0, self._left())))
        return "" if good == ROUNDS else DEADLINE

    def _elapsed(self) -> float:
        return self._clock() - self._start

    def _left(self) -> float:
        return max(0.1, self._limit - self._elapsed())

    def _show(self, before: dict[str, Answer]) -> None:
        changes = [f"{path}: {answer.text}" for path, answer in self.last.items() if answer != before.get(path)]
        if not changes and self._clock() - self._printed + self._pause + OTHER_SECONDS > SILENCE:
            bad = [f"{path}: {answer.text}" for path, answer in self.last.items() if not answer.ok]
            changes = [f"still {', '.join(bad) or 'right'}"]
        for line in changes:
            print(f"  {self._elapsed():4.0f} s  {line}", flush=True)
            self._printed = self._clock()

    def _refusal(self) -> str:
        """Return a refusal that waiting does not cure, empty if there is none."""
        refusals = [answer.refusal for answer in self.last.values() if answer.refusal]
        if "name" not in refusals:
            self._resolved = self._clock()
        is_unknown = self._clock() - self._resolved > NAME_SECONDS
        lasting = [refusal for refusal in refusals if refusal != "name" or is_unknown]
        return lasting[0] if lasting else ""


def _without_cut(current: dict[str, Answer], before: dict[str, Answer]) -> dict[str, Answer]:
    """Return the answers of a round that the deadline cut short: where none came in time, the earlier one stays."""
    return {
        path: before.get(path, answer) if answer.text.startswith(SILENT) else answer for path, answer in current.items()
    }
