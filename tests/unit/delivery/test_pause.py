"""Claims about pausing and resuming deliveries."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from shared.errors import RequestRejected
from shared.messages import Job
from tests.support.world import World, event


def test_nothing_leaves_during_a_pause_and_nothing_is_lost(world: World) -> None:
    """Intake goes on: what was hinted at goes out after the resume."""
    world.watch()
    world.events.by_id["E"] = event()
    world.pause.pause("A change freeze", "tester")
    message = world.hint()
    world.pass_by(10)
    assert world.delivery.deliver(message) == Counter(parked=1)
    now = world.pause.delivery_status()
    assert (now.endpoint.state, now.endpoint.reason, now.waiting, now.dead) == ("paused", "A change freeze", 1, 0)
    world.pause.resume("It is over", "tester")
    assert world.jobs.take_jobs() == [Job("", "drain")]
    world.job_runner.run_job(Job("", "drain"))
    [(again, _)] = world.changes.take()
    assert world.delivery.deliver(again) == Counter(told=1)


@pytest.mark.parametrize("state", ["failing", "gone", "paused"])
def test_a_resume_ends_whatever_stops_the_endpoint(world: World, state: str) -> None:
    """Also a 410, which nothing else ends."""
    world.breaker.transition(state, "test")
    world.pause.resume("They are ready", "tester")
    assert world.breaker.allows_delivery()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines", "\x1b[31mred"])
def test_a_reason_is_one_line(world: World, reason: str) -> None:
    """It is kept and logged, so it must not draw lines of its own."""
    for operation in (world.pause.pause, world.pause.resume):
        with pytest.raises(RequestRejected) as refusal:
            operation(reason, "tester")
        assert refusal.value.status == 422
    assert world.breaker.allows_delivery()


def test_both_leave_an_audit_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Who, what, why."""
    with caplog.at_level(logging.INFO):
        world.pause.pause("A change freeze", "master key")
        world.pause.resume("It is over", "an app")
    lines = [record.message for record in caplog.records if record.name == "relay.audit"]
    assert lines == ["pause by master key: reason='A change freeze'", "resume by an app: reason='It is over'"]
