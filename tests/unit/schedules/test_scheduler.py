"""Claims about the scheduler: it finds known faults, the same seed gives the same run, and faults shrink."""

from __future__ import annotations

import random
import threading

import pytest

from tests.schedules import scheduler as module
from tests.schedules.scheduler import Deadlock, Killed, Scheduler, Stuck
from tests.schedules.strategies import Faults, Pct, Random, Recorded
from tests.schedules.trace import Choice, Point, read, stored
from tests.unit.schedules.toys import (
    Toy,
    check_then_act,
    depth_three,
    first_failure,
    killed_between,
    lost_update,
    run,
    shrunk,
    two_locks,
)


@pytest.mark.parametrize("toy", [lost_update, check_then_act, two_locks])
def test_each_planted_fault_is_detected_and_shrinks_to_two_switches_at_most(toy: Toy) -> None:
    """Within fifty runs by chance; the run without deviations is right."""
    assert not run(toy, Recorded({}))[0]
    runs, trace = first_failure(toy, Random, 50)
    assert runs
    shortest = shrunk(toy, trace)
    assert 1 <= len(shortest) <= 2, shortest
    assert run(toy, Recorded(shortest))[0]


@pytest.mark.parametrize("toy", [lost_update, check_then_act, two_locks])
def test_pct_of_depth_two_finds_each_planted_fault(toy: Toy) -> None:
    """Within a hundred runs."""
    assert first_failure(toy, lambda seed: Pct(seed, depth=2, sizes=[6]), 100)[0]


def test_pct_finds_what_needs_three_orders_and_chance_rarely_does() -> None:
    """In 500 runs; chance would have to let each worker run for long, at the right moments."""
    by_pct = [run(depth_three, Pct(seed, depth=3, sizes=[110]))[0] for seed in range(500)]
    by_chance = [run(depth_three, Random(seed))[0] for seed in range(500)]
    assert sum(by_pct) > 3 * sum(by_chance)
    assert sum(by_pct) >= 3


def test_the_same_seed_gives_the_same_calls() -> None:
    """For chance and PCT; other seeds give others."""
    for strategy in (Random, Pct):
        calls = [run(depth_three, strategy(seed))[1].calls for seed in (1, 1, 2)]
        assert calls[0] == calls[1] != calls[2]


def test_a_recorded_run_is_replayed_from_text() -> None:
    """Its calls are the same as those of the run by chance."""
    _, trace = run(depth_three, Random(7))
    deviations = read(stored(trace.deviations).splitlines())
    assert run(depth_three, Recorded(deviations))[1].calls == trace.calls


def test_a_kill_is_detected_and_takes_effect_before_the_call() -> None:
    """The shortest trace is the one kill."""
    runs, trace = first_failure(
        killed_between, lambda seed: Random(seed, faults=Faults(random.Random(seed), 0.5, 1)), 20
    )
    assert runs
    assert [choice.fault for choice in shrunk(killed_between, trace).values()] == ["kill"]


def test_a_killed_process_takes_all_of_its_workers_along() -> None:
    """The other worker of the process ends at its next point, that of another process does not."""
    scheduler, ended = Scheduler(Recorded({Point("r", "a", 1): Choice("a", "kill")})), []

    def work(name: str) -> None:
        if scheduler.point("call", ["kill"]) == "kill":
            scheduler.kill()
        ended.append(name)

    tasks = {name: (lambda name=name: work(name)) for name in "abc"}
    outcomes = scheduler.run("r", tasks, {"a": "p", "b": "p", "c": "q"})
    assert ended == ["c"]
    assert [type(outcomes[each]) for each in "ab"] == [Killed, Killed]


def test_sleep_passes_at_once_when_nobody_else_can_go_on() -> None:
    """The simulated time moves, the real one does not; whoever wakes first goes on first."""
    scheduler, woke = Scheduler(Recorded({})), []

    def work(seconds: float) -> None:
        scheduler.sleep(seconds)
        woke.append(seconds)

    scheduler.run("r", {"a": lambda: work(600), "b": lambda: work(60)})
    assert woke == [60, 600]
    assert scheduler.clock.seconds == pytest.approx(600)


def test_a_deadlock_ends_all_workers_in_it() -> None:
    """Each gets Deadlock."""
    _, trace = first_failure(two_locks, Random, 50)
    scheduler = Scheduler(Recorded(trace.deviations))
    outcomes = scheduler.run("r", two_locks(scheduler)[0])
    assert {type(each) for each in outcomes.values()} == {Deadlock}


def test_a_wait_that_the_scheduler_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line at which the worker stands."""
    monkeypatch.setattr(module, "STUCK_SECONDS", 0.05)
    lock, scheduler = threading.Lock(), Scheduler(Recorded({}))
    lock.acquire()
    with pytest.raises(Stuck, match=r"lock\.acquire"):
        scheduler.run("r", {"a": lambda: lock.acquire(timeout=5)})
    lock.release()
