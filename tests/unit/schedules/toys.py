"""Small systems with a known fault, on which the scheduler is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.schedules.locks import Lock
from tests.schedules.scheduler import Killed, Scheduler, Strategy
from tests.schedules.shrink import shortest
from tests.schedules.strategies import Recorded
from tests.schedules.trace import Choice, Point, Trace

Work = Callable[[], object]
Toy = Callable[[Scheduler], tuple[Mapping[str, Work], Callable[[], bool]]]  # tasks, and whether the result is wrong


def read_early(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """One worker reads what another has to write first: which begins decides."""
    stored, read = [""], []

    def write() -> None:
        scheduler.point("write")
        stored[0] = "written"

    def reads() -> None:
        scheduler.point("read")
        read.append(stored[0])

    return {"a": write, "b": reads}, lambda: read != ["written"]


def lost_update(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """Two workers read a number and write it back, one more."""
    stored = [0]

    def add() -> None:
        scheduler.point("read")
        number = stored[0]
        scheduler.point("write")
        stored[0] = number + 1

    return {"a": add, "b": add}, lambda: stored[0] != 2


def check_then_act(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """Two workers create what is missing on the condition of an etag, but one compares with the etag after its own
    second read.
    """
    row, etag, made = {"owner": ""}, [0], []

    def claim(name: str, *, reads_again: bool) -> None:
        scheduler.point("read")
        is_free, seen = row["owner"] == "", etag[0]
        if reads_again:
            scheduler.point("read the etag")
            seen = etag[0]
        scheduler.point("write if unchanged")
        if is_free and seen == etag[0]:
            row["owner"], etag[0] = name, etag[0] + 1
            made.append(name)

    tasks = {"a": lambda: claim("a", reads_again=True), "b": lambda: claim("b", reads_again=False)}
    return tasks, lambda: len(made) > 1


def two_locks(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """Two workers take two locks in opposite orders."""
    first, second, ended = Lock(scheduler, "first"), Lock(scheduler, "second"), []

    def take(name: str, first: Lock, other: Lock) -> None:
        with first:
            scheduler.point("work")
            with other:
                ended.append(name)

    tasks = {"a": lambda: take("a", first, second), "b": lambda: take("b", second, first)}
    return tasks, lambda: len(ended) < 2


def depth_three(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """A fault that needs two long runs without a switch: all of b's work while a's door is open, then all of a's."""
    state = {"open": False, "inside": False, "wrong": False}

    def work(number: int) -> None:
        for each in range(number):
            scheduler.point(f"work {each}")

    def opens() -> None:
        work(5)
        state["open"] = True
        work(10)
        state["open"] = False
        work(40)
        state["wrong"] = state["inside"]

    def enters() -> None:
        work(40)
        state["inside"] = state["open"]
        work(10)
        state["inside"] = False

    return {"a": opens, "b": enters}, lambda: state["wrong"]


def killed_between(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """A worker that is killed between two writes leaves half of them."""
    stored: list[str] = []

    def write() -> None:
        for each in ("row", "message"):
            if scheduler.point(each, ["kill"]) == "kill":
                scheduler.kill()
            stored.append(each)

    return {"a": write}, lambda: stored == ["row"]


def lost_answer(scheduler: Scheduler) -> tuple[Mapping[str, Work], Callable[[], bool]]:
    """A worker that gets no answer to a creation makes it again, though it may have taken effect."""
    created: list[int] = []

    def create() -> None:
        for _ in range(2):
            is_lost = scheduler.point("create", ["lost"]) == "lost"
            created.append(1)
            if not is_lost:
                return

    return {"a": create}, lambda: len(created) > 1


def run(toy: Toy, strategy: Strategy) -> tuple[bool, Trace]:
    """Run a toy once; return whether the fault was seen, and the trace."""
    scheduler = Scheduler(strategy)
    tasks, is_wrong = toy(scheduler)
    for error in scheduler.run("r", tasks).values():
        assert isinstance(error, Killed) or type(error).__name__ == "Deadlock", error
    return is_wrong(), scheduler.trace


def first_failure(toy: Toy, strategy_of: Callable[[int], Strategy], runs: int) -> tuple[int, Trace]:
    """Return the number of the first run that shows the fault, and its trace; 0 for none."""
    for seed in range(1, runs + 1):
        is_wrong, trace = run(toy, strategy_of(seed))
        if is_wrong:
            return seed, trace
    return 0, Trace()


def shrunk(toy: Toy, trace: Trace) -> dict[Point, Choice]:
    """Return the fewest deviations that still show the fault."""

    def fails(parts: Sequence[tuple[Point, Choice]]) -> bool:
        return run(toy, Recorded(dict(parts)))[0]

    return dict(shortest([*trace.deviations.items()], fails))
