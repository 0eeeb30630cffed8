"""Several instances and deployments at once: each touches its own subscriptions, and the partner is told once."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest

from shared.errors import RequestRejected
from shared.graph.client_state import Key
from shared.watches.requests import WatchRequest
from tests.simulation.lies import EVERY
from tests.simulation.tenant import MAILBOXES, RUN, WATCHES, Deployment, Instance, Tenant
from tests.simulation.world import World

DAYS = 9
pytestmark = pytest.mark.long  # nine days of two deployments, four times


def delivered_ids(tenant: Tenant) -> dict[tuple[str, str], set[str]]:
    """Record the webhook-ids under which the partner gets each event."""
    partner, ids = tenant.world.webhook, defaultdict[tuple[str, str], set[str]](set)
    deliver = partner.deliver

    def record(message_id: str, body: str) -> int:
        before = {(mailbox, event): str(event) for mailbox, events in partner.knows.items() for event in events}
        status = deliver(message_id, body)
        for mailbox, events in partner.knows.items():
            for event in events.keys() - {each for owner, each in before if owner == mailbox}:
                ids[mailbox, event].add(message_id)
        return status

    partner.deliver = record  # type: ignore[method-assign]  # the test looks at what the partner gets
    return ids


def side_by_side(tenant: Tenant, other: World, runs: int) -> None:
    """Let both run, a quarter of an hour apart; each processes its queues."""
    for _ in range(runs):
        for world in (tenant.world, other):
            world.reconciler.reconcile()
            for _ in range(3):
                tenant.world.process()
                other.process()
                tenant.world.time += RUN / 6
    tenant.rule.check()


def test_two_apps_on_the_same_storage_cost_no_more_and_delete_nothing(tenant: Tenant) -> None:
    """Blue and green, for nine days: at most two PATCHes a renewal, and each event under one webhook-id."""
    green, ids = Instance(tenant.world), delivered_ids(tenant)
    for day in range(DAYS):
        tenant.book(MAILBOXES[day * 10 : day * 10 + 10])
        for world in (tenant.world, green):
            world.catch_up.queue_nightly_resyncs()
        side_by_side(tenant, green, 48)
    graph = tenant.world.subscriptions
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
    assert graph.calls["PATCH"] <= 2 * WATCHES * 3  # one renewal in three days
    assert tenant.partner_differs == set()
    assert {len(each) for each in ids.values()} == {1}
    assert tenant.world.webhook.deliveries == DAYS * 10


def test_two_apps_at_the_same_moment_create_a_single_subscription(tenant: Tenant) -> None:
    """Each begins its run while the other waits for Graph's answer to a POST."""
    world, graph = tenant.world, tenant.world.subscriptions
    green = Instance(world)
    for subscription_id in list(tenant.first):
        graph.lose(subscription_id)
    world.time += timedelta(days=7)  # their ends have passed, so each is made anew at once
    met: list[str] = []

    def meet(verb: str) -> None:
        if verb == "POST" and not met:
            met.append(verb)
            green.reconciler.reconcile()

    graph.before = meet
    tenant.runs(2)
    assert (met, tenant.served, tenant.states) == (["POST"], WATCHES, {"live"})
    assert len(graph.live()) == WATCHES


@pytest.mark.parametrize("are_accepted", [False, True], ids=["conflict", "accepted"])
def test_two_deployments_of_a_registration_touch_their_own(tenant: Tenant, *, are_accepted: bool) -> None:
    """Graph refuses the other's subscriptions of the same mailboxes, or accepts them: then both renew their own."""
    world, graph = tenant.world, tenant.world.subscriptions
    other = Deployment(world, PUBLIC_BASE_URL="https://other.example")
    graph.accepts_twins = EVERY if are_accepted else set()
    for mailbox in MAILBOXES:
        if are_accepted:
            other.watch_setup.subscribe(WatchRequest(mailbox))
        else:
            with pytest.raises(RequestRejected, match="Another subscription"):
                other.watch_setup.subscribe(WatchRequest(mailbox))
    graph.accepts_twins = set()
    for _ in range(DAYS * 48):
        for each in (world, other):
            before = len(graph.touched)
            each.reconciler.reconcile()
            each.process()
            urls = {graph.held[touched].subscription.notification_url for _, touched in graph.touched[before:]}
            assert urls <= {f"{each.given['PUBLIC_BASE_URL']}/api/notifications"}
        world.time += RUN
    assert (tenant.untouched, graph.deleted) == (WATCHES, [])
    assert len(graph.live()) == (2 * WATCHES if are_accepted else WATCHES)
    assert all(each.audit.health()[0] for each in (world, other))


@pytest.mark.parametrize("has_same_keys", [False, True], ids=["another vault", "the same vault"])
def test_a_new_deployment_under_the_old_host_adopts(tenant: Tenant, *, has_same_keys: bool) -> None:
    """Its storage is empty, and the partner sets each mailbox up again. What stands is adopted, not deleted."""
    world, graph = tenant.world, tenant.world.subscriptions
    new = Deployment(world)
    rule = tenant.rule
    graph.deletion = lambda *_: None  # with the same keys it verifies, which the new deployment cannot know
    if not has_same_keys:
        new.keys = [Key("n1", b"the first secret of the new deployment", world.time - timedelta(days=1))]
        rule = new.deletion_rule()
    for mailbox in MAILBOXES:
        new.watch_setup.subscribe(WatchRequest(mailbox))
    assert {watch.subscription_id for watch in new.watches.all()} == tenant.first
    assert graph.deleted == []
    for _ in range(DAYS * 48):
        new.reconciler.reconcile()
        new.process()
        assert tenant.served == WATCHES
        world.time += RUN
    rule.check(within=timedelta(hours=1))
    assert len(graph.live()) == WATCHES
    assert {watch.subscription_id for watch in new.watches.all()} == {held.subscription.id for held in graph.live()}
    assert len(graph.deleted) == WATCHES  # at their renewal: a clientState of an unknown key may not verify


def test_a_new_deployment_without_watches_deletes_nothing(tenant: Tenant) -> None:
    """It has the old host and an empty storage. For three days all subscriptions are unknown to it, and stay."""
    new = Deployment(tenant.world)
    for _ in range(3 * 48):
        new.reconciler.reconcile()
        new.process()
        tenant.world.time += RUN
    assert (tenant.served, tenant.world.subscriptions.deleted) == (WATCHES, [])
    is_ok, text = new.audit.health()
    assert (is_ok, text.startswith(f"{WATCHES} subscriptions")) == (False, True)
