"""What a reconcile run changes at Graph and in the rows, how fast, and what a failure does."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import GraphNotFound, GraphUnavailable
from shared.graph.client_state import Key, watch_named_by
from shared.graph.subscriptions import Subscription, resource_of
from shared.messages import Job
from shared.storage.watches import Watch, watch_id_of
from shared.subscriptions import reconcile as reconciling
from shared.subscriptions.reconcile import BUDGET, GIVE_UP
from shared.subscriptions.service import SPREAD
from tests.support.world import MAILBOX, OLD, START, WATCH_ID, World

SOON = timedelta(hours=1)
URLS = ("https://relay.example/api/notifications", "https://relay.example/api/lifecycle")
LIFETIME = timedelta(minutes=10_000)


def subscribed(world: World, mailbox: str = MAILBOX, expires: timedelta = SOON) -> Watch:
    """Store a watch that has a subscription at Graph."""
    number, end = f"s-{mailbox}", world.time + expires
    world.subscriptions.existing[number] = Subscription(number, resource_of(mailbox), *URLS, end)
    return world.watch(mailbox, subscription_id=number, expires=end)


def run(world: World) -> dict[str, int]:
    """Run the timer, and return the outcomes of the steps."""
    return dict(world.reconciler.reconcile())


def stored(world: World, mailbox: str = MAILBOX) -> Watch:
    """Return the stored watch of a mailbox."""
    watch = world.watches.get(watch_id_of(mailbox))
    assert watch is not None
    return watch


def test_a_renewal_is_a_single_patch(world: World) -> None:
    """Nothing is reauthorized or created, and nothing was missed; the row has the new expiry."""
    watch = subscribed(world)
    assert run(world) == {"renewed": 1}
    assert world.subscriptions.calls == ["list", "renew"]
    after = stored(world)
    assert after.expires == world.subscriptions.existing[watch.subscription_id].expires
    assert world.jobs.take_jobs() == []


def test_nothing_to_do_costs_a_single_listing(world: World) -> None:
    """There is no write."""
    subscribed(world, expires=timedelta(minutes=4_320))
    assert run(world) == {}
    assert world.subscriptions.calls == ["list"]


def test_a_lost_subscription_is_recreated_and_resynced(world: World) -> None:
    """The mark in the row is removed once the resync is queued."""
    world.watch()
    assert run(world) == {"created": 1}
    after = stored(world)
    assert list(world.subscriptions.existing) == [after.subscription_id]
    assert (after.state, after.gap_since) == ("live", None)
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]


def test_a_first_creation_is_followed_by_no_resync(world: World) -> None:
    """No change can have been missed."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    assert run(world) == {"created": 1}
    assert world.jobs.take_jobs() == []


def test_a_resync_that_could_not_be_queued_stays_needed(world: World) -> None:
    """The queue fails right after the subscription was created: the next run queues the resync."""
    world.watch()
    world.jobs.failure = GraphUnavailable(0, "queue")
    with pytest.raises(GraphUnavailable):
        run(world)
    assert stored(world).gap_since is not None
    world.jobs.failure = None
    assert run(world) == {}
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]


def test_a_direct_watch_is_not_resynced(world: World) -> None:
    """Its changes never pass through the relay; the mark is removed."""
    world.watch(delivery="direct", notification_url="https://partner.example/graph")
    run(world)
    assert world.jobs.take_jobs() == []
    assert stored(world).gap_since is None


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
    world.subscriptions.failures = [None, GraphUnavailable(503, "x"), ZeroDivisionError()]
    assert run(world) == {"renewed": 3, "failed": 1}
    assert run(world) == {"renewed": 1}


def test_a_throttled_creation_succeeds_in_the_same_run(world: World) -> None:
    """The first attempt has claimed the row, which names no subscription; the run still continues with it."""
    world.watch()
    world.subscriptions.failures = [None, GraphUnavailable(429, "x", retry_after=1)]
    assert run(world) == {"created": 1}
    assert list(world.subscriptions.existing) == [stored(world).subscription_id]


def test_a_renewal_that_became_a_creation_succeeds_in_the_same_run(world: World) -> None:
    """The PATCH returned 404, and then Graph did not respond to the POST."""
    subscribed(world)
    world.subscriptions.failures = [None, GraphNotFound(404, "x"), GraphUnavailable(503, "x")]
    assert run(world) == {"created": 1}
    assert stored(world).subscription_id in world.subscriptions.existing


def test_a_run_gives_up_when_graph_is_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred failing calls would not help."""
    monkeypatch.setattr(reconciling, "AT_ONCE", 1)
    for number in range(100):
        subscribed(world, f"room{number}@contoso.com")
    world.subscriptions.failures = [None, *[GraphUnavailable(503, "x")] * 100]
    assert run(world) == {"unanswered": 1, "left": 99}
    assert world.subscriptions.calls.count("renew") == GIVE_UP


def test_a_list_that_cannot_be_read_changes_nothing(world: World) -> None:
    """Half a list would look like the loss of the other half."""
    subscribed(world)
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(GraphUnavailable):
        run(world)
    assert world.subscriptions.calls == ["list"]


def test_the_time_budget_ends_a_run_and_the_next_run_continues(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome counts the steps that are left."""
    monkeypatch.setattr(reconciling, "AT_ONCE", 1)
    for number in range(10):
        subscribed(world, f"room{number}@contoso.com")
    world.subscriptions.during_renew = lambda: world.pass_by(BUDGET.total_seconds() / 4)
    assert run(world) == {"renewed": 4, "left": 6}
    assert run(world) == {"renewed": 4, "left": 2}
    assert run(world) == {"renewed": 2}


def test_a_budget_leaves_the_host_its_time() -> None:
    """The host stops a function after ten minutes, and the listing and the last creations need some of them."""
    assert timedelta(minutes=10) - BUDGET >= timedelta(minutes=4)


def test_progress_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An administrator can follow the progress of a thousand rooms."""
    for number in range(5):
        subscribed(world, f"room{number}@contoso.com")
    with caplog.at_level(logging.INFO, "relay.reconcile"):
        run(world)
    assert "Subscriptions: 5 of 5 steps done (5 renewed)" in caplog.text


def test_a_watch_deleted_meanwhile_stays_deleted(world: World) -> None:
    """The subscription created for it is deleted."""
    world.watch()
    world.subscriptions.during_create = world.rows.rows.clear
    assert run(world) == {"deleted-meanwhile": 1}
    assert world.subscriptions.existing == {}


def test_two_concurrent_runs_create_a_single_subscription(world: World) -> None:
    """The second run finds the first one's creation in progress, and leaves it alone."""
    world.watch()
    ends: list[dict[str, int]] = []

    def again() -> None:
        world.subscriptions.during_create = lambda: None
        ends.append(run(world))

    world.subscriptions.during_create = again
    assert run(world) == {"created": 1}
    assert ends == [{}]
    assert list(world.subscriptions.existing) == [stored(world).subscription_id]


def test_a_surplus_that_is_needed_meanwhile_stays(world: World) -> None:
    """The plan may be minutes old."""
    subscribed(world)
    extra = Subscription("s-2", resource_of(MAILBOX), *URLS, START + LIFETIME)
    world.subscriptions.existing["s-2"] = extra

    def adopt() -> None:
        world.watches.change(stored(world), subscription_id="s-2")

    world.subscriptions.after_renew = adopt
    assert run(world)["needed-meanwhile"] == 1
    assert "s-2" in world.subscriptions.existing


def test_a_client_state_of_the_previous_key_is_replaced_before_it_retires(world: World) -> None:
    """Only two keys verify: after the next rotation every notification would count as forged."""
    subscribed(world)
    newest = Key("v2", b"the secret after a rotation", START - timedelta(days=30))
    next_one = Key("v3", b"the secret after another one", START - timedelta(days=1))
    world.keys = [newest, OLD]
    assert run(world) == {"replaced": 1}
    world.keys = [next_one, newest]
    world.pass_by(timedelta(days=6).total_seconds())
    assert run(world) == {"replaced": 1}
    watch = stored(world)
    assert watch_named_by(world.subscriptions.states[watch.subscription_id], world.keys) == watch.id
