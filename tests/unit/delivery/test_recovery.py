"""Recovery: a probe tests whether the partner is back, and the drain queues the parked changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.delivery.recovery import DRAINED_AT_ONCE
from shared.errors import GraphUnavailable, ServiceUnavailable
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.storage.parked import DEAD, WAITING
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import REFUSED, World, event


@pytest.fixture
def world() -> World:
    """Return a world whose endpoint is failing, with three parked changes."""
    world = World()
    world.watch()
    names = ("A", "B", "C")
    world.events.by_id = {name: event(name) for name in names}
    world.breaker.transition(EndpointState.FAILING, "test")
    message = world.hint(*names)
    world.parking.park(message, message.changes, "failing")
    world.pass_by(31)
    return world


def run_job(world: World, kind: str, subject: str = "") -> str:
    """Run a job and return its outcome."""
    return world.job_runner.run_job(Job(subject, kind))


def waiting(world: World) -> set[str]:
    """Return the events with parked changes."""
    return {parked.event_id for parked in world.parked.page(WAITING, 1000)}


def work_off(world: World) -> None:
    """Deliver all changes on the queue."""
    for message, _ in world.changes.take():
        world.delivery.deliver(message)


def test_a_successful_probe_closes_the_breaker(world: World) -> None:
    """The drain then queues the other changes, and each is delivered in its newest state."""
    assert run_job(world, "probe") == "taken"
    assert len(world.webhook.taken) == 1
    assert world.breaker.allows_delivery()
    assert "drain" in [job.kind for job in world.jobs.take_jobs()]
    assert run_job(world, "drain") == "drained-2"
    work_off(world)
    assert {event_id for _, event_id in world.webhook.news} == {"A", "B", "C"}
    assert waiting(world) == set()


def test_a_failed_probe_costs_a_single_delivery(world: World) -> None:
    """All changes stay parked, none is put back, and the next probe is queued."""
    world.webhook.failure = REFUSED
    assert run_job(world, "probe") == "failed"
    assert (len(world.webhook.tried), world.breaker.allows_delivery()) == (1, False)
    assert waiting(world) == {"A", "B", "C"}
    assert [(job.kind, delay) for job, delay in world.jobs.wanted] == [("probe", 61), ("probe", 10)]
    assert world.changes.take() == []
    world.pass_by(10)
    world.webhook.failure = None
    assert run_job(world, "probe") == "taken"


def test_the_next_probe_is_queued_before_the_current_probe_is_sent(world: World) -> None:
    """A crash during a probe must not end the chain of probes."""
    world.webhook.failure = SystemExit()
    with pytest.raises(SystemExit):
        run_job(world, "probe")
    assert [job.kind for job in world.jobs.take_jobs()] == ["probe"]


def test_a_rejected_probe_closes_the_breaker(world: World) -> None:
    """A 400 makes that change a dead letter, but shows that the partner is up: the others are delivered."""
    world.webhook.failure = NotDelivered(400, "status 400")
    assert run_job(world, "probe") == "taken"
    assert world.breaker.allows_delivery()
    assert (len(waiting(world)), len(world.parked.page(DEAD, 10))) == (2, 1)


def test_a_probe_answered_with_410_stops_the_endpoint(world: World) -> None:
    """The change stays parked with the others."""
    world.webhook.failure = NotDelivered(410, "status 410")
    assert run_job(world, "probe") == "failed"
    assert world.breaker.endpoint().state == "gone"
    assert waiting(world) == {"A", "B", "C"}


def test_a_probe_that_graph_fails_is_inconclusive(world: World) -> None:
    """The partner was not called, so the state of the endpoint stays."""
    world.events.by_id = dict.fromkeys("ABC", GraphUnavailable(503, "x"))
    assert run_job(world, "probe") == "failed"
    assert (world.breaker.endpoint().state, len(waiting(world))) == ("failing", 3)


def test_with_nothing_to_send_the_breaker_closes(world: World) -> None:
    """The next change takes the place of the probe, for instance if all parked events were deleted."""
    world.parked.drop(WAITING, world.parked.page(WAITING, 10))
    assert run_job(world, "probe") == "nothing-to-send"
    assert world.breaker.allows_delivery()


def test_a_probe_skips_changes_that_the_partner_has(world: World) -> None:
    """The only change that the partner does not have is sent."""
    world.breaker.transition(EndpointState.FLOWING, "test")
    for name in ("A", "B"):
        message = world.hint(name)
        world.pass_by(10)
        world.delivery.deliver(message)
    world.breaker.transition(EndpointState.FAILING, "test")
    world.pass_by(31)
    world.webhook.taken.clear()
    assert run_job(world, "probe") == "taken"
    assert world.webhook.news == [("created", "C")]


def test_no_drain_runs_while_the_endpoint_fails(world: World) -> None:
    """The changes stay parked."""
    assert run_job(world, "drain") == "not-now"
    assert (world.changes.take(), len(waiting(world))) == ([], 3)


def test_a_long_backlog_drains_step_by_step(world: World) -> None:
    """A step queues a hundred changes, and the next follows some seconds later, to leave room for live changes."""
    names = [f"N{number}" for number in range(DRAINED_AT_ONCE)]
    message = world.hint(*names)
    world.parking.park(message, message.changes, "failing")
    world.breaker.transition(EndpointState.FLOWING, "test")
    assert run_job(world, "drain") == f"drained-{DRAINED_AT_ONCE}"
    [(step, delay)] = world.jobs.wanted
    assert (step.kind, delay) == ("drain", 3.0)
    world.pass_by(delay)
    assert run_job(world, "drain") == "drained-3"
    assert sum(len(message.changes) for message, _ in world.changes.take()) == DRAINED_AT_ONCE + 3


def test_a_drain_that_cannot_queue_keeps_all_changes_parked(world: World) -> None:
    """A row is deleted only after the queue has its change."""
    world.breaker.transition(EndpointState.FLOWING, "test")
    world.changes.failure = ServiceUnavailable("storage")
    assert run_job(world, "drain") == "put-back"
    assert waiting(world) == {"A", "B", "C"}


def test_a_change_parked_again_during_a_drain_stays(world: World) -> None:
    """Its row has changed since the drain read it, so the drain does not delete it."""
    world.breaker.transition(EndpointState.FLOWING, "test")

    def park_again(_: str) -> None:
        world.parked.put(WAITING, [parked for parked in world.parked.page(WAITING, 10) if parked.event_id == "B"])

    world.changes.on_put = park_again
    run_job(world, "drain")
    assert waiting(world) == {"B"}


def test_a_late_parking_requests_a_drain(world: World) -> None:
    """A worker's cached state is up to a second old, so the endpoint may be flowing again when it parks."""
    world.breaker.transition(EndpointState.FLOWING, "test")
    world.jobs.take_jobs()
    message = world.hint("A")
    world.parking.park(message, message.changes, "failing")
    assert [job.kind for job in world.jobs.take_jobs()] == ["drain"]


@pytest.mark.parametrize(
    ("state", "kinds"),
    [(EndpointState.FAILING, ["probe"]), (EndpointState.FLOWING, ["drain"]), (EndpointState.PAUSED, [])],
)
def test_the_timer_queues_lost_jobs_again(world: World, state: EndpointState, kinds: list[str]) -> None:
    """The message of a probe may be lost, for instance with a deleted queue."""
    world.breaker.transition(state, "test")
    world.jobs.take_jobs()
    world.reconciler.reconcile()
    assert [job.kind for job in world.jobs.take_jobs() if job.kind in ("probe", "drain")] == kinds


def test_a_forced_change_is_delivered_again_after_the_outage(world: World) -> None:
    """A full resync sets `force`, which a parked change keeps, even if the event is parked again without it."""
    world.breaker.transition(EndpointState.FLOWING, "test")
    run_job(world, "drain")
    work_off(world)
    world.webhook.taken.clear()
    world.breaker.transition(EndpointState.FAILING, "test")
    message = world.hint("A")
    world.parking.park(replace(message, force=True), message.changes, "failing")
    world.parking.park(message, message.changes, "failing")
    world.breaker.transition(EndpointState.FLOWING, "test")
    run_job(world, "drain")
    work_off(world)
    assert world.webhook.news == [("created", "A")]


def test_a_failed_probe_covers_no_notification(world: World) -> None:
    """Its clock may be ahead; no attempt follows it, so the next probe or the drain must still deliver the change."""
    world.parked.drop(WAITING, [parked for parked in world.parked.page(WAITING, 10) if parked.event_id != "A"])
    world.webhook.failure = REFUSED
    world.pass_by(10)
    assert run_job(world, "probe") == "failed"
    world.pass_by(-10)
    world.webhook.failure = None
    world.breaker.transition(EndpointState.FLOWING, "test")
    run_job(world, "drain")
    work_off(world)
    assert world.webhook.news == [("created", "A")]


def test_a_probe_never_drops_a_covered_change(world: World) -> None:
    """A probe's own notification can only be covered if another clock was ahead; the change stays parked."""
    world.events.by_id = {"A": event("A")}
    world.parked.drop(WAITING, [parked for parked in world.parked.page(WAITING, 10) if parked.event_id != "A"])
    (claim,) = world.ledger.claim([world.entry("A")])
    assert claim is not None
    world.ledger.release([replace(claim, read_at=world.time + timedelta(seconds=10))])
    assert run_job(world, "probe") == "nothing-to-send"
    assert waiting(world) == {"A"}
