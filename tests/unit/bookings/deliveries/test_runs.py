"""Claims about the runs that send what waits: requests do not add up, and no attempt comes before its time."""

from __future__ import annotations

from datetime import timedelta

from shared.partner.webhook import NotDelivered
from tests.support.appointments_world import NOON
from tests.support.followed_world import FollowedWorld


def test_many_requests_queue_a_single_run(world: FollowedWorld) -> None:
    """One for now, and one for what is due later."""
    for delay in (600.0, 600.0, 0.0, 0.0, 900.0):
        world.request_backlog(delay)
    assert [job.kind for job, _ in world.work.waiting] == ["retries", "backlog"]
    assert world.send() == ["sent-0"]
    world.time += timedelta(minutes=16)
    assert world.send() == ["sent-0"]
    assert world.work.waiting == []


def test_a_later_run_is_dropped_for_a_sooner_run(world: FollowedWorld) -> None:
    """While it is waited for; so requests do not add up to runs."""
    world.request_backlog(600.0)
    world.request_backlog(300.0)
    world.time += timedelta(minutes=6)
    assert world.send() == ["sent-0"]
    world.request_backlog(900.0)
    world.time += timedelta(minutes=5)
    assert world.send() == ["superseded"]


def test_a_failing_delivery_has_a_single_chain_of_attempts(world: FollowedWorld) -> None:
    """However often others ask for a run meanwhile, no attempt comes before its time."""
    world.webhook.failure = NotDelivered(500, "status 500")
    world.booked_by_others(NOON)
    world.run()
    for _ in range(20):
        world.appointment_backlog.wake()
        world.send()
    assert len(world.webhook.tried) == 1
    assert len(world.work.waiting) <= 2
