"""Claims about a reconcile run: what it leaves at Graph and in the rows, how fast, and what one failure does."""

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


def standing(world: World, mailbox: str = MAILBOX, expires: timedelta = SOON) -> Watch:
    """Store a watch whose subscription stands at Graph."""
    number, end = f"s-{mailbox}", world.time + expires
    world.subscriptions.standing[number] = Subscription(number, resource_of(mailbox), *URLS, end)
    return world.watch(mailbox, subscription_id=number, expires=end)


def run(world: World) -> dict[str, int]:
    """Let the timer run, and return what came of the steps."""
    return dict(world.reconciler.reconcile())


def the(world: World, mailbox: str = MAILBOX) -> Watch:
    """Return a watch as it is stored."""
    watch = world.watches.get(watch_id_of(mailbox))
    assert watch is not None
    return watch


def test_what_expires_soon_is_renewed_by_one_patch(world: World) -> None:
    """Nothing is reauthorized or made anew, nothing was missed; the row knows the new end."""
    watch = standing(world)
    assert run(world) == {"renewed": 1}
    assert world.subscriptions.calls == ["list", "renew"]
    after = the(world)
    assert after.expires == world.subscriptions.standing[watch.subscription_id].expires
    assert world.jobs.take_jobs() == []


def test_what_lives_long_costs_one_listing(world: World) -> None:
    """And no write."""
    standing(world, expires=timedelta(minutes=4_320))
    assert run(world) == {}
    assert world.subscriptions.calls == ["list"]


def test_what_graph_has_lost_is_made_anew_and_resynced(world: World) -> None:
    """The row no longer says that a resync is owed once it is queued."""
    world.watch()
    assert run(world) == {"created": 1}
    after = the(world)
    assert list(world.subscriptions.standing) == [after.subscription_id]
    assert (after.state, after.gap_since) == ("live", None)
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]


def test_a_first_creation_is_followed_by_no_resync(world: World) -> None:
    """There was nothing to miss."""
    world.watch(state="pending", subscription_id="", expires=None, renewed=None)
    assert run(world) == {"created": 1}
    assert world.jobs.take_jobs() == []


def test_a_resync_that_could_not_be_queued_is_owed(world: World) -> None:
    """The queue is down when the subscription was just made: the next run queues it."""
    world.watch()
    world.jobs.failure = GraphUnavailable(0, "queue")
    with pytest.raises(GraphUnavailable):
        run(world)
    assert the(world).gap_since is not None
    world.jobs.failure = None
    assert run(world) == {}
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]


def test_a_direct_watch_is_not_resynced(world: World) -> None:
    """Its changes never come to us; the debt is forgotten."""
    world.watch(delivery="direct", notification_url="https://partner.example/graph")
    run(world)
    assert world.jobs.take_jobs() == []
    assert the(world).gap_since is None


def test_ends_are_spread(world: World) -> None:
    """A thousand renewed together do not end together, and none ends much sooner than it could."""
    for number in range(1000):
        standing(world, f"room{number}@contoso.com")
    world.sleep = lambda _: None  # type: ignore[method-assign]
    run(world)
    ends = sorted(one.expires for one in world.subscriptions.standing.values())
    assert ends[-1] <= START + LIFETIME
    assert ends[0] >= START + LIFETIME * (1 - SPREAD)
    per_minute = Counter((end - START) // timedelta(minutes=1) for end in ends)
    assert max(per_minute.values()) < 20


def test_a_failure_stops_nobody_else(world: World) -> None:
    """One without an answer is tried again in the same run, one that failed otherwise at the next."""
    for number in range(4):
        standing(world, f"room{number}@contoso.com")
    world.subscriptions.failures = [None, GraphUnavailable(503, "x"), ZeroDivisionError()]
    assert run(world) == {"renewed": 3, "failed": 1}
    assert run(world) == {"renewed": 1}


def test_a_creation_that_was_throttled_is_made_in_the_same_run(world: World) -> None:
    """The first try has claimed the row, which names no subscription since: that is still this run's work."""
    world.watch()
    world.subscriptions.failures = [None, GraphUnavailable(429, "x", retry_after=1)]
    assert run(world) == {"created": 1}
    assert list(world.subscriptions.standing) == [the(world).subscription_id]


def test_a_renewal_that_became_a_creation_is_made_in_the_same_run(world: World) -> None:
    """The PATCH found nothing, and then Graph did not answer the POST."""
    standing(world)
    world.subscriptions.failures = [None, GraphNotFound(404, "x"), GraphUnavailable(503, "x")]
    assert run(world) == {"created": 1}
    assert the(world).subscription_id in world.subscriptions.standing


def test_a_run_gives_up_when_graph_is_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred failing calls help nobody."""
    monkeypatch.setattr(reconciling, "AT_ONCE", 1)
    for number in range(100):
        standing(world, f"room{number}@contoso.com")
    world.subscriptions.failures = [None, *[GraphUnavailable(503, "x")] * 100]
    assert run(world) == {"unanswered": 1, "left": 99}
    assert world.subscriptions.calls.count("renew") == GIVE_UP


def test_a_list_that_cannot_be_read_changes_nothing(world: World) -> None:
    """Half a list would look like a loss of the other half."""
    standing(world)
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(GraphUnavailable):
        run(world)
    assert world.subscriptions.calls == ["list"]


def test_the_time_budget_ends_a_run_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is said; nothing is forgotten."""
    monkeypatch.setattr(reconciling, "AT_ONCE", 1)
    for number in range(10):
        standing(world, f"room{number}@contoso.com")
    patch = world.subscriptions.renew

    def slow(subscription_id: str, expires: object) -> Subscription:
        world.pass_by(BUDGET.total_seconds() / 4)
        return patch(subscription_id, expires)

    world.subscriptions.renew = slow  # type: ignore[method-assign]
    assert run(world) == {"renewed": 4, "left": 6}
    assert run(world) == {"renewed": 4, "left": 2}
    assert run(world) == {"renewed": 2}


def test_a_budget_leaves_the_host_its_time() -> None:
    """The host ends a function after ten minutes; the listing and the last creations may take some of them."""
    assert timedelta(minutes=10) - BUDGET >= timedelta(minutes=4)


def test_progress_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An administrator sees how far a thousand rooms are."""
    for number in range(5):
        standing(world, f"room{number}@contoso.com")
    with caplog.at_level(logging.INFO, "relay.reconcile"):
        run(world)
    assert "Subscriptions: 5 of 5 steps done (5 renewed)" in caplog.text


def test_a_watch_deleted_meanwhile_stays_deleted(world: World) -> None:
    """And what was made for it is removed."""
    world.watch()
    world.subscriptions.during_create = world.rows.rows.clear
    assert run(world) == {"deleted-meanwhile": 1}
    assert world.subscriptions.standing == {}


def test_two_runs_at_once_make_one_subscription(world: World) -> None:
    """The second meets the first in the middle of a creation, and lets it."""
    world.watch()
    ends: list[dict[str, int]] = []

    def again() -> None:
        world.subscriptions.during_create = lambda: None
        ends.append(run(world))

    world.subscriptions.during_create = again
    assert run(world) == {"created": 1}
    assert ends == [{}]
    assert list(world.subscriptions.standing) == [the(world).subscription_id]


def test_a_surplus_that_is_needed_meanwhile_stays(world: World) -> None:
    """The plan may be minutes old."""
    standing(world)
    extra = Subscription("s-2", resource_of(MAILBOX), *URLS, START + LIFETIME)
    world.subscriptions.standing["s-2"] = extra
    renew = world.subscriptions.renew

    def adopted(subscription_id: str, expires: object) -> Subscription:
        renewed = renew(subscription_id, expires)
        world.watches.change(the(world), subscription_id="s-2")
        return renewed

    world.subscriptions.renew = adopted  # type: ignore[method-assign]
    assert run(world)["needed-meanwhile"] == 1
    assert "s-2" in world.subscriptions.standing


def test_a_client_state_of_the_previous_key_is_replaced_before_it_retires(world: World) -> None:
    """Only two keys are known: after the next rotation every notification would be taken for forged."""
    standing(world)
    newest = Key("v2", b"the secret after a rotation", START - timedelta(days=30))
    next_one = Key("v3", b"the secret after another one", START - timedelta(days=1))
    world.keys = [newest, OLD]
    assert run(world) == {"replaced": 1}
    world.keys = [next_one, newest]
    world.pass_by(timedelta(days=6).total_seconds())
    assert run(world) == {"replaced": 1}
    watch = the(world)
    assert watch_named_by(world.subscriptions.states[watch.subscription_id], world.keys) == watch.id
