"""A resync respects Graph's Retry-After, and that of the deliveries of its mailbox."""

from __future__ import annotations

import pytest

from shared.errors import GraphUnavailable
from shared.messages import Job
from tests.support.world import MAILBOX, WATCH_ID, World, event

HOUR = 3_600.0


def test_a_resync_is_not_repeated_before_retry_after(world: World) -> None:
    """Nor is the mailbox read by another resync meanwhile: that raises the time left."""
    watch = world.watch()
    world.events.view_failure = GraphUnavailable(429, "x", retry_after=2 * HOUR)
    assert world.job_runner.run_job(Job(WATCH_ID, "resync")) == "put-back"
    [(again, delay)] = world.jobs.wanted
    assert delay >= 2 * HOUR
    world.events.view_failure = AssertionError("Graph was called")
    world.pass_by(HOUR)
    with pytest.raises(GraphUnavailable) as caught:
        world.resync.resync(watch)
    assert caught.value.retry_after == HOUR
    world.events.view_failure = None
    world.pass_by(HOUR)
    assert world.job_runner.run_job(again) == "resynced"


def test_a_resync_and_a_delivery_hold_the_mailbox_for_each_other(world: World) -> None:
    """Both read the same calendar."""
    watch = world.watch()
    world.events.by_id["E"] = GraphUnavailable(429, "x", retry_after=HOUR)
    message = world.hint()
    world.pass_by(11)
    world.delivery.deliver(message)
    with pytest.raises(GraphUnavailable, match="HeldBack"):
        world.resync.resync(watch)
    world.pass_by(HOUR)
    world.events.view_failure = GraphUnavailable(429, "x", retry_after=HOUR)
    with pytest.raises(GraphUnavailable, match="x"):
        world.resync.resync(watch)
    world.events.by_id["E"] = event()
    assert dict(world.delivery.deliver(message)) == {"put-back": 1}


def test_another_mailbox_is_resynced_meanwhile(world: World) -> None:
    """A limit of one mailbox is not a limit of all."""
    world.resync.holds.note(MAILBOX, GraphUnavailable(429, "x", retry_after=HOUR), world.time)
    world.events.by_id["E"] = event()
    assert world.resync.resync(world.watch("room2@contoso.com"))["new"] == 1
