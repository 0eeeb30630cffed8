"""Claims about probes: while the breaker is open, one is always on its way, whatever fails or ends in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.reliability.circuit_breaker import FAILURES, FIRST_PROBE, WITHIN
from shared.storage.parked import WAITING
from tests.support.world import REFUSED, World, event

NAMES = [f"E{number:02}" for number in range(FAILURES + 2)]
LATE = 70  # seconds after which probes come at the latest


@pytest.fixture
def world(world: World) -> World:
    """A world with some events of a mailbox."""
    world.watch()
    world.events.by_id = {name: event(name) for name in NAMES}
    return world


def fails_once(part: object, name: str) -> None:
    """Let the next call of a part's method fail as storage does."""
    method: Callable[..., object] = getattr(part, name)

    def failing(*_: object, **__: object) -> None:
        setattr(part, name, method)
        raise ServiceUnavailable("storage")

    setattr(part, name, failing)


def fail(world: World, *names: str, failure: Exception = REFUSED) -> None:
    """Let deliveries fail."""
    world.webhook.failure = failure
    message = world.hint(*names)
    world.pass_by(10)
    world.delivery.deliver(message)


def open_breaker(world: World) -> None:
    """Let the endpoint be failing, with everything parked and a probe due."""
    world.breaker.transition("failing", "test")
    message = world.hint(*NAMES)
    world.parking.park(message, message.changes, "failing")
    world.pass_by(6)


def probe(world: World) -> str:
    """Let the worker of mailbox-repairs probe."""
    return world.job_runner.run_job(Job("", "probe"))


def comes_back(world: World) -> bool:
    """Let the partner take deliveries, work on repairs as they fall due, and return whether all flows and is told."""
    world.webhook.failure = None
    ends = world.time.timestamp() + LATE
    while world.jobs.wanted:
        world.jobs.wanted.sort(key=lambda one: one[1])
        wanted, delay = world.jobs.wanted.pop(0)
        if world.time.timestamp() + delay > ends:
            break
        world.jobs.wanted = [(one, max(0.0, later - delay)) for one, later in world.jobs.wanted]
        world.pass_by(delay)
        world.job_runner.run_job(wanted)
        world.pass_by(0.1)
    return world.breaker.endpoint(fresh=True).state == "flowing" and world.parked.count(WAITING) == 0


@pytest.mark.parametrize("lost", [0, 1])
def test_either_probe_that_the_breaker_asks_for_is_enough(world: World, lost: int) -> None:
    """The worker was killed before the second, or a queue was restored without the first."""
    fail(world, *NAMES[:FAILURES])
    asked = world.jobs.wanted
    assert len(asked) == 2
    asked.pop(lost)
    assert comes_back(world)


@pytest.mark.parametrize("part", ["jobs", "endpoints"])
def test_a_breaker_that_cannot_open_has_no_probe_missing(world: World, part: str) -> None:
    """The queue or the table fails at the tenth failure: the next one opens it, and asks."""
    fails_once(getattr(world, part), "put" if part == "jobs" else "change")
    fail(world, *NAMES)
    assert world.breaker.endpoint(fresh=True).state == "failing"
    assert comes_back(world)


def test_a_breaker_never_opens_without_a_probe(world: World) -> None:
    """As long as the queue takes none, every delivery is tried on its own."""
    world.jobs.failure = ServiceUnavailable("storage")
    fail(world, *NAMES)
    assert world.breaker.endpoint(fresh=True).state == "flowing"


def test_a_probe_that_cannot_ask_for_its_successor_claims_nothing(world: World) -> None:
    """It goes back on the queue, and finds no claim of its own in its way."""
    open_breaker(world)
    fails_once(world.jobs, "put")
    assert probe(world) == "put-back"
    [(_, delay)] = world.jobs.wanted
    assert delay < 10
    assert comes_back(world)


@pytest.mark.parametrize("method", ["acquire_probe", "release_probe"])
def test_a_probe_whose_claim_is_not_written_comes_again(world: World, method: str) -> None:
    """The table fails before, or after, the delivery."""
    open_breaker(world)
    world.webhook.failure = REFUSED
    fails_once(world.breaker, method)
    assert probe(world) == "put-back"
    assert comes_back(world)


def test_a_probe_that_dies_before_it_asks_for_the_drain_is_followed_by_one_that_does(world: World) -> None:
    """Deliveries flow, a hundred changes wait, and no drain is on its way: the next probe sees to it."""
    open_breaker(world)
    ask = world.jobs.put

    def dies_at_the_drain(text: str, delay: float = 0) -> None:
        if "drain" in text:
            raise SystemExit
        ask(text, delay)

    world.jobs.put = dies_at_the_drain  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        probe(world)
    world.jobs.put = ask  # type: ignore[method-assign]
    assert world.breaker.endpoint(fresh=True).state == "flowing"
    assert comes_back(world)


@pytest.mark.parametrize(("wish", "wait"), [(600.0, 600), (3.0, 10), (1e9, 3600)])
def test_the_next_probe_goes_out_when_the_partner_asked_for_it(world: World, wish: float, wait: int) -> None:
    """Its Retry-After, up to an hour; neither the probe in its stead nor the timer's comes sooner."""
    open_breaker(world)
    world.webhook.failure = NotDelivered(503, "status 503", wish)
    assert probe(world) == "failed"
    assert [round(delay) for _, delay in world.jobs.wanted] == [61, wait]
    world.webhook.failure = None
    world.pass_by(wait - 3)
    assert probe(world) == "not-now"
    world.pass_by(3)
    assert probe(world) == "taken"


def test_the_first_probe_goes_out_when_the_partner_asked_for_it(world: World) -> None:
    """The answers that opened the breaker said when."""
    fail(world, *NAMES[:FAILURES], failure=NotDelivered(503, "status 503", 120.0))
    assert [round(delay) for _, delay in world.jobs.wanted] == [180, 120]
    message = world.hint(*NAMES)
    world.parking.park(message, message.changes, "failing")
    world.pass_by(110)
    assert probe(world) == "not-now"
    world.pass_by(10)
    world.webhook.failure = None
    assert probe(world) == "taken"


def test_a_wish_of_an_earlier_outage_is_not_kept(world: World) -> None:
    """A delivery was taken since, perhaps by another instance."""
    world.breaker.record_failure(503, 600)
    assert world.breaker.wait_for_probe(0) == timedelta(seconds=600)
    world.breaker.record_success()
    assert world.breaker.wait_for_probe(0) == FIRST_PROBE
    world.breaker.record_failure(503, 600)
    world.time += WITHIN
    world.pass_by(1)
    world.breaker.record_failure(503)
    assert world.breaker.wait_for_probe(0) == FIRST_PROBE


def test_a_long_wait_for_the_next_probe_outlasts_a_crash(world: World) -> None:
    """The probe ends before it gives its claim back: the one that waits as the partner asked is on its way already."""
    open_breaker(world)
    world.webhook.failure = NotDelivered(503, "status 503", 600)
    fails_once(world.breaker, "release_probe")
    assert probe(world) == "put-back"
    assert 600 in [round(delay) for _, delay in world.jobs.wanted]
