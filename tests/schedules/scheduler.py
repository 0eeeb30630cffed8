"""A scheduler of real threads: one runs at a time, and each waits at every call until it is let go on.

A worker that reaches a point decides itself, by the strategy, who goes on, and hands over by opening the other's
permit. So a run without switches costs no switch of threads, and the same choices give the same run.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tests.schedules.trace import Choice, Point, Trace

if TYPE_CHECKING:
    from tests.schedules.locks import Lock

CALL_SECONDS = 0.1  # of simulated time
STUCK_SECONDS = 20.0  # of real time, without any point: a worker waits for something that the scheduler does not know
Work = Callable[[], object]


class Killed(BaseException):
    """The process of a worker ends here: product code does not catch it, and no further call is made."""


class Deadlock(BaseException):
    """Every worker waits for a lock."""


class Stuck(AssertionError):
    """A worker waits outside of the scheduler's points and locks."""


class Clock:
    """The true time in seconds since the start, which only moves when somebody moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def pass_by(self, seconds: float) -> None:
        """Move forward."""
        self.seconds += seconds


class Strategy(Protocol):
    """Decides at each point. `can` are the workers that can go on, in the order in which they were named."""

    def choose(self, point: Point, can: Sequence[str], faults: Sequence[str]) -> Choice:
        """Return who goes on, and the fault of the call: one of `faults` or ""."""


def straight(worker: str, can: Sequence[str]) -> Choice:
    """Return the choice without deviation."""
    return Choice(worker if worker in can else can[0])


@dataclass(eq=False)
class Worker:
    """A thread under the scheduler, and why it does not run."""

    name: str
    process: str
    permit: threading.Lock = field(default_factory=threading.Lock)
    points: int = 0
    wakes_at: float = 0.0
    waits_for: Lock | None = None
    is_over: bool = False
    is_killed: bool = False
    outcome: BaseException | None = None

    def can_run(self, now: float) -> bool:
        """Return whether the worker could go on now."""
        return not self.is_over and self.wakes_at <= now and (self.waits_for is None or self.waits_for.owner is None)


class Scheduler:
    """Runs workers; `process_of` says which of them end together when one is killed (default: each alone)."""

    def __init__(self, strategy: Strategy, clock: Clock | None = None) -> None:
        self.strategy = strategy
        self.clock = clock or Clock()
        self.trace = Trace()
        self.round = ""
        self.on_kill: Callable[[str], None] = lambda _: None
        self._workers: dict[str, Worker] = {}
        self._by_thread: dict[int, Worker] = {}
        self._done = threading.Semaphore(0)
        self._progress = 0

    def run(
        self, name: str, tasks: Mapping[str, Work], processes: Mapping[str, str] | None = None
    ) -> dict[str, BaseException]:
        """Run one round of tasks to their ends; return what workers ended with, other than by returning.

        Raises Stuck when a worker does not come back to a point.
        """
        of = processes or {}
        self.round = name
        self._workers = {each: Worker(each, of.get(each, each)) for each in tasks}
        threads = [
            threading.Thread(target=self._run, args=(self._workers[each], work), daemon=True)
            for each, work in tasks.items()
        ]
        for worker, thread in zip(self._workers.values(), threads, strict=True):
            worker.permit.acquire()
            thread.start()
        if threads:
            self._go_on(Worker("", ""), "begin")
            self._wait()
        for thread in threads:
            thread.join(STUCK_SECONDS)
        self._by_thread.clear()
        ended = {each.name: each.outcome for each in self._workers.values() if each.outcome is not None}
        self._workers = {}
        return ended

    def here(self) -> Worker | None:
        """Return the worker of the present thread; None outside of a round."""
        return self._by_thread.get(threading.get_ident())

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Do something in the present thread that is no work of its worker: it does not wait."""
        worker = self._by_thread.pop(threading.get_ident(), None)
        try:
            yield
        finally:
            if worker is not None:
                self._by_thread[threading.get_ident()] = worker

    def point(self, call: str, faults: Sequence[str] = ()) -> str:
        """Wait before a call until it may be made; return its fault. Raises Killed or Deadlock."""
        worker = self.here()
        if worker is None:
            return ""
        self._check(worker)
        self.clock.pass_by(CALL_SECONDS)
        return self._go_on(worker, call, faults).fault

    def sleep(self, seconds: float) -> None:
        """Wait until the simulated time has passed. When nobody else can go on, it passes at once."""
        worker = self.here()
        if worker is None:
            self.clock.pass_by(seconds)
            return
        self._check(worker)
        worker.wakes_at = self.clock.seconds + seconds
        self._go_on(worker, f"sleep {seconds:g}")

    def wait_for(self, lock: Lock) -> None:
        """Wait until a lock is free. Raises Deadlock when nobody is left who could free it."""
        worker = self.here()
        if worker is None:
            raise Stuck("a lock is held outside of a round")
        self._check(worker)
        worker.waits_for = lock
        self._go_on(worker, f"wait for {lock.name}")
        worker.waits_for = None

    def kill(self) -> None:
        """End the process of the present worker. Raises Killed."""
        worker = self.here()
        if worker is None:
            raise Killed
        for each in self._workers.values():
            each.is_killed = each.is_killed or each.process == worker.process
        self.on_kill(worker.process)
        raise Killed

    def _run(self, worker: Worker, work: Work) -> None:
        self._by_thread[threading.get_ident()] = worker
        worker.permit.acquire()
        try:
            self._check(worker)
            work()
        except BaseException as error:  # noqa: BLE001  (the caller of `run` judges it)
            worker.outcome = error
        worker.is_over = True
        worker.waits_for = None
        if all(each.is_over for each in self._workers.values()):
            self._done.release()
        else:
            self._go_on(worker, "end")

    def _go_on(self, worker: Worker, call: str, faults: Sequence[str] = ()) -> Choice:
        """Decide, and hand over if another goes on; return when this worker goes on (or at once, if it is over)."""
        self._progress += 1
        worker.points += 1
        can = self._can_run()
        point = Point(self.round, worker.name, worker.points)
        choice = self.strategy.choose(point, can, faults)
        default = straight(worker.name, can)
        if choice != default:
            self.trace.deviations[point] = choice
        to = f"{choice.to}" if choice.to != worker.name else ""
        self.trace.calls.append(
            (worker.name, call, " ".join(each for each in (choice.fault, to and f"[{to} goes on]") if each))
        )
        if choice.to != worker.name:
            self._workers[choice.to].permit.release()
            if worker.name and not worker.is_over:
                worker.permit.acquire()
        if not worker.is_over:
            self._check(worker)
        return choice

    def _can_run(self) -> list[str]:
        """Return who can go on; let time pass if all who could are asleep; end all if every one waits for a lock."""
        can = [each.name for each in self._workers.values() if each.can_run(self.clock.seconds)]
        if can:
            return can
        alive = [each for each in self._workers.values() if not each.is_over]
        asleep = [each for each in alive if each.waits_for is None or each.waits_for.owner is None]
        if asleep:
            self.clock.seconds = max(self.clock.seconds, min(each.wakes_at for each in asleep))
            return [each.name for each in asleep if each.can_run(self.clock.seconds)]
        for each in alive:
            each.outcome = Deadlock(f"{each.name} waits for {each.waits_for and each.waits_for.name}")
            each.waits_for = None
        return [each.name for each in alive]

    def _check(self, worker: Worker) -> None:
        if isinstance(worker.outcome, Deadlock):
            raise worker.outcome
        if worker.is_killed:
            raise Killed

    def _wait(self) -> None:
        seen = -1
        while not self._done.acquire(timeout=STUCK_SECONDS):
            if seen == self._progress:
                raise Stuck(self._where())
            seen = self._progress

    def _where(self) -> str:
        """Return where each worker that is not over stands."""
        frames = sys._current_frames()
        texts = [
            f"{worker.name}:\n{''.join(traceback.format_stack(frames[ident])[-6:])}"
            for ident, worker in self._by_thread.items() if not worker.is_over and ident in frames
        ]  # fmt: skip
        return "\n".join(["a worker waits outside of the scheduler:", *texts])
