"""While Graph answers untruly to all calls, and after it, no subscription ends and none is deleted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphForbidden, GraphRejected, GraphUnauthorized, GraphUnavailable
from shared.subscriptions.unknown.audit import PERIOD
from tests.simulation.lies import Listing, failing, repeating, with_expired
from tests.simulation.tenant import MAILBOXES, RUN, WATCHES, Tenant

LISTINGS: dict[str, tuple[Listing, bool]] = {
    "with ended ones": (with_expired, True),
    "repeating": (repeating(2), False),
    "throttled": (failing(GraphUnavailable(429, "ApplicationThrottled"), 10), False),
    "failing": (failing(GraphUnavailable(500, "UnknownError"), 10), False),
    "expired link": (failing(GraphRejected(400, "Directory_ExpiredPageToken"), 10), False),
}  # by name: whether the audit can count
SPELLINGS: dict[str, Callable[[str], str]] = {
    "key": lambda mailbox: f"Users('{mailbox.upper()}')/Events",
    "case": lambda mailbox: f"USERS/{mailbox.upper()}/EVENTS",
    "slash": lambda mailbox: f"/users/{mailbox}/events/",
    "object id": lambda mailbox: f"users/00000000-0000-4000-8000-{int(mailbox[4:].partition('@')[0]):012}/events",
}
RENEWALS_DUE = timedelta(days=4, hours=12)  # after the set-up
A_WEEK = timedelta(days=6, hours=12)  # less the spread of ends


def unharmed(tenant: Tenant) -> tuple[int, list[object], set[str]]:
    """Return how many of the first subscriptions are left, which were deleted, and the states."""
    return tenant.untouched, [*tenant.world.subscriptions.deleted], tenant.states


def renewed(tenant: Tenant) -> int:
    """Return how many subscriptions have a new end."""
    ends = [held.subscription.expires for held in tenant.world.subscriptions.live()]
    return sum(end > tenant.world.time + A_WEEK for end in ends)


@pytest.mark.parametrize("name", LISTINGS)
def test_the_audit_of_an_untrue_list_decides_nothing(tenant: Tenant, name: str) -> None:
    """It counts no subscription that has ended; of a list that cannot be read to its end it counts nothing."""
    graph, unknown = tenant.world.subscriptions, tenant.world.unknown_subscriptions
    over = graph.hold("gone@contoso.com", "https://relay.example/api/notifications", "", "x", tenant.world.time + RUN)
    tenant.runs(2)
    assert over.subscription in graph.expired
    right, (graph.listing, is_counted) = graph.listing, LISTINGS[name]
    tenant.world.time += PERIOD
    tenant.runs(1)
    assert [*unknown.all()] == []
    assert (unknown.state().void_since is None) is is_counted
    graph.listing = right
    tenant.world.time += PERIOD
    tenant.runs(1)
    assert unknown.state().void_since is None
    assert unharmed(tenant) == (WATCHES, [], {"live"})


def test_a_twin_of_a_denied_subscription_takes_its_place(tenant: Tenant) -> None:
    """Graph denies a living one and accepts a second. None is deleted: the row names the first as its former one."""
    graph, first = tenant.world.subscriptions, tenant.world.subscriptions.of(MAILBOXES[0])[0].subscription.id
    graph.untrue_404, graph.post_after_404 = {first}, "twin"
    tenant.world.time += timedelta(days=1)  # each is read by its id
    tenant.runs(3)
    graph.untrue_404 = set()
    tenant.runs(2)
    twins = {held.subscription.id for held in graph.of(MAILBOXES[0])}
    (watch,) = [each for each in tenant.world.watches.all() if each.mailbox == MAILBOXES[0]]
    assert (unharmed(tenant), len(twins)) == ((WATCHES - 1, [], {"live"}), 2)
    assert (twins, watch.former_id) == ({first, watch.subscription_id}, first)


@pytest.mark.parametrize(
    "error",
    [GraphUnauthorized(401, "InvalidAuthenticationToken"), GraphForbidden(403, "ErrorAccessDenied")],
    ids=["401", "403"],
)
def test_refusals_of_every_call_are_no_decision(tenant: Tenant, error: GraphError) -> None:
    """While renewals are due. Then each subscription is renewed."""
    tenant.world.time += RENEWALS_DUE
    tenant.world.subscriptions.refuse_all = tenant.world.events.refuse_all = error
    tenant.runs(4)
    assert (unharmed(tenant), renewed(tenant)) == ((WATCHES, [], {"live"}), 0)
    tenant.world.subscriptions.refuse_all = tenant.world.events.refuse_all = None
    tenant.runs(2)
    assert (unharmed(tenant), renewed(tenant)) == ((WATCHES, [], {"live"}), WATCHES)


@pytest.mark.parametrize("form", SPELLINGS)
def test_a_resource_in_another_form_is_the_same(tenant: Tenant, form: str) -> None:
    """In answers to GET and PATCH, and in the list; none is taken for another mailbox's."""
    tenant.world.subscriptions.spelled = SPELLINGS[form]
    tenant.world.time += timedelta(days=1)
    tenant.runs(1)
    tenant.world.time += RENEWALS_DUE
    tenant.runs(2)
    assert (unharmed(tenant), renewed(tenant)) == ((WATCHES, [], {"live"}), WATCHES)
    assert [*tenant.world.unknown_subscriptions.all()] == []


def test_after_a_wrong_date_graph_is_called_again(tenant: Tenant) -> None:
    """The header Date of its last answers was two hours off. Nothing but the timer calls Graph in the days after it."""
    world, dates = tenant.world, [timedelta(hours=2)]
    world.subscriptions.before = lambda _: setattr(world, "skew", dates[-1])
    tenant.runs(1)
    world.time += timedelta(days=1)
    tenant.runs(1)  # subscriptions are read by their ids, as each day
    dates.append(timedelta())
    world.time += RENEWALS_DUE
    tenant.runs(2)
    assert (unharmed(tenant), renewed(tenant)) == ((WATCHES, [], {"live"}), WATCHES)
