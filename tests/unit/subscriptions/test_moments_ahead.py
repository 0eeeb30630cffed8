"""A moment that an instance with a wrong clock stored, days ahead, delays nothing.

Each test fails when the moment is compared without `has_passed` or `is_impossible`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.errors import GraphForbidden
from shared.reliability.circuit_breaker import LONGEST_WAIT
from shared.resync.silence_rules import TWICE, is_to_be_replaced, may_replace, resyncs_are_due
from shared.storage.maintenance import ResyncHour
from shared.storage.partner_endpoint import EndpointState
from shared.subscriptions.brakes import LossBrake
from shared.subscriptions.due import lookup_at
from shared.subscriptions.removal import AT_WORK
from tests.support.subscribed import stored, subscribed
from tests.support.world import World

AHEAD = timedelta(days=5)


@pytest.mark.parametrize("name", ["looked_up_at", "renewed"])
def test_a_lookup_ahead_is_due_now(world: World, name: str) -> None:
    """Otherwise no loss, and no other address of the subscription, would be noticed for days."""
    moments: dict[str, Any] = {"looked_up_at": None, name: world.time + AHEAD}
    watch = subscribed(world, **moments)
    assert lookup_at(watch, world.time) == world.time


def test_an_audit_ahead_is_due_now(world: World) -> None:
    """The next one begins."""
    world.unknown_subscriptions.change_state(world.unknown_subscriptions.state(), started=world.time + AHEAD)
    assert world.audit.is_due()


def test_a_tombstone_ahead_holds_for_its_time_from_now(world: World) -> None:
    """A process may be deleting the subscription just now; after AT_WORK it may be taken over."""
    world.tombstones.write("s-1", world.time + AHEAD)
    assert world.removal.is_announced("s-1")
    world.pass_by(AT_WORK.total_seconds() - 1)
    assert world.removal.is_announced("s-1")
    world.pass_by(1)
    assert not world.removal.is_announced("s-1")


def test_a_maximum_lifetime_learnt_ahead_is_not_kept(world: World) -> None:
    """The lifetime of the settings is tried again."""
    world.lifetime_row.write(lambda _: {"minutes": 60, "learnt_at": world.time + AHEAD})
    assert world.lifetimes.minutes() == world.settings.subscription_lifetime_minutes


def test_a_rollout_stopped_ahead_is_tried_again(world: World) -> None:
    """And one that began ahead does not wait for Graph's validation for days."""
    row = world.rollouts.begin("target")
    world.rollout_row.write(lambda _: {"stopped_at": world.time + AHEAD, "began": world.time + AHEAD})
    assert not world.rollouts.waits(world.rollout_row.read())
    assert world.rollouts.begin("target").stopped_at is None
    assert world.rollouts.waits(row)


def test_an_hour_of_the_brake_ahead_is_over(world: World) -> None:
    """One lost subscription is created again each hour."""
    brake = LossBrake(world.brake_row, lambda: 20, world.now)
    world.brake_row.write(lambda _: {"since": world.time, "watches": 20, "hour": world.time + AHEAD, "created": 1})
    assert brake.takes_place()
    assert not brake.takes_place()


def test_a_brake_applied_ahead_is_released(world: World) -> None:
    """At the end of a run that lost few."""
    world.brake_row.write(lambda _: {"since": world.time + AHEAD, "watches": 20})
    assert world.loss_brake.end() is False


def test_a_failure_since_a_moment_ahead_is_refused(world: World) -> None:
    """Otherwise health would show a watch as pending for days."""
    watch = world.watch(subscription_id="", renewed=world.time, failing_since=world.time + AHEAD, state="pending")
    world.records.believe(watch, GraphForbidden(403, "ErrorAccessDenied"))
    assert stored(world).state == "refused"


def test_a_replacement_ahead_is_no_rest_and_no_order(world: World) -> None:
    """A silent subscription is replaced, and one that was replaced is not replaced again for days."""
    watch = subscribed(world, replaced_at=world.time + AHEAD, silent_resyncs=TWICE)
    assert may_replace(watch, TWICE, world.time)
    assert not is_to_be_replaced(watch, world.time)


def test_resyncs_of_an_outage_ahead_are_due(world: World) -> None:
    """All mailboxes are resynced every four hours."""
    row = ResyncHour(missing_since=world.time, began=world.time, resynced_at=world.time + AHEAD)
    assert resyncs_are_due(row, world.time)


def test_a_last_run_ahead_does_not_hide_that_the_timer_does_not_come(world: World) -> None:
    """A message that is processed puts the run on the queue."""
    world.heartbeat.ran(world.time + AHEAD)
    world.overdue_run.ensure()
    assert [job.kind for job in world.jobs.take_jobs()] == ["reconcile"]


@pytest.mark.parametrize(("ahead", "is_due"), [(LONGEST_WAIT, False), (LONGEST_WAIT + AHEAD, True)])
def test_a_probe_later_than_any_retry_after_is_due(world: World, ahead: timedelta, *, is_due: bool) -> None:
    """The partner's Retry-After counts for a day at most."""
    world.endpoints.change(world.endpoints.read(), state=str(EndpointState.FAILING), probe_at=world.time + ahead)
    assert world.breaker.probe_due() is is_due


def test_a_lease_of_the_drain_ahead_is_free(world: World) -> None:
    """It is held for two seconds."""
    world.endpoints.change(world.endpoints.read(), drain_at=world.time + AHEAD)
    assert world.breaker.acquire_drain()
    assert not world.breaker.acquire_drain()


def test_a_claim_of_an_event_ahead_is_free(world: World) -> None:
    """Otherwise the event's changes would wait for days."""
    (entry,) = world.ledger.read("w", ["E"])
    (claimed,) = world.ledger.claim([entry])
    assert claimed is not None
    assert world.ledger.claim(world.ledger.read("w", ["E"])) == [None]
    world.time -= AHEAD  # the instance that claimed was ahead
    assert world.ledger.claim(world.ledger.read("w", ["E"])) != [None]
