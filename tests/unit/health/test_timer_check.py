"""Anonymous health is down when the timer does not renew subscriptions, from one row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.health.all_checks import STOP
from shared.health.checks import VITAL, is_up, result_of
from shared.health.timer_check import MOST_FAILED, RenewalCheck, late_at
from tests.support.world import World

HOUR = 3600.0
DAY = 24 * HOUR


def restarted(world: World) -> bool:
    """Return whether the check of a process that starts now is ok."""
    check = RenewalCheck(world.heartbeat, world.time, world.now).by_name()["renewals"]
    return result_of("renewals", check).ok


def is_ok(world: World) -> bool:
    """Return whether the check of the running process is ok."""
    check = world.health_checks.run("renewals")
    assert check.is_down == (not check.ok)
    return check.ok


def test_a_timer_that_does_not_succeed_for_two_hours(world: World) -> None:
    """From the last success on; a new deployment has two hours for its first."""
    world.pass_by(2 * HOUR)
    assert is_ok(world)
    world.pass_by(1)
    assert not is_ok(world)
    world.heartbeat.ran(world.time)
    assert not is_ok(world)
    world.heartbeat.succeeded(world.time)
    assert is_ok(world)
    world.pass_by(2 * HOUR + 1)
    assert not is_ok(world)


def test_an_app_that_was_stopped_has_two_hours(world: World) -> None:
    """Its last success is old; the process that starts counts from its start."""
    world.heartbeat.succeeded(world.time)
    world.pass_by(8 * DAY)
    assert restarted(world)
    assert not is_ok(world)


@pytest.mark.parametrize("hours", [0.4, 1.0, 1.9])
@pytest.mark.parametrize("has_run", [True, False])
def test_a_timer_that_never_runs_is_seen_however_often_processes_start(
    world: World, hours: float, *, has_run: bool
) -> None:
    """Its trigger is broken, and the app is asked four times an hour: not later than four hours after the success."""
    if has_run:
        world.heartbeat.succeeded(world.time)
        world.pass_by(60)
    started = world.time
    seen = []
    for _ in range(4 * 24):
        check = RenewalCheck(world.heartbeat, started, world.now).by_name()["renewals"]
        seen.append(result_of("renewals", check).ok)
        world.pass_by(15 * 60)
        if (world.time - started).total_seconds() >= hours * HOUR:
            started = world.time
    first = seen.index(False)
    assert first <= 4 * 4.5
    assert not any(seen[first:])
    world.heartbeat.succeeded(world.time)
    assert restarted(world)


def test_an_app_that_was_stopped_again_has_two_hours_from_its_first_start(world: World) -> None:
    """Once the timer succeeds, the next stop of the app begins anew."""
    world.heartbeat.succeeded(world.time)
    world.pass_by(DAY)
    assert restarted(world)
    world.pass_by(HOUR)
    world.heartbeat.succeeded(world.time)
    world.pass_by(DAY)
    assert restarted(world)
    world.pass_by(2 * HOUR + 1)
    assert not restarted(world)


def test_a_silence_before_a_success_of_an_older_version_does_not_count(world: World) -> None:
    """That version does not delete what was recorded: after a rollback and a return the app has two hours again."""
    world.heartbeat.succeeded(world.time)
    world.pass_by(DAY)
    assert restarted(world)
    success = {"PartitionKey": "relay", "RowKey": "heartbeat", "succeeded": world.time.isoformat()}
    world.rows.update_entity(success)
    world.pass_by(DAY)
    assert restarted(world)


def test_health_writes_once_for_a_silence(world: World) -> None:
    """And not at each of the calls that anybody may make."""
    world.heartbeat.succeeded(world.time)
    world.pass_by(DAY)
    assert restarted(world)
    row = world.rows.rows["relay", "heartbeat"]
    for _ in range(20):
        assert restarted(world)
    assert world.rows.rows["relay", "heartbeat"].etag == row.etag


def test_runs_that_fail_are_seen_by_a_process_that_starts(world: World) -> None:
    """However often the processes start anew: the row counts the runs since the last success."""
    world.heartbeat.succeeded(world.time)
    for _ in range(MOST_FAILED):
        assert restarted(world)
        world.pass_by(HOUR)
        world.heartbeat.ran(world.time)
    assert not restarted(world)


def test_a_subscription_that_ends_within_a_day(world: World) -> None:
    """The timer writes from when on it is late, and takes it back when it was renewed."""
    world.watch("a@contoso.com", expires=world.time + timedelta(days=5))
    world.watch("b@contoso.com", expires=world.time + timedelta(days=2))
    world.watch("c@contoso.com", state="paused", expires=None)
    world.gauges.report_gauges()
    world.pass_by(DAY - 1)
    world.heartbeat.succeeded(world.time)
    assert is_ok(world)
    world.pass_by(1)
    assert not is_ok(world)
    for watch in world.watches.all():
        if watch.state == "live":
            world.watches.change(watch, expires=world.time + timedelta(days=5))
    world.gauges.report_gauges()
    assert is_ok(world)


def test_the_last_watch_is_removed(world: World) -> None:
    """Then nothing is late."""
    watch = world.watch(expires=world.time + timedelta(hours=1))
    world.gauges.report_gauges()
    assert not is_ok(world)
    world.watches.delete(watch)
    world.gauges.report_gauges()
    assert is_ok(world)


@pytest.mark.parametrize(("renewed_hours_before", "late_hours_before"), [(72, 24), (48, 24), (10, 5), (0.5, 0.25)])
def test_short_lifetimes_are_no_alarm(world: World, renewed_hours_before: float, late_hours_before: float) -> None:
    """Where Graph accepts an hour only, a subscription always ends within a day."""
    watch = world.watch()
    assert watch.expires is not None
    late = late_at([watch], timedelta(hours=renewed_hours_before))
    assert late == watch.expires - timedelta(hours=late_hours_before)


def test_the_vital_checks_cost_three_calls_of_storage(world: World) -> None:
    """Whatever number of watches there is: anybody may ask. An authenticated caller gets all checks."""
    for number in range(50):
        world.watch(f"room{number}@contoso.com")
    world.health_checks.check_vital()
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    world.rows.before = world.parked_rows.before = world.ledger_rows.before = count
    checks = world.health_checks.check_vital()
    assert {check.name for check in checks} == {*VITAL, STOP}
    assert is_up(checks)
    assert calls <= 3


def test_an_earlier_version_and_an_unreadable_time_are_no_alarm(world: World) -> None:
    """A row without the column, or with a damaged one, says nothing about ends."""
    world.heartbeat.succeeded(world.time)
    assert is_ok(world)
    world.rows.update_entity({"PartitionKey": "relay", "RowKey": "heartbeat", "late_at": "soon"})
    assert is_ok(world)
