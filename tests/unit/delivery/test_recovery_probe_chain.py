"""The chain of probes: while the circuit breaker is open a probe is always queued, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.reliability.circuit_breaker import FAILURES, FIRST_PROBE, WITHIN, CircuitBreaker
from shared.storage.parked import WAITING
from shared.storage.partner_endpoint import Endpoint, Endpoints, EndpointState
from tests.support.scripted_breaker import FailsOnce, ScriptedBreaker
from tests.support.world import REFUSED, World, event

NAMES = [f"E{number:02}" for number in range(FAILURES + 2)]
LATE = 70  # seconds within which a probe is sent


class FailingEndpoints(Endpoints):
    """The endpoint's row, whose first change fails."""

    def __init__(self, world: World) -> None:
        super().__init__(lambda: world.rows)
        self._on_change = FailsOnce()

    def change(self, endpoint: Endpoint, **changes: Any) -> Endpoint | None:
        """Change the row, or raise."""
        self._on_change()
        return super().change(endpoint, **changes)


@pytest.fixture
def world(world: World) -> World:
    """Return a world with some events of a mailbox."""
    world.watch()
    world.events.by_id = {name: event(name) for name in NAMES}
    return world


@pytest.fixture
def breaker(world: World) -> ScriptedBreaker:
    """Return the world's circuit breaker, which can be scripted."""
    breaker = world.breaker = ScriptedBreaker(world)
    return breaker


def jobs_fail(world: World) -> None:
    """Let the next job fail to be queued."""
    world.jobs.on_put = FailsOnce()


def endpoints_fail(world: World) -> None:
    """Let the next change of the endpoint's row fail."""
    world.endpoints = FailingEndpoints(world)


def fail(world: World, *names: str, failure: Exception = REFUSED) -> None:
    """Let deliveries of these events fail."""
    world.webhook.failure = failure
    message = world.hint(*names)
    world.pass_by(10)
    world.delivery.deliver(message)


def open_breaker(world: World) -> None:
    """Open the circuit breaker, with every change parked and a probe due."""
    world.breaker.transition(EndpointState.FAILING, "test")
    message = world.hint(*NAMES)
    world.parking.park(message, message.changes, "failing")
    world.pass_by(6)


def probe(world: World) -> str:
    """Run a probe and return its outcome."""
    return world.job_runner.run_job(Job("", "probe"))


def recovers(world: World) -> bool:
    """Let the partner take deliveries, run jobs as they fall due, and return whether the endpoint flows and nothing is
    parked.
    """
    world.webhook.failure = None
    deadline = world.time.timestamp() + LATE
    while world.jobs.wanted:
        world.jobs.wanted.sort(key=lambda entry: entry[1])
        job, delay = world.jobs.wanted.pop(0)
        if world.time.timestamp() + delay > deadline:
            break
        world.jobs.wanted = [(other, max(0.0, later - delay)) for other, later in world.jobs.wanted]
        world.pass_by(delay)
        world.job_runner.run_job(job)
        world.pass_by(0.1)
    return world.breaker.endpoint(fresh=True).state == "flowing" and world.parked.count(WAITING) == 0


@pytest.mark.parametrize("lost", [0, 1])
def test_either_probe_that_the_breaker_queues_is_enough(world: World, lost: int) -> None:
    """The worker may be killed before the second, or a queue may be restored without the first."""
    fail(world, *NAMES[:FAILURES])
    probes = world.jobs.wanted
    assert len(probes) == 2
    probes.pop(lost)
    assert recovers(world)


@pytest.mark.parametrize("part_fails", [jobs_fail, endpoints_fail])
def test_a_breaker_that_cannot_open_lacks_no_probe(world: World, part_fails: Callable[[World], None]) -> None:
    """If the queue or the table fails at the tenth failure, the next failure opens the breaker and queues a probe."""
    part_fails(world)
    fail(world, *NAMES)
    assert world.breaker.endpoint(fresh=True).state == "failing"
    assert recovers(world)


def test_a_breaker_never_opens_without_a_probe(world: World) -> None:
    """While the queue fails, the breaker stays closed and every delivery is attempted."""
    world.jobs.failure = ServiceUnavailable("storage")
    fail(world, *NAMES)
    assert world.breaker.endpoint(fresh=True).state == "flowing"


def test_a_probe_that_cannot_queue_its_successor_takes_no_lease(world: World) -> None:
    """It goes back on the queue, and no lease of its own blocks it."""
    open_breaker(world)
    jobs_fail(world)
    assert probe(world) == "put-back"
    [(_, delay)] = world.jobs.wanted
    assert delay < 10
    assert recovers(world)


@pytest.mark.parametrize(("method", "result"), [("acquire_probe", "not-now"), ("release_probe", "put-back")])
def test_a_probe_whose_lease_is_not_written_is_repeated(
    world: World, breaker: ScriptedBreaker, method: str, result: str
) -> None:
    """The table fails before or after the delivery; before it, the probe that is queued already is enough."""
    open_breaker(world)
    world.webhook.failure = REFUSED
    breaker.before[method] = FailsOnce()
    assert probe(world) == result
    assert recovers(world)


def test_a_probe_after_a_crash_requests_the_missing_drain(world: World) -> None:
    """A probe that crashed after its delivery left the endpoint flowing without a drain."""
    open_breaker(world)

    def crash_at_the_drain(text: str) -> None:
        if "drain" in text:
            raise SystemExit

    world.jobs.on_put = crash_at_the_drain
    with pytest.raises(SystemExit):
        probe(world)
    world.jobs.on_put = lambda _: None
    assert world.breaker.endpoint(fresh=True).state == "flowing"
    assert recovers(world)


@pytest.mark.parametrize(("retry_after", "wait"), [(600.0, 600), (3.0, 10), (1e9, 86_400)])
def test_the_next_probe_respects_retry_after(world: World, retry_after: float, wait: int) -> None:
    """No probe is sent before the partner's Retry-After, which counts up to a day."""
    open_breaker(world)
    world.webhook.failure = NotDelivered(503, "status 503", retry_after)
    assert probe(world) == "failed"
    assert [round(delay) for _, delay in world.jobs.wanted] == [61, wait]
    world.webhook.failure = None
    world.pass_by(wait - 3)
    assert probe(world) == "not-now"
    world.pass_by(3)
    assert probe(world) == "taken"


def test_the_first_probe_respects_retry_after(world: World) -> None:
    """The responses that opened the breaker had a Retry-After."""
    fail(world, *NAMES[:FAILURES], failure=NotDelivered(503, "status 503", 120.0))
    assert [round(delay) for _, delay in world.jobs.wanted] == [180, 120]
    message = world.hint(*NAMES)
    world.parking.park(message, message.changes, "failing")
    world.pass_by(110)
    assert probe(world) == "not-now"
    world.pass_by(10)
    world.webhook.failure = None
    assert probe(world) == "taken"


def test_retry_after_of_an_earlier_outage_is_ignored(world: World) -> None:
    """A delivery has succeeded since, perhaps by another instance."""
    world.breaker.record_failure(503, 600)
    assert world.breaker.wait_for_probe(0) == timedelta(seconds=600)
    world.breaker.record_success()
    assert world.breaker.wait_for_probe(0) == FIRST_PROBE
    world.breaker.record_failure(503, 600)
    world.time += WITHIN
    world.pass_by(1)
    world.breaker.record_failure(503)
    assert world.breaker.wait_for_probe(0) == FIRST_PROBE


def test_a_long_wait_for_the_next_probe_outlasts_a_crash(world: World, breaker: ScriptedBreaker) -> None:
    """The next probe is queued with the partner's Retry-After before the failed probe releases its lease."""
    open_breaker(world)
    world.webhook.failure = NotDelivered(503, "status 503", 600)
    breaker.before["release_probe"] = FailsOnce()
    assert probe(world) == "put-back"
    assert 600 in [round(delay) for _, delay in world.jobs.wanted]


def test_probes_do_not_multiply_while_the_lease_cannot_be_taken(world: World) -> None:
    """For an hour the endpoint's row can be read and not written: one probe is queued at a time."""
    open_breaker(world)
    world.jobs.take_jobs()

    class Unwritable(Endpoints):
        """The endpoint's row, which cannot be changed."""

        def change(self, endpoint: Endpoint, **changes: Any) -> Endpoint | None:  # noqa: ARG002  (the real signature)
            """Fail."""
            raise ServiceUnavailable("storage")

    world.endpoints = Unwritable(lambda: world.rows)
    world.breaker = CircuitBreaker(world.endpoints, world.now)
    world.recovery = replace(world.recovery, breaker=world.breaker)
    assert probe(world) == "not-now"
    for _ in range(60):
        [(job, delay)] = world.jobs.wanted
        world.jobs.take_jobs()
        world.pass_by(delay)
        assert world.job_runner.run_job(job) == "not-now"
