"""Pausing and resuming deliveries."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from shared.errors import RequestRejected
from shared.messages import Job
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import World, event


def test_changes_are_parked_during_a_pause_and_delivered_after_it(world: World) -> None:
    """Intake goes on during the pause."""
    world.watch()
    world.events.by_id["E"] = event()
    world.pause.pause("A change freeze", "tester")
    message = world.hint()
    world.pass_by(10)
    assert world.delivery.deliver(message) == Counter(parked=1)
    status = world.pause.delivery_status()
    assert (status.endpoint.state, status.endpoint.reason) == ("paused", "A change freeze")
    assert (status.waiting, status.dead) == (1, 0)
    world.pause.resume("It is over", "tester")
    assert world.jobs.take_jobs() == [Job("", "drain")]
    world.job_runner.run_job(Job("", "drain"))
    [(again, _)] = world.changes.take()
    assert world.delivery.deliver(again) == Counter(told=1)


@pytest.mark.parametrize("state", [EndpointState.FAILING, EndpointState.GONE_410, EndpointState.PAUSED])
def test_a_resume_ends_every_stop_of_the_endpoint(world: World, state: EndpointState) -> None:
    """Only a resume ends the stop after a 410."""
    world.breaker.transition(state, "test")
    world.pause.resume("They are ready", "tester")
    assert world.breaker.allows_delivery()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines", "\x1b[31mred"])
def test_a_reason_is_a_single_line(world: World, reason: str) -> None:
    """The reason is stored and logged, so it must not add lines to the log."""
    for operation in (world.pause.pause, world.pause.resume):
        with pytest.raises(RequestRejected) as refusal:
            operation(reason, "tester")
        assert refusal.value.status == 422
    assert world.breaker.allows_delivery()


def test_both_leave_an_audit_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Pause and resume are logged with caller, operation and reason."""
    with caplog.at_level(logging.INFO):
        world.pause.pause("A change freeze", "master key")
        world.pause.resume("It is over", "an app")
    lines = [record.message for record in caplog.records if record.name == "relay.audit"]
    assert lines == ["pause by master key: reason='A change freeze'", "resume by an app: reason='It is over'"]
