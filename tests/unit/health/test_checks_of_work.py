"""The health checks of the relay's work: the timer, the deliveries, the calendars, and checks that others add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import ConfigurationError
from shared.graph.client_state import Key
from shared.health.all_checks import AllChecks
from shared.health.checks import MOST_FAILED_RUNS, Check, Failed, is_up
from shared.resync.catch_up import MAX_ABSENCE
from tests.support.world import START, World
from tests.unit.health.conftest import HealthWorld

HALF_HOUR = 1800.0


def reconciler(health: HealthWorld) -> Check:
    """Return the result of the check of the timer."""
    return health.checks.run("reconciler")


def test_a_stopped_timer_is_reported(world: World, health: HealthWorld) -> None:
    """It fails after MAX_ABSENCE, when Graph has dropped undelivered notifications."""
    assert reconciler(health).ok
    world.heartbeat.ran(world.time)
    world.heartbeat.succeeded(world.time)
    world.pass_by(MAX_ABSENCE.total_seconds())
    assert reconciler(health).text == "ok; ran at 2026-11-20T10:00:00Z, succeeded at 2026-11-20T10:00:00Z"
    world.pass_by(1)
    assert "renew_subscriptions last ran at 2026-11-20T10:00:00Z" in reconciler(health).text
    assert not reconciler(health).ok


def test_a_timer_that_fails_every_time_is_reported(world: World, health: HealthWorld) -> None:
    """After three runs; the run that is going on does not count yet. One success ends it."""
    world.heartbeat.succeeded(world.time)
    for _ in range(MOST_FAILED_RUNS):
        assert reconciler(health).ok
        world.pass_by(HALF_HOUR)
        world.heartbeat.ran(world.time)
        assert reconciler(health).ok
    world.pass_by(HALF_HOUR)
    assert not reconciler(health).ok
    assert "renew_subscriptions fails: last success 2026-11-20T10:00:00Z" in reconciler(health).text
    world.heartbeat.ran(world.time)
    assert not reconciler(health).ok
    world.heartbeat.succeeded(world.time)
    assert reconciler(health).ok


def test_a_timer_that_has_never_succeeded_is_reported(world: World, health: HealthWorld) -> None:
    """An upgrade alone is no failure: an earlier version did not record successes."""
    for _ in range(MOST_FAILED_RUNS):
        assert reconciler(health).ok
        world.heartbeat.ran(world.time)
        world.pass_by(HALF_HOUR)
    assert "last success never" in reconciler(health).text


def test_a_slow_timer_that_failed_once_is_reported_after_the_absence(world: World, health: HealthWorld) -> None:
    """With a RENEWAL_SCHEDULE of two hours three runs would take too long. The first run after a stop may succeed."""
    world.heartbeat.ran(world.time)
    world.heartbeat.succeeded(world.time)
    world.pass_by(2 * 3600)
    world.heartbeat.ran(world.time)
    world.pass_by(HALF_HOUR)
    assert reconciler(health).ok
    world.pass_by(HALF_HOUR * 2.1)
    assert not reconciler(health).ok
    world.heartbeat.succeeded(world.time)
    world.pass_by(8 * 24 * 3600)
    world.heartbeat.ran(world.time)
    assert reconciler(health).ok


@pytest.mark.parametrize("state", ["refused", "gone"])
def test_a_calendar_that_cannot_be_read_is_named(world: World, health: HealthWorld, state: str) -> None:
    """Its subscription is live all the same, and the relay as a whole is up."""
    world.watch("room2@contoso.com")
    watch = world.watch(reading_state=state, reading_since=START, reading_error="Add it to the scope.")
    [failed] = [check for check in health.checks.check_all() if not check.ok]
    assert failed.name == "watches"
    assert f"1 {state}" in failed.text
    assert "1 live" in failed.text
    assert "; the calendars of 1 cannot be read; GET /api/subscriptions/" in failed.text
    assert failed.text.endswith(watch.id)
    assert is_up([failed])


def test_a_watch_is_counted_by_its_shown_state(world: World, health: HealthWorld) -> None:
    """Its row says live, although Graph denied the subscription once."""
    world.watch(missing_since=START)
    assert health.checks.run("watches") == Check("watches", ok=True, text="ok; 1 doubtful")


def test_the_check_of_the_partner_says_how_many_changes_are_retried(world: World, health: HealthWorld) -> None:
    """It fails only while too many of the last hour are late."""
    metrics = health.delivery_metrics
    checks = replace(health.checks, pause=replace(world.pause, delivery_metrics=metrics))
    assert checks.run("partner").text == "ok; flowing, 0 retried; 0 changes wait"
    metrics.failed([("w", "E")], world.time, 3600)
    assert checks.run("partner").text == "ok; flowing, 1 retried since 2026-11-20T10:00:00Z; 0 changes wait"
    world.pass_by(11 * 60)
    check = checks.run("partner")
    assert (check.ok, is_up([check])) == (False, True)
    assert check.text == (
        "not flowing: 1 of about 1 deliveries of the last hour are more than ten minutes late; "
        "1 retried since 2026-11-20T10:00:00Z; 0 changes wait"
    )
    world.pass_by(50 * 60)
    assert checks.run("partner").text == "ok; flowing, 1 retried since 2026-11-20T10:00:00Z; 0 changes wait"


def test_a_problem_of_the_vault_is_reported_and_the_relay_is_up(world: World, health: HealthWorld) -> None:
    """The cached values still work; without them the relay is down."""
    checks = AllChecks(health.checks, lambda: ["Key Vault does not answer"], {})
    check = checks.run("keyVault")
    assert (check.ok, is_up([check])) == (False, True)
    assert check.text == "Key Vault does not answer; the values read before are in use"

    def fail() -> list[Key]:
        raise ConfigurationError("client-state-key", "the secret in the vault is disabled")

    check = replace(checks, checks=replace(health.checks, client_state_keys=fail)).run("keyVault")
    assert (check.ok, is_up([check])) == (False, False)
    assert check.text == "client-state-key: the secret in the vault is disabled"


def test_further_checks_are_run_by_name(world: World, health: HealthWorld) -> None:
    """They fail by Failed or RelayError, and none is vital."""

    def brakes() -> str:
        raise Failed("over 1 % of the renewals answered 404")

    def clock() -> str:
        raise ZeroDivisionError

    more = {"brakes": brakes, "clock": clock, "lifetime": lambda: "ok; seven days"}
    checks = AllChecks(health.checks, list, more)
    results = checks.check_all()
    assert [check.name for check in results] == [*health.checks.by_name(), *more]
    added = {check.name: check for check in results[-3:]}
    assert {name: (check.ok, check.text) for name, check in added.items()} == {
        "brakes": (False, "over 1 % of the renewals answered 404"),
        "clock": (False, "could not be checked (ZeroDivisionError)"),
        "lifetime": (True, "ok; seven days"),
    }
    assert is_up(results)
    assert checks.run("brakes") == added["brakes"]
