"""Claims about pausing and resuming deliveries."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from shared.delivery.deliver import deliver
from shared.delivery.pause import pause, picture, resume
from shared.errors import RequestRejected
from shared.jobs import repair
from shared.messages import Job
from tests.support.world import World, event


def test_nothing_leaves_during_a_pause_and_nothing_is_lost(world: World) -> None:
    """Intake goes on: what was hinted at goes out after the resume."""
    world.watch()
    world.events.by_id["E"] = event()
    pause(world, "A change freeze", "tester")  # type: ignore[arg-type]  # a fake
    message = world.hint()
    world.pass_by(10)
    assert deliver(world, message) == Counter(parked=1)  # type: ignore[arg-type]  # a fake
    now = picture(world)  # type: ignore[arg-type]  # a fake
    assert (now.endpoint.state, now.endpoint.reason, now.waiting, now.dead) == ("paused", "A change freeze", 1, 0)
    resume(world, "It is over", "tester")  # type: ignore[arg-type]  # a fake
    assert world.repairs.take_repairs() == [Job("", "drain")]
    repair(world, Job("", "drain"))  # type: ignore[arg-type]  # a fake
    [(again, _)] = world.changes.take()
    assert deliver(world, again) == Counter(told=1)  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize("state", ["failing", "gone", "paused"])
def test_a_resume_ends_whatever_stops_the_endpoint(world: World, state: str) -> None:
    """Also a 410, which nothing else ends."""
    world.gate.put(state, "test")
    resume(world, "They are ready", "tester")  # type: ignore[arg-type]  # a fake
    assert world.gate.is_open()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines", "\x1b[31mred"])
def test_a_reason_is_one_line(world: World, reason: str) -> None:
    """It is kept and logged, so it must not draw lines of its own."""
    for operation in (pause, resume):
        with pytest.raises(RequestRejected) as refusal:
            operation(world, reason, "tester")  # type: ignore[arg-type]  # a fake
        assert refusal.value.status == 422
    assert world.gate.is_open()


def test_both_leave_an_audit_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Who, what, why."""
    with caplog.at_level(logging.INFO):
        pause(world, "A change freeze", "master key")  # type: ignore[arg-type]  # a fake
        resume(world, "It is over", "an app")  # type: ignore[arg-type]  # a fake
    lines = [record.message for record in caplog.records if record.name == "relay.audit"]
    assert lines == ["pause by master key: reason='A change freeze'", "resume by an app: reason='It is over'"]
