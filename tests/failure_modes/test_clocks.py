"""An instance whose clock is wrong writes nothing, and what it wrote before it knew does no harm for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.simulation.tenant import WATCHES, Instance, Tenant

JUMPS = [timedelta(minutes=10), timedelta(minutes=-10), timedelta(days=5), timedelta(days=-5)]
AHEAD = timedelta(days=5)


@pytest.mark.parametrize("ahead", JUMPS, ids=str)
def test_an_instance_with_a_wrong_clock_does_no_work_that_is_due(tenant: Tenant, ahead: timedelta) -> None:
    """It learns from Graph's answer to a read, before it writes. The other instance goes on for nine days."""
    world, graph = tenant.world, tenant.world.subscriptions
    wrong = Instance(world, ahead)
    for _ in range(9 * 4):
        tenant.runs(12)
        wrong.start()
        rows, touched = {key: dict(row) for key, row in world.rows.rows.items()}, len(graph.touched)
        wrong.reconciler.reconcile()
        assert {key: dict(row) for key, row in world.rows.rows.items()} == rows
        assert len(graph.touched) == touched
    assert (tenant.served, tenant.states, graph.deleted) == (WATCHES, {"live"}, [])


def test_a_wrong_clock_is_no_work_also_for_a_message(tenant: Tenant) -> None:
    """A run that a message of another instance continues, and an audit, which would take a lease."""
    tenant.world.time += timedelta(days=4)  # renewals are due
    wrong = Instance(tenant.world, AHEAD)
    assert wrong.reconciler.run() == {"skipped": 1}
    rows = set(tenant.world.rows.rows) | set(tenant.world.attempt_rows.rows)
    assert wrong.audit.run() == "clock-is-wrong"
    assert set(tenant.world.rows.rows) | set(tenant.world.attempt_rows.rows) == rows


def test_a_maximum_is_not_learnt_with_a_wrong_clock(tenant: Tenant) -> None:
    """Graph refuses an end that is five days too late: that says nothing about the lifetime."""
    wrong = Instance(tenant.world, AHEAD)
    (watch, *_) = wrong.watches.all()
    for renew in (wrong.subscription_service.renew, wrong.subscription_service.renew):
        with pytest.raises(Exception, match="InvalidRequest"):
            renew(watch)
    assert tenant.world.lifetimes.minutes() == tenant.world.settings.subscription_lifetime_minutes


@pytest.mark.parametrize(
    "names", [("missing_since",), ("retry_at",), ("looked_up_at", "renewed"), ("due_at",)], ids=lambda each: each[0]
)
def test_moments_of_a_wrong_clock_in_a_row_lose_no_subscription(tenant: Tenant, names: tuple[str, ...]) -> None:
    """They are five days ahead, and so is the time of the last sweep. Each watch is renewed before its end."""
    world = tenant.world
    tenant.runs(1)
    world.time += timedelta(days=3, hours=18)  # renewals are due in hours, and the ends are three days away
    ahead: dict[str, Any] = dict.fromkeys(names, world.time + AHEAD)
    later = world.time + timedelta(days=30)
    for watch in list(world.watches.all()):
        assert world.watches.change(watch, **{"due_at": later} | ahead) is not None
    world.sweep_row.write(lambda _: {"read_at": later})
    tenant.runs(9 * 48)
    assert (tenant.untouched, tenant.states, world.subscriptions.deleted) == (WATCHES, {"live"}, [])


def test_a_claim_of_a_wrong_clock_ends(tenant: Tenant) -> None:
    """Its holder was killed: the watch has a subscription again within a day."""
    world = tenant.world
    tenant.runs(1)
    watch = next(iter(world.watches.all()))
    assert world.watches.claim(watch, world.time + AHEAD) is not None
    tenant.runs(49)
    assert (tenant.untouched, tenant.states) == (WATCHES, {"live"})


@pytest.mark.parametrize(("seconds", "is_ok"), [(60, True), (61, False), (-61, False), (3_600, False)])
def test_health_names_a_clock_that_is_over_a_minute_off(tenant: Tenant, seconds: float, *, is_ok: bool) -> None:
    """Ahead or behind; the check says by how much."""
    tenant.world.skew = timedelta(seconds=seconds)
    check = tenant.world.health_checks.run("clock")
    assert (check.ok, str(seconds) in check.text) == (is_ok, not is_ok)
