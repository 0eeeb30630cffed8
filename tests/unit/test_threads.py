"""The product starts threads in one module only, and they run in the context of their submitter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context

import pytest

from shared.http.deadline import seconds_left, within
from shared.threads import MailboxLimits, MailboxWorkers, in_background, pool, side_by_side, side_by_side_within

INVOCATION: ContextVar[str] = ContextVar("invocation", default="none")
Run = Callable[[Callable[[int], object]], list[object]]  # calls a function with 0 and 1 in threads; returns the results


def submitted(work: Callable[[int], object]) -> list[object]:
    """Use `submit` of a pool."""
    with pool(2, "test") as workers:
        return [future.result() for future in [workers.submit(work, number) for number in range(2)]]


def mapped(work: Callable[[int], object]) -> list[object]:
    """Use `map` of a pool."""
    with pool(2, "test") as workers:
        return list(workers.map(work, range(2)))


def in_parallel(work: Callable[[int], object]) -> list[object]:
    """Use `side_by_side`."""
    return side_by_side(work, range(2), 2, "test")


def of_a_mailbox(work: Callable[[int], object]) -> list[object]:
    """Use MailboxWorkers."""
    with pool(2, "test") as workers:
        return MailboxWorkers(workers, MailboxLimits()).run("room@contoso.com", work, range(2))


def without_waiting(work: Callable[[int], object]) -> list[object]:
    """Use `in_background`, and wait for the results."""
    results: dict[int, object] = {}
    ended = threading.Semaphore(0)

    def kept(number: int) -> None:
        results[number] = work(number)
        ended.release()

    for number in range(2):
        in_background(kept, number)
    assert all(ended.acquire(timeout=30) for _ in range(2))
    return [results[number] for number in range(2)]


WAYS = [submitted, mapped, in_parallel, of_a_mailbox, without_waiting]


@pytest.mark.parametrize("run", WAYS)
def test_a_task_runs_in_the_context_of_its_submitter(run: Run) -> None:
    """Each of two submitters that share the process finds its own value, as two invocations find their ids."""

    def results_of(value: str) -> list[object]:
        INVOCATION.set(value)
        return run(lambda _: (INVOCATION.get(), threading.current_thread() is threading.main_thread()))

    assert [copy_context().run(results_of, value) for value in ("a", "b")] == [[("a", False)] * 2, [("b", False)] * 2]


@pytest.mark.parametrize("run", WAYS)
def test_a_task_changes_no_context_but_its_own(run: Run) -> None:
    """Two tasks at once do not see each other's values, and the submitter keeps its own."""
    both = threading.Barrier(2, timeout=30)

    def work(number: int) -> object:
        INVOCATION.set(str(number))
        both.wait()
        return INVOCATION.get()

    assert run(work) == ["0", "1"]
    assert INVOCATION.get() == "none"


@pytest.mark.parametrize("run", WAYS)
def test_a_deadline_holds_in_its_own_thread_only(run: Run) -> None:
    """Work that a call starts in the background must not fail because that call's time is over."""
    with within(0.0):
        assert run(lambda _: seconds_left()) == [None, None]
        with pytest.raises(TimeoutError):
            seconds_left()


def test_work_in_the_background_does_not_block() -> None:
    """It runs in a daemon thread with its arguments, while its caller continues."""
    go, done = threading.Event(), threading.Event()
    seen: list[object] = []

    def work(*args: object) -> None:
        go.wait(30)
        seen.extend([*args, threading.current_thread().daemon])
        done.set()

    in_background(work, "a", 1)
    assert seen == []
    go.set()
    assert done.wait(30)
    assert seen == ["a", 1, True]


def test_work_that_ends_in_time_has_its_results_in_order() -> None:
    """And no work has none."""
    assert side_by_side_within(lambda number: number * 2, [3, 1, 2], 2, 60.0, "test") == [6, 2, 4]
    assert side_by_side_within(lambda number: number * 2, list[int](), 2, 60.0, "test") == []


def test_work_that_does_not_end_in_time_has_no_result() -> None:
    """What has begun goes on; what has not begun never does."""
    go_on, ended, begun = threading.Event(), threading.Event(), list[int]()

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            assert go_on.wait(30)
            ended.set()
        return number

    assert side_by_side_within(work, [1, 2], 1, 0.5, "test") == [None, None]
    go_on.set()
    assert ended.wait(30)
    assert begun == [1]


def test_without_time_nothing_is_waited_for() -> None:
    """The time may be over before."""
    go_on = threading.Event()
    assert side_by_side_within(lambda _: go_on.wait(30), [1], 1, 0.0, "test") == [None]
    go_on.set()
