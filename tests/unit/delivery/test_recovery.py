"""Claims about what waited for the partner: how it is found back, and how it goes out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.delivery.recovery import DRAINED_AT_ONCE
from shared.errors import GraphUnavailable, ServiceUnavailable
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.storage.parked import DEAD, WAITING
from tests.support.world import REFUSED, World, event


@pytest.fixture
def world() -> World:
    """A world whose endpoint is failing, and for which three changes wait."""
    world = World()
    world.watch()
    names = ("A", "B", "C")
    world.events.by_id = {name: event(name) for name in names}
    world.breaker.transition("failing", "test")
    message = world.hint(*names)
    world.parking.park(message, message.changes, "failing")
    world.pass_by(31)
    return world


def asked(world: World, kind: str, subject: str = "") -> str:
    """Let the worker of mailbox-repairs do something."""
    return world.job_runner.run_job(Job(subject, kind))


def waiting(world: World) -> set[str]:
    """Return the events that wait."""
    return {one.event_id for one in world.parked.page(WAITING, 1000)}


def work_off(world: World) -> None:
    """Deliver all that is on the queue."""
    for message, _ in world.changes.take():
        world.delivery.deliver(message)


def test_a_probe_that_is_taken_lets_everything_flow(world: World) -> None:
    """One delivery first; then the others, each in its newest state."""
    assert asked(world, "probe") == "taken"
    assert len(world.webhook.taken) == 1
    assert world.breaker.allows_delivery()
    assert "drain" in [one.kind for one in world.jobs.take_jobs()]
    assert asked(world, "drain") == "drained-2"
    work_off(world)
    assert {event_id for _, event_id in world.webhook.news} == {"A", "B", "C"}
    assert waiting(world) == set()


def test_a_probe_that_fails_costs_one_try(world: World) -> None:
    """All still wait, nothing is put back, and the next probe is asked for."""
    world.webhook.failure = REFUSED
    assert asked(world, "probe") == "failed"
    assert (len(world.webhook.tried), world.breaker.allows_delivery()) == (1, False)
    assert waiting(world) == {"A", "B", "C"}
    assert [(one.kind, delay) for one, delay in world.jobs.wanted] == [("probe", 61), ("probe", 10)]
    assert world.changes.take() == []
    world.pass_by(10)
    world.webhook.failure = None
    assert asked(world, "probe") == "taken"


def test_the_next_probe_is_asked_for_before_this_one_goes_out(world: World) -> None:
    """A crash in the middle of a probe must not be the end of all probes."""
    world.webhook.failure = SystemExit()  # type: ignore[assignment]
    with pytest.raises(SystemExit):
        asked(world, "probe")
    assert [one.kind for one in world.jobs.take_jobs()] == ["probe"]


def test_a_probe_that_is_rejected_says_that_somebody_is_there(world: World) -> None:
    """400 makes that one a dead letter; the others flow."""
    world.webhook.failure = NotDelivered(400, "status 400")
    assert asked(world, "probe") == "taken"
    assert world.breaker.allows_delivery()
    assert (len(waiting(world)), len(world.parked.page(DEAD, 10))) == (2, 1)


def test_a_probe_that_is_answered_410_stops_all(world: World) -> None:
    """The change stays parked with the others."""
    world.webhook.failure = NotDelivered(410, "status 410")
    assert asked(world, "probe") == "failed"
    assert world.breaker.endpoint().state == "gone"
    assert waiting(world) == {"A", "B", "C"}


def test_a_probe_that_graph_does_not_answer_says_nothing(world: World) -> None:
    """The endpoint was not asked, and stays as it is."""
    world.events.by_id = dict.fromkeys("ABC", GraphUnavailable(503, "x"))
    assert asked(world, "probe") == "failed"
    assert (world.breaker.endpoint().state, len(waiting(world))) == ("failing", 3)


def test_with_nothing_to_send_the_next_change_is_the_probe(world: World) -> None:
    """What waited was deleted, or the partner has it already."""
    world.parked.drop(WAITING, world.parked.page(WAITING, 10))
    assert asked(world, "probe") == "nothing-to-send"
    assert world.breaker.allows_delivery()


def test_a_probe_skips_what_is_no_news(world: World) -> None:
    """The partner has heard of all but one."""
    world.breaker.transition("flowing", "test")
    for name in ("A", "B"):
        message = world.hint(name)
        world.pass_by(10)
        world.delivery.deliver(message)
    world.breaker.transition("failing", "test")
    world.pass_by(31)
    world.webhook.taken.clear()
    assert asked(world, "probe") == "taken"
    assert world.webhook.news == [("created", "C")]


def test_the_drain_stops_when_the_endpoint_fails_again(world: World) -> None:
    """What is left waits."""
    assert asked(world, "drain") == "not-now"
    assert (world.changes.take(), len(waiting(world))) == ([], 3)


def test_a_long_backlog_drains_step_by_step(world: World) -> None:
    """A hundred at a time, the next step some seconds later, so that live changes find places."""
    names = [f"N{number}" for number in range(DRAINED_AT_ONCE)]
    message = world.hint(*names)
    world.parking.park(message, message.changes, "failing")
    world.breaker.transition("flowing", "test")
    assert asked(world, "drain") == f"drained-{DRAINED_AT_ONCE}"
    [(step, delay)] = world.jobs.wanted
    assert (step.kind, delay) == ("drain", 3.0)
    world.pass_by(delay)
    assert asked(world, "drain") == "drained-3"
    assert sum(len(one.changes) for one, _ in world.changes.take()) == DRAINED_AT_ONCE + 3


def test_a_drain_that_cannot_queue_leaves_all_where_it_is(world: World) -> None:
    """A row goes only when the queue has its change."""
    world.breaker.transition("flowing", "test")
    world.changes.failure = ServiceUnavailable("storage")
    assert asked(world, "drain") == "put-back"
    assert waiting(world) == {"A", "B", "C"}


def test_what_is_parked_anew_during_a_drain_stays(world: World) -> None:
    """Its row has changed since it was read."""
    world.breaker.transition("flowing", "test")
    put = world.changes.put

    def parking(text: str, delay: float = 0) -> None:
        put(text, delay)
        message = world.hint("B")
        world.parked.put(WAITING, [one for one in world.parked.page(WAITING, 10) if one.event_id == "B"])
        assert message

    world.changes.put = parking  # type: ignore[method-assign]
    asked(world, "drain")
    assert waiting(world) == {"B"}


def test_who_parks_late_sees_to_the_drain(world: World) -> None:
    """The state that a worker has read is a second old: the endpoint may flow again already."""
    world.breaker.transition("flowing", "test")
    world.jobs.take_jobs()
    message = world.hint("A")
    world.parking.park(message, message.changes, "failing")
    assert [one.kind for one in world.jobs.take_jobs()] == ["drain"]


@pytest.mark.parametrize(("state", "kinds"), [("failing", ["probe"]), ("flowing", ["drain"]), ("paused", [])])
def test_the_timer_asks_again_for_what_was_lost(world: World, state: str, kinds: list[str]) -> None:
    """A queue that was deleted takes the probe's message with it."""
    world.breaker.transition(state, "test")
    world.jobs.take_jobs()
    world.reconciler.reconcile()
    assert [one.kind for one in world.jobs.take_jobs() if one.kind in ("probe", "drain")] == kinds


def test_what_the_partner_wants_again_is_sent_again_after_the_outage(world: World) -> None:
    """A full resync meets a failing endpoint: that it is full is not forgotten, even if the event changes meanwhile."""
    world.breaker.transition("flowing", "test")
    asked(world, "drain")
    work_off(world)
    world.webhook.taken.clear()
    world.breaker.transition("failing", "test")
    message = world.hint("A")
    world.parking.park(replace(message, force=True), message.changes, "failing")
    world.parking.park(message, message.changes, "failing")
    world.breaker.transition("flowing", "test")
    asked(world, "drain")
    work_off(world)
    assert world.webhook.news == [("created", "A")]


def test_a_probe_that_failed_covers_nothing(world: World) -> None:
    """No try follows it. Its clock may be ahead: the next probe, or the drain, must not find the change done."""
    world.parked.drop(WAITING, [one for one in world.parked.page(WAITING, 10) if one.event_id != "A"])
    world.webhook.failure = REFUSED
    world.pass_by(10)
    assert asked(world, "probe") == "failed"
    world.pass_by(-10)
    world.webhook.failure = None
    world.breaker.transition("flowing", "test")
    asked(world, "drain")
    work_off(world)
    assert world.webhook.news == [("created", "A")]


def test_a_probe_never_drops_what_seems_to_be_covered(world: World) -> None:
    """A probe reads for a hint of its own, so only a clock that was ahead covers it; the change waits on."""
    world.events.by_id = {"A": event("A")}
    world.parked.drop(WAITING, [one for one in world.parked.page(WAITING, 10) if one.event_id != "A"])
    (claim,) = world.ledger.claim([world.entry("A")])
    assert claim is not None
    world.ledger.release([replace(claim, read_at=world.time + timedelta(seconds=10))])
    assert asked(world, "probe") == "nothing-to-send"
    assert waiting(world) == {"A"}
