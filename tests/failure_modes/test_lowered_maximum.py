"""Graph lowers the maximum lifetime while renewals run: it is learnt once for all, and nothing ends."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from tests.simulation.tenant import WATCHES, Tenant

FALLS = {10: 4_230, 40: 1_440, 70: 60}  # after so many PATCHes, minutes


@pytest.mark.parametrize("is_named", [True, False])
def test_a_maximum_that_falls_during_a_run_ends_no_subscription(tenant: Tenant, *, is_named: bool) -> None:
    """To 4,230, 1,440 and 60 minutes. Few calls are refused, health says what Graph accepts, and all live on."""
    world, graph = tenant.world, tenant.world.subscriptions
    graph.names_longest = is_named
    refused: Counter[int] = Counter()
    refuse = graph.refuse_lifetime

    def counted(lifetime: timedelta) -> None:
        minutes = FALLS.get(graph.calls["PATCH"] - refused.total(), 0)
        graph.longest = timedelta(minutes=minutes) if minutes else graph.longest
        try:
            refuse(lifetime)
        except Exception:
            refused[int(graph.longest.total_seconds() // 60)] += 1
            raise

    graph.refuse_lifetime = counted  # type: ignore[method-assign]  # the maximum falls between two calls
    world.time += timedelta(days=4)  # renewals are due
    tenant.runs(1)
    assert graph.longest == timedelta(hours=1)
    assert refused.total() <= 3 * 40  # the calls that were under way, and the halvings
    check = world.health_checks.run("subscriptionLifetime")
    assert "Graph accepts 60 minutes" in check.text
    tenant.runs(48)
    assert (tenant.untouched, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])
