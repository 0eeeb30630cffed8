"""The circuit breaker of the partner endpoint: when it opens, what passes, and how it closes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.reliability.circuit_breaker import FAILURES, FIRST_PROBE, FRESH, PROBE_LEASE, SLACK, CircuitBreaker
from shared.storage.parked import WAITING
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import REFUSED, WATCH_ID, World, event

EVENTS = [f"E{number}" for number in range(FAILURES)]


@pytest.fixture
def down(world: World) -> World:
    """Return a world whose partner answers every delivery with 500."""
    world.watch()
    world.events.by_id = {one: event(one) for one in EVENTS}
    world.webhook.failure = REFUSED
    return world


def delivered(world: World, *events: str) -> Counter[str]:
    """Notify changes of events, and deliver them after they have settled."""
    message = world.hint(*events)
    world.pass_by(10)
    return world.delivery.deliver(message)


def test_failures_in_a_row_open_the_breaker(down: World) -> None:
    """Afterwards changes are parked unread, and a probe is queued, with a second one in case the first is lost."""
    assert delivered(down, *EVENTS) == Counter({"put-back": FAILURES})
    assert down.breaker.endpoint().state == "failing"
    assert [delay for _, delay in down.jobs.wanted] == [65, 5]
    assert down.jobs.take_jobs() == [Job("", "probe")] * 2
    tried = len(down.webhook.tried)
    assert delivered(down, "E1", "E2") == Counter(parked=2)
    assert len(down.webhook.tried) == tried
    assert {one.event_id for one in down.parked.page(WAITING, 10)} == {"E1", "E2"}


def test_fewer_failures_leave_the_breaker_closed(down: World) -> None:
    """The retry schedule handles a few failures."""
    delivered(down, *EVENTS[1:])
    assert down.breaker.allows_delivery()


def test_a_success_resets_the_count_of_failures(down: World) -> None:
    """A partner that fails on some deliveries is not down."""
    delivered(down, *EVENTS[1:])
    down.webhook.failure = None
    assert delivered(down, "E0") == Counter(told=1)
    down.webhook.failure = REFUSED
    down.events.by_id["E1"] = event("E1", "2")
    delivered(down, *EVENTS[1:])
    assert down.breaker.allows_delivery()


def test_a_single_failing_event_does_not_stop_the_others(down: World) -> None:
    """Its attempts are minutes and hours apart."""
    message = down.hint("E0")
    down.pass_by(10)
    for _ in range(FAILURES * 2):
        down.delivery.deliver(message)
        [(message, delay)] = down.changes.take()
        down.pass_by(delay)
    assert down.breaker.allows_delivery()


@pytest.mark.parametrize("status", [400, 422])
def test_rejected_deliveries_do_not_open_the_breaker(down: World, status: int) -> None:
    """A rejection is about the delivery, and shows that the endpoint works."""
    down.webhook.failure = NotDelivered(status, f"status {status}")
    assert delivered(down, *EVENTS) == Counter(dead=FAILURES)
    assert down.breaker.allows_delivery()


@pytest.mark.parametrize("status", [0, 401, 403, 404, 429, 503])
def test_a_failure_that_can_affect_every_delivery_opens_the_breaker(down: World, status: int) -> None:
    """A wrong key, a wrong address, an overload, a broken connection."""
    down.webhook.failure = NotDelivered(status, "x")
    delivered(down, *EVENTS)
    assert down.breaker.endpoint().state == "failing"


def test_failures_of_graph_do_not_open_the_breaker(world: World) -> None:
    """No delivery was attempted."""
    world.watch()
    world.events.by_id = dict.fromkeys(EVENTS, GraphUnavailable(503, "x"))
    delivered(world, *EVENTS)
    assert world.breaker.allows_delivery()


def test_a_parked_event_has_a_single_row(down: World) -> None:
    """A hundred changes of a meeting are one row, and one delivery later."""
    down.breaker.transition(EndpointState.FAILING, "test")
    for _ in range(100):
        delivered(down, "E1")
    assert len(down.parked.page(WAITING, 10)) == 1


def test_another_instance_sees_the_state_within_a_second(world: World) -> None:
    """The state is shared; each process caches it for a short time only."""
    other = CircuitBreaker(world.breaker._endpoints, world.now)
    assert other.allows_delivery()
    world.breaker.transition(EndpointState.PAUSED, "test")
    world.pass_by(FRESH.total_seconds())
    assert not other.allows_delivery()


def test_two_probes_never_run_at_the_same_time(world: World) -> None:
    """The next probe starts when the last one has ended or its lease has expired."""
    other = CircuitBreaker(world.breaker._endpoints, world.now)
    assert not world.breaker.acquire_probe()  # nothing is failing
    world.breaker.transition(EndpointState.FAILING, "test")
    assert not world.breaker.acquire_probe()  # not yet
    world.time += FIRST_PROBE
    assert [world.breaker.acquire_probe(), other.acquire_probe()] == [True, False]
    world.time += PROBE_LEASE - SLACK - timedelta(seconds=1)
    assert not other.acquire_probe()
    world.time += SLACK
    assert other.acquire_probe()


def test_probes_become_less_frequent(world: World) -> None:
    """A short outage ends soon, a long one costs two probes a minute."""
    world.breaker.transition(EndpointState.FAILING, "test")
    waits = []
    for _ in range(5):
        world.time += PROBE_LEASE
        assert world.breaker.acquire_probe()
        wait = world.breaker.wait_for_probe(world.breaker.endpoint(fresh=True).probes)
        world.breaker.release_probe(world.now() + wait)
        waits.append(wait.total_seconds())
    assert waits == [10, 20, 30, 30, 30]
    world.breaker.transition(EndpointState.FLOWING, "test")
    world.breaker.transition(EndpointState.FAILING, "test")
    assert world.breaker.endpoint().probes == 0


def test_a_pause_is_not_undone_by_a_late_failure(world: World) -> None:
    """A delivery that fails after the pause does not overwrite it."""
    world.breaker.transition(EndpointState.PAUSED, "test")
    assert not world.breaker.transition(EndpointState.FAILING, "x", only_from=(EndpointState.FLOWING,))
    assert world.breaker.endpoint().state == "paused"
    assert world.watches.get(WATCH_ID) is None
