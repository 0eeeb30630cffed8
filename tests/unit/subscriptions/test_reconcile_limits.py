"""How fast a run is, how long it takes, and what a failure of one step does to the others."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.subscriptions.lifetime import SPREAD
from shared.subscriptions.timer import steps as carrying_out
from shared.subscriptions.timer.run import GIVE_UP
from shared.subscriptions.timer.runs import BUDGET
from tests.support.world import START, World
from tests.unit.subscriptions.test_reconcile import lose, run, stored, subscribed

LIFETIME = timedelta(minutes=10_000)


def test_expiries_are_spread(world: World) -> None:
    """A thousand watches renewed together expire at different times, all near the maximum."""
    for number in range(1000):
        subscribed(world, f"room{number}@contoso.com")
    world.on_sleep = lambda _: None
    run(world)
    ends = sorted(one.expires for one in world.subscriptions.existing.values())
    assert ends[-1] <= START + LIFETIME
    assert ends[0] >= START + LIFETIME * (1 - SPREAD)
    per_minute = Counter((end - START) // timedelta(minutes=1) for end in ends)
    assert max(per_minute.values()) < 20


def test_a_failure_does_not_stop_the_other_steps(world: World) -> None:
    """A step without a response is repeated in the same run, one that failed otherwise in the next."""
    for number in range(4):
        subscribed(world, f"room{number}@contoso.com")
    world.subscriptions.failures = [GraphUnavailable(503, "x"), ZeroDivisionError()]
    assert run(world) == {"renewed": 3, "failed": 1}
    assert run(world) == {"renewed": 1}


def test_a_throttled_creation_succeeds_in_the_same_run(world: World) -> None:
    """The first attempt has claimed the row, which names no subscription; the run still continues with it."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    world.subscriptions.failures = [GraphUnavailable(429, "x", retry_after=1, is_rate=True)]
    assert run(world) == {"created": 1}
    assert list(world.subscriptions.existing) == [stored(world).subscription_id]


def test_an_ended_subscription_is_recreated_in_the_same_run(world: World) -> None:
    """Its end has passed, so one 404 proves that it is gone; the POST was not answered at first."""
    lose(world)
    world.subscriptions.failures = [None, GraphUnavailable(503, "x")]
    assert run(world) == {"created": 1}
    assert stored(world).subscription_id in world.subscriptions.existing


def test_a_run_gives_up_when_graph_is_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred failing calls would not help."""
    monkeypatch.setattr(carrying_out, "AT_ONCE", 1)
    for number in range(100):
        subscribed(world, f"room{number}@contoso.com")
    world.subscriptions.failures = [GraphUnavailable(503, "x")] * 100
    assert run(world) == {"unanswered": 1, "left": 99}
    assert world.subscriptions.calls.count("renew") == GIVE_UP


def test_the_time_budget_ends_a_run_and_the_next_run_continues(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome counts the steps that are left."""
    monkeypatch.setattr(carrying_out, "AT_ONCE", 1)
    for number in range(10):
        subscribed(world, f"room{number}@contoso.com")
    world.subscriptions.during_renew = lambda: world.pass_by(BUDGET.total_seconds() / 4)
    assert run(world) == {"renewed": 4, "left": 6}
    assert [job.kind for job in world.work.take_jobs()] == ["run", "audit"]
    assert run(world) == {"renewed": 4, "left": 2}
    assert run(world) == {"renewed": 2}


def test_a_budget_leaves_the_host_its_time() -> None:
    """The host stops a function after ten minutes, and the last creations need some of them."""
    assert timedelta(minutes=10) - BUDGET >= timedelta(minutes=4)


def test_progress_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An administrator can follow the progress of a thousand rooms."""
    for number in range(5):
        subscribed(world, f"room{number}@contoso.com")
    with caplog.at_level(logging.INFO, "relay.reconcile"):
        run(world)
    assert "Subscriptions: 5 of 5 steps done (5 renewed)" in caplog.text


def test_two_concurrent_runs_create_a_single_subscription(world: World) -> None:
    """The second run finds the first one's creation in progress, and leaves it alone."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    ends: list[dict[str, int]] = []

    def again() -> None:
        world.subscriptions.during_create = lambda: None
        ends.append(run(world))

    world.subscriptions.during_create = again
    assert run(world) == {"created": 1}
    assert ends == [{}]
    assert list(world.subscriptions.existing) == [stored(world).subscription_id]
