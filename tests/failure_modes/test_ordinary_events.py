"""Ordinary events that once ended every subscription. A hundred watches; Graph checks the reason of each DELETE."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.messages import Job
from shared.storage.watches import Watch
from tests.simulation.lies import empty, failing, partial
from tests.simulation.tenant import WATCHES, Tenant


@pytest.fixture
def tenant() -> Tenant:
    """Return a tenant with a hundred live watches."""
    return Tenant()


@pytest.mark.parametrize(
    "listing", [empty, partial(3), failing(GraphUnavailable(503, "x"), 10)], ids=["empty", "holes", "fails"]
)
def test_a_wrong_list_ends_no_subscription(tenant: Tenant, listing: object) -> None:
    """The list of subscriptions is empty, lacks some, or fails, and is right again later."""
    graph = tenant.world.subscriptions
    right, graph.listing = graph.listing, listing  # type: ignore[assignment]  # each is a listing
    tenant.runs(14)
    graph.listing = right
    tenant.runs(14)
    assert (tenant.untouched, graph.deleted, tenant.states) == (WATCHES, [], {"live"})


def test_two_versions_side_by_side_end_no_subscription(tenant: Tenant) -> None:
    """Each kind of job of a later version comes to this one for every watch, and the later version moves rows."""
    for watch in list(tenant.world.watches.all()):
        for kind in ("verify-subscription", "moved", "subscription-removed", "subscriptionsRemoved"):
            tenant.world.jobs.send(Job(watch.id, kind, watch.subscription_id))
            tenant.world.work.send(Job(watch.id, kind, watch.subscription_id))
        tenant.world.rows.rows.pop(("watch", watch.id))  # moved to where this version does not look
    tenant.runs(30)
    assert (tenant.served, tenant.world.subscriptions.deleted) == (WATCHES, [])


def test_a_typing_error_in_the_public_address_costs_no_subscription(tenant: Tenant) -> None:
    """Nothing answers at the address. Graph refuses the first batch of one; the rest is renewed where it was."""
    graph = tenant.world.subscriptions
    graph.reachable = {"https://relay.example"}
    tenant.world.given["PUBLIC_BASE_URL"] = "https://realy.example"
    tenant.world.start()
    tenant.runs(48)
    assert (tenant.untouched, graph.deleted, tenant.states) == (WATCHES, [], {"live"})
    stopped = tenant.world.rollout_row.read()
    assert (stopped.code, stopped.stopped_at is not None) == ("ValidationError", True)
    tenant.world.given["PUBLIC_BASE_URL"] = "https://relay.example"
    tenant.world.start()
    tenant.runs(2)
    assert (tenant.untouched, tenant.world.rollout_row.read().stopped_at) == (WATCHES, None)


def test_a_typing_error_that_stays_for_nine_days_costs_no_subscription(tenant: Tenant) -> None:
    """What has to wait for the new address is renewed where it is when its end is near."""
    graph = tenant.world.subscriptions
    graph.reachable = {"https://relay.example"}
    tenant.world.given["PUBLIC_BASE_URL"] = "https://realy.example"
    tenant.world.start()
    tenant.runs(9 * 48)
    assert (tenant.untouched, graph.deleted, tenant.states) == (WATCHES, [], {"live"})


def test_an_address_that_graph_does_not_validate_costs_a_subscription_at_a_time(tenant: Tenant) -> None:
    """A PATCH may be accepted without a validation: no handshake reaches the relay, and the first is moved back."""
    graph = tenant.world.subscriptions
    graph.validates_address = False
    tenant.world.given["PUBLIC_BASE_URL"] = "https://realy.example"
    tenant.world.start()
    tenant.runs(3)
    elsewhere = [held for held in graph.live() if "realy" in held.subscription.notification_url]
    assert (len(elsewhere) <= 1, tenant.untouched, graph.deleted) == (True, WATCHES, [])


def test_a_new_address_is_rolled_out_without_a_deletion(tenant: Tenant) -> None:
    """One, ten, all: by PATCH, within the runs of an hour. Lifecycle URLs follow when the ends are near."""
    tenant.world.given["PUBLIC_BASE_URL"] = "https://moved.example"
    tenant.world.start()
    tenant.runs(2)
    addresses = {held.subscription.notification_url for held in tenant.world.subscriptions.live()}
    assert (addresses, tenant.untouched) == ({"https://moved.example/api/notifications"}, WATCHES)
    assert tenant.world.subscriptions.deleted == []


@pytest.mark.parametrize("answer", ["limit", "forbidden", "conflict"])
def test_a_404_that_is_not_true_ends_no_subscription(tenant: Tenant, answer: str) -> None:
    """PATCH, GET and DELETE answer 404 for hours, and POST refuses. Afterwards each is adopted by its row again."""
    graph = tenant.world.subscriptions
    tenant.world.time += timedelta(days=4)  # renewals are due
    graph.untrue_404, graph.post_after_404 = set(tenant.first), answer  # type: ignore[assignment]  # one of its texts
    tenant.runs(16)
    assert (tenant.served, graph.deleted) == (WATCHES, [])
    graph.untrue_404 = set()
    tenant.runs(8)
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])


def rows_restored(tenant: Tenant, kept: list[Watch]) -> None:
    """Restore the table of watches."""
    tenant.world.rows.rows.clear()
    for watch in kept:
        assert tenant.world.watches.insert(watch) is not None


@pytest.mark.parametrize("days", [0.05, 1, 8])
def test_a_restored_table_ends_no_subscription(tenant: Tenant, days: float) -> None:
    """The table is as it was some time ago. All watches are live within two runs; nothing is deleted."""
    kept = list(tenant.world.watches.all())
    tenant.runs(int(days * 48))
    rows_restored(tenant, kept)
    tenant.runs(2)
    assert (tenant.served, tenant.states, tenant.world.subscriptions.deleted) == (WATCHES, {"live"}, [])


def test_an_empty_table_ends_no_subscription(tenant: Tenant) -> None:
    """Three days without rows: the subscriptions of the relay are counted as unknown, and none is deleted."""
    tenant.world.rows.rows.clear()
    tenant.runs(3 * 48)
    assert (tenant.served, tenant.world.subscriptions.deleted) == (WATCHES, [])
    assert not tenant.world.audit.health()[0]


def test_each_tenth_row_unreadable_ends_no_subscription(tenant: Tenant) -> None:
    """A reader skips them; nothing follows from it."""
    for number, key in enumerate(sorted(tenant.world.rows.rows)):
        if key[0] == "watch" and number % 10 == 0:
            tenant.world.rows.rows[key]["expires"] = "not a time"
    tenant.runs(3 * 48)
    assert (tenant.served, tenant.world.subscriptions.deleted) == (WATCHES, [])
