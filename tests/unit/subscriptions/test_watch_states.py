"""The states of a watch that a reconcile run leaves: what an administrator reads, and how it recovers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphNotFound, GraphUnavailable
from shared.subscriptions.timer.steps import MAX_ATTEMPTS
from tests.support.world import START, WATCH_ID, World
from tests.unit.subscriptions.test_reconcile import run, stored, subscribed


@pytest.mark.parametrize(
    ("error", "state", "advice"),
    [
        (GraphForbidden(403, "ErrorAccessDenied"), "refused", "Calendars.Read"),
        (GraphNotFound(404, "ResourceNotFound"), "gone", "mailbox"),
        (GraphUnavailable(503, "ServiceUnavailable"), "pending", "Try again"),
    ],
)
def test_a_watch_shows_why_it_is_not_live(world: World, error: Exception, state: str, advice: str) -> None:
    """With the time since, and what to do."""
    world.watch(state="pending", subscription_id="", renewed=None, since=START - timedelta(days=9))
    world.subscriptions.failures = [error] * MAX_ATTEMPTS
    run(world)
    watch = stored(world)
    since = START if state != "pending" else START - timedelta(days=9)
    assert (watch.state, watch.since, watch.tried) == (state, since, START)
    assert advice in watch.last_error


def test_a_refused_watch_backs_off_and_recovers(world: World) -> None:
    """Six calls in the first day, not forty-eight; live again, it has no error and is resynced."""
    world.watch(state="refused", subscription_id="", expires=None, failing_since=START - timedelta(days=1))
    for _ in range(48):
        world.subscriptions.failures = [GraphForbidden(403, "ErrorAccessDenied")]
        run(world)
        world.subscriptions.failures = []
        world.pass_by(1800)
    assert world.subscriptions.calls.count("create") == 6
    assert stored(world).since == START
    world.pass_by(24 * 3600)
    run(world)
    watch = stored(world)
    assert (watch.state, watch.since, watch.last_error, watch.tried) == ("live", world.time, "", None)
    assert (WATCH_ID, "resync") in [(job.watch_id, job.kind) for job in world.jobs.take_jobs()]


def test_a_mailbox_off_the_allow_list_is_paused_and_resumed(world: World) -> None:
    """Its subscription is deleted: Graph would go on sending notifications, also directly to the partner."""
    subscribed(world, expires=timedelta(days=6))
    world.allow("")
    assert run(world) == {"paused": 1}
    assert (stored(world).state, world.subscriptions.existing) == ("paused", {})
    assert run(world) == {}
    world.allow("@contoso.com")
    assert run(world) == {"created": 1}
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, "resync")]
