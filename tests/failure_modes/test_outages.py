"""Login or Graph fails for hours or days: nothing is concluded, little is called, and everything is made up for."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from shared.errors import GraphUnavailable, RelayError, ServiceUnavailable
from tests.simulation.tenant import MAILBOXES, WATCHES, Tenant

LOGIN = ServiceUnavailable("login", "answered 429", 3_600.0)


def rows_of(tenant: Tenant) -> dict[str, dict[str, Any]]:
    """Return the rows of the watches."""
    return {key[1]: dict(row) for key, row in tenant.world.rows.rows.items() if key[0] == "watch"}


def fails(tenant: Tenant, error: RelayError) -> None:
    """Let every call to Graph and every request of a token fail."""

    def fail(*_: object) -> None:
        raise error

    tenant.world.subscriptions.before = tenant.world.events.before = fail
    tenant.world.subscriptions.wait = fail if error is LOGIN else lambda: None


def works(tenant: Tenant) -> None:
    """Let the calls succeed again."""
    tenant.world.subscriptions.before = tenant.world.events.before = lambda _: None
    tenant.world.subscriptions.wait = lambda: None


@pytest.mark.parametrize("hours", [6, 71])
def test_an_outage_of_login_changes_no_row(tenant: Tenant, hours: int) -> None:
    """Renewals are due. Afterwards they catch up in a single run; a watch without a subscription is not claimed."""
    world = tenant.world
    world.time += timedelta(days=3, hours=22)
    lost = next(iter(world.watches.all()))
    world.subscriptions.lose(lost.subscription_id)
    tenant.runs(0)
    world.watches.change(lost, subscription_id="", state="pending")
    fails(tenant, LOGIN)
    before = rows_of(tenant)
    tenant.runs(hours * 2)
    assert rows_of(tenant) == before
    works(tenant)
    tenant.runs(2)
    assert (tenant.served, tenant.untouched, tenant.states) == (WATCHES, WATCHES - 1, {"live"})
    assert world.subscriptions.deleted == []


def test_an_outage_of_login_ends_a_run(tenant: Tenant) -> None:
    """A hundred renewals are due; no more than a few of them ask login, which one thread does at a time."""
    asked: Counter[str] = Counter()

    def fail(verb: str) -> None:
        asked[verb] += 1
        raise LOGIN

    tenant.world.time += timedelta(days=4)
    tenant.world.subscriptions.before = fail
    tenant.world.reconciler.reconcile()
    assert asked.total() <= 20


@pytest.mark.parametrize("status", [503, 0])
def test_an_outage_of_graph_costs_sixty_calls_an_hour(tenant: Tenant, status: int) -> None:
    """For eight hours, while renewals are due; each call takes thirty seconds. Nothing is created or resynced."""
    world, graph = tenant.world, tenant.world.subscriptions
    world.time += timedelta(days=3, hours=22)
    graph.creations.clear()
    world.events.calls.clear()
    calls, since = Counter[int](), world.time

    def fail(_: str) -> None:
        calls[int((world.time - since).total_seconds() // 3_600)] += 1
        raise GraphUnavailable(status, "ServiceUnavailable")

    graph.before = world.events.before = fail
    tenant.runs(16)
    assert max(calls.values()) <= 60, calls
    assert (graph.creations, world.events.calls) == ({}, Counter())
    works(tenant)
    tenant.runs(3)
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert world.events.calls == Counter()


def test_until_graph_has_answered_a_run_makes_its_calls_in_sequence(tenant: Tenant) -> None:
    """While it is down each call takes thirty seconds, and every worker would wait for its own."""
    meeting, met = Barrier(2, timeout=0.3), list[str]()

    def slow(verb: str) -> None:
        with suppress(BrokenBarrierError):  # nobody else came
            meeting.wait()
            met.append(verb)
        raise GraphUnavailable(0, "NoAnswer.ReadTimeout")

    tenant.world.time += timedelta(days=4)
    tenant.world.subscriptions.before = slow
    tenant.world.reconciler.reconcile()
    assert (met, tenant.world.subscriptions.calls.total()) == ([], WATCHES)


def test_an_unreachable_notification_host_deletes_nothing(tenant: Tenant) -> None:
    """Its certificate or its name is gone for over a day, and Graph cannot validate it. Health says so."""
    world, graph = tenant.world, tenant.world.subscriptions
    graph.reachable = {"https://nobody.example"}
    graph.lose(next(iter(tenant.first)))  # a new one is refused, because Graph validates its addresses
    tenant.runs(54)  # each subscription is read once a day; the loss is seen twice before it is believed
    assert (graph.deleted, tenant.untouched) == ([], WATCHES - 1)
    check = world.health_checks.run("oldestSubscriptionExpiry")
    assert not check.ok
    assert "Graph must reach the notification URLs" in check.text
    graph.reachable = None
    tenant.runs(4)
    assert (tenant.served, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert world.health_checks.run("oldestSubscriptionExpiry").ok


@pytest.mark.parametrize("error", [GraphUnavailable(200, "UnreadableSubscription"), GraphUnavailable(0, "NoAnswer")])
def test_unreadable_answers_of_all_patches_move_the_ends(tenant: Tenant, error: GraphUnavailable) -> None:
    """Each PATCH succeeds; a GET says the new end. Nothing is repeated or made anew."""
    world, graph = tenant.world, tenant.world.subscriptions
    graph.unreadable_answers, graph.unreadable = set(tenant.first), error
    tenant.runs(9 * 48)
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert graph.calls["PATCH"] <= 3 * WATCHES
    assert all(watch.last_error == "" for watch in world.watches.all())


def test_an_answer_that_no_get_explains_is_tried_three_times_and_shown(tenant: Tenant) -> None:
    """The GET fails as well: the row keeps its end, and says what is wrong. The others are renewed."""
    world, graph = tenant.world, tenant.world.subscriptions
    world.time += timedelta(days=4)
    unclear = max(tenant.first)
    graph.unreadable_answers = {unclear}

    def fail(verb: str) -> None:
        if verb == "GET":
            raise GraphUnavailable(503, "x")

    graph.before = fail
    world.reconciler.reconcile()
    tried = Counter(subscription_id for _, subscription_id in graph.touched)
    assert (tried.pop(unclear), set(tried.values())) == (3, {1})
    assert {watch.subscription_id for watch in world.watches.all() if watch.last_error} == {unclear}
    graph.before = lambda _: None
    tenant.runs(2)
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert all(watch.last_error == "" for watch in world.watches.all())


def test_a_mailbox_that_moves_is_delivered_once(tenant: Tenant) -> None:
    """For six hours no event is found; then each has a new id. Meanwhile nothing is told as deleted."""
    world, mailbox = tenant.world, MAILBOXES[0]
    for days in range(20, 30):
        tenant.book([mailbox], days)
    tenant.runs(1)
    told = dict(world.webhook.knows[mailbox])
    assert len(told) == 10
    world.events.missing |= {mailbox, "6f0c"}  # by its address and by its object id
    for event_id in told:
        tenant.hint(mailbox, event_id)
        tenant.hint(mailbox, event_id, "deleted")
    for _ in range(2):
        world.catch_up.queue_nightly_resyncs()
        tenant.runs(6)
    assert world.webhook.knows[mailbox] == told
    world.events.missing.clear()
    world.events.meetings[mailbox] = {
        f"new-{event_id}": {**event, "id": f"new-{event_id}"}
        for event_id, event in world.events.meetings[mailbox].items()
    }
    deliveries = world.webhook.deliveries
    tenant.runs(24)
    world.catch_up.queue_nightly_resyncs()
    tenant.runs(24)
    assert (tenant.partner_differs, world.webhook.deliveries - deliveries) == (set(), 20)
    assert (tenant.untouched, tenant.states, world.subscriptions.deleted) == (WATCHES, {"live"}, [])
