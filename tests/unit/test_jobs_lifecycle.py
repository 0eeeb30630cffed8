"""Lifecycle events of a subscription."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphNotFound, GraphUnavailable
from shared.messages import Job
from shared.subscriptions.due import CONFIRM_AFTER
from tests.support.watched_room import run, watch_room
from tests.support.world import WATCH_ID, World


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room; it has a subscription."""
    watch_room(world)


def lose(world: World) -> str:
    """Let Graph remove the subscription and say so; return the outcome once the second 404 has confirmed it."""
    world.subscriptions.existing.clear()
    assert run(world, "subscriptionRemoved") == "missing"
    world.pass_by(CONFIRM_AFTER.total_seconds())
    return run(world, "lookup")


def test_a_reauthorization_is_a_single_patch(world: World) -> None:
    """/reauthorize is never called."""
    assert run(world, "reauthorizationRequired", at=world.time) == "kept"
    assert world.subscriptions.calls == ["renew"]


def test_each_reauthorization_after_the_last_patch_gets_a_patch(world: World) -> None:
    """One that came before the PATCH is done; one within ten minutes of it is done at the end of the ten minutes."""
    run(world, "reauthorizationRequired", at=world.time)
    assert run(world, "reauthorizationRequired", at=world.time - timedelta(minutes=1)) == "just-renewed"
    world.pass_by(timedelta(minutes=4).total_seconds())
    came_at = world.time
    assert run(world, "reauthorizationRequired", at=came_at) == "later"
    [(later, delay)] = world.jobs.wanted
    assert (later.kind, later.at, delay) == ("reauthorizationRequired", came_at, 360)
    world.pass_by(delay)
    assert world.job_runner.run_job(later) == "kept"
    assert world.subscriptions.calls == ["renew", "renew"]


def test_a_burst_of_reauthorizations_within_ten_minutes_is_a_single_patch(world: World) -> None:
    """Each is put back; the first that returns renews for all."""
    run(world, "reauthorizationRequired", at=world.time)
    world.pass_by(120)
    for _ in range(5):
        run(world, "reauthorizationRequired", at=world.time)
    world.pass_by(480)
    ends = [world.job_runner.run_job(job) for job in world.jobs.take_jobs()]
    assert (ends, world.subscriptions.calls) == (["kept", *["just-renewed"] * 4], ["renew", "renew"])


def test_a_conflict_of_the_row_does_not_lose_a_reauthorization(world: World) -> None:
    """The last change was seen meanwhile: another column, so the PATCH is still noted as done."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.subscriptions.during_renew = lambda: world.watches.saw_change(watch, world.time, "user")
    assert run(world, "reauthorizationRequired", at=world.time) == "kept"
    after = world.watches.get(WATCH_ID)
    assert after is not None
    assert (world.subscriptions.calls, after.renewed, after.user_id) == (["renew"], world.time, "user")


def test_a_process_killed_before_the_patch_leaves_the_event_to_be_done(world: World) -> None:
    """The renewal is noted after the PATCH; the message is processed again."""

    def killed() -> None:
        raise KeyboardInterrupt

    world.subscriptions.during_renew = killed
    with pytest.raises(KeyboardInterrupt):
        run(world, "reauthorizationRequired", at=world.time)
    world.subscriptions.during_renew = lambda: None
    assert run(world, "reauthorizationRequired", at=world.time) == "kept"


def test_a_reauthorization_renews_for_the_full_lifetime(world: World) -> None:
    """The row has the new expiry; nothing was missed, so nothing is resynced."""
    run(world, "reauthorizationRequired")
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert watch.expires == world.time + timedelta(minutes=10_000)
    assert world.jobs.take_jobs() == []


def test_a_failed_reauthorization_is_retried_soon(world: World) -> None:
    """The ten minutes separate successful ones only."""
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert run(world, "reauthorizationRequired") == "put-back"
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "reauthorizationRequired", "s-0", 1)]
    assert run(world, "reauthorizationRequired") == "kept"


def test_a_404_to_a_patch_is_confirmed_before_it_is_believed(world: World) -> None:
    """A GET a minute later decides; the message for it is queued. Missed changes are resynced."""
    world.subscriptions.existing.clear()
    assert run(world, "reauthorizationRequired") == "missing"
    [(ask, delay)] = world.work.wanted
    assert (ask.kind, ask.subscription_id, delay) == ("lookup", "s-0", CONFIRM_AFTER.total_seconds() + 1)
    world.pass_by(delay)
    assert world.job_runner.run_job(ask, world.work) == "kept"
    assert world.subscriptions.calls == ["renew", "get", "create"]
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]


def test_a_404_that_was_not_true_changes_nothing(world: World) -> None:
    """The GET answers: the subscription stays, and nothing is deleted or made."""
    world.subscriptions.failures = [GraphNotFound(404, "ResourceNotFound")]
    assert run(world, "reauthorizationRequired") == "missing"
    world.pass_by(CONFIRM_AFTER.total_seconds())
    assert run(world, "lookup") == "kept"
    assert (world.subscriptions.calls, list(world.subscriptions.existing)) == (["renew", "get"], ["s-0"])


def test_a_removed_subscription_is_recreated_and_the_mailbox_resynced(world: World) -> None:
    """It happens once, however often Graph notifies it."""
    assert lose(world) == "kept"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (list(world.subscriptions.existing), watch.gap_since) == ([watch.subscription_id], None)
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]
    assert run(world, "subscriptionRemoved") == "superseded"
    assert world.subscriptions.calls == ["get", "create"]
