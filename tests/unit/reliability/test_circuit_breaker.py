"""Claims about the gate before the partner's endpoint: when the breaker opens, what passes, and how it closes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.messages import Job
from shared.partner.webhook import NotDelivered
from shared.reliability.circuit_breaker import FAILURES, FIRST_PROBE, FRESH, PROBE_LEASE, SLACK, CircuitBreaker
from shared.storage.parked import WAITING
from tests.support.world import REFUSED, WATCH_ID, World, event

EVENTS = [f"E{number}" for number in range(FAILURES)]


@pytest.fixture
def down(world: World) -> World:
    """A world whose partner answers nothing but 500."""
    world.watch()
    world.events.by_id = {one: event(one) for one in EVENTS}
    world.webhook.failure = REFUSED
    return world


def delivered(world: World, *events: str) -> Counter[str]:
    """Hint at events, and deliver them after they have settled."""
    message = world.hint(*events)
    world.pass_by(10)
    return world.delivery.deliver(message)


def test_failures_in_a_row_open_the_breaker(down: World) -> None:
    """From then on changes are parked unread, and a probe is asked for, and one in its stead if it is lost."""
    assert delivered(down, *EVENTS) == Counter({"put-back": FAILURES})
    assert down.breaker.endpoint().state == "failing"
    assert [delay for _, delay in down.jobs.wanted] == [65, 5]
    assert down.jobs.take_jobs() == [Job("", "probe")] * 2
    tried = len(down.webhook.tried)
    assert delivered(down, "E1", "E2") == Counter(parked=2)
    assert len(down.webhook.tried) == tried
    assert {one.event_id for one in down.parked.page(WAITING, 10)} == {"E1", "E2"}


def test_one_less_does_not(down: World) -> None:
    """A few failures are the schedule's."""
    delivered(down, *EVENTS[1:])
    assert down.breaker.allows_delivery()


def test_a_success_between_begins_the_row_anew(down: World) -> None:
    """A partner that chokes on some deliveries is not down."""
    delivered(down, *EVENTS[1:])
    down.webhook.failure = None
    assert delivered(down, "E0") == Counter(told=1)
    down.webhook.failure = REFUSED
    down.events.by_id["E1"] = event("E1", "2")
    delivered(down, *EVENTS[1:])
    assert down.breaker.allows_delivery()


def test_one_event_that_always_fails_does_not_stop_the_others(down: World) -> None:
    """Its tries are minutes and hours apart."""
    message = down.hint("E0")
    down.pass_by(10)
    for _ in range(FAILURES * 2):
        down.delivery.deliver(message)
        [(message, delay)] = down.changes.take()
        down.pass_by(delay)
    assert down.breaker.allows_delivery()


@pytest.mark.parametrize("status", [400, 422])
def test_rejected_deliveries_do_not_open_the_breaker(down: World, status: int) -> None:
    """They say something of the delivery, and that somebody is there."""
    down.webhook.failure = NotDelivered(status, f"status {status}")
    assert delivered(down, *EVENTS) == Counter(dead=FAILURES)
    assert down.breaker.allows_delivery()


@pytest.mark.parametrize("status", [0, 401, 403, 404, 429, 503])
def test_what_may_fail_for_all_does(down: World, status: int) -> None:
    """A wrong key, a wrong address, an overload, a line that is cut."""
    down.webhook.failure = NotDelivered(status, "x")
    delivered(down, *EVENTS)
    assert down.breaker.endpoint().state == "failing"


def test_failures_to_read_graph_do_not(world: World) -> None:
    """The partner was not even asked."""
    world.watch()
    world.events.by_id = dict.fromkeys(EVENTS, GraphUnavailable(503, "x"))
    delivered(world, *EVENTS)
    assert world.breaker.allows_delivery()


def test_an_event_that_changes_while_it_is_parked_waits_once(down: World) -> None:
    """A hundred changes of a meeting are one row, and one delivery later."""
    down.breaker.transition("failing", "test")
    for _ in range(100):
        delivered(down, "E1")
    assert len(down.parked.page(WAITING, 10)) == 1


def test_another_instance_hears_of_it_within_a_second(world: World) -> None:
    """The state is shared; each process keeps it for a moment only."""
    other = CircuitBreaker(world.breaker._endpoints, world.now)
    assert other.allows_delivery()
    world.breaker.transition("paused", "test")
    world.pass_by(FRESH.total_seconds())
    assert not other.allows_delivery()


def test_one_probe_at_a_time(world: World) -> None:
    """Of two that come at once one goes out; the next when it is over, or its worker must have died."""
    other = CircuitBreaker(world.breaker._endpoints, world.now)
    assert not world.breaker.acquire_probe()  # nothing is failing
    world.breaker.transition("failing", "test")
    assert not world.breaker.acquire_probe()  # not yet
    world.time += FIRST_PROBE
    assert [world.breaker.acquire_probe(), other.acquire_probe()] == [True, False]
    world.time += PROBE_LEASE - SLACK - timedelta(seconds=1)
    assert not other.acquire_probe()
    world.time += SLACK
    assert other.acquire_probe()


def test_probes_become_less_frequent(world: World) -> None:
    """A short outage ends soon, a long one costs two probes a minute."""
    world.breaker.transition("failing", "test")
    waits = []
    for _ in range(5):
        world.time += PROBE_LEASE
        assert world.breaker.acquire_probe()
        wait = world.breaker.wait_for_probe(world.breaker.endpoint(fresh=True).probes)
        world.breaker.release_probe(world.now() + wait)
        waits.append(wait.total_seconds())
    assert waits == [10, 20, 30, 30, 30]
    world.breaker.transition("flowing", "test")
    world.breaker.transition("failing", "test")
    assert world.breaker.endpoint().probes == 0


def test_a_pause_is_not_undone_by_a_late_failure(world: World) -> None:
    """A delivery that was under way fails after the pause: what an administrator said stands."""
    world.breaker.transition("paused", "test")
    assert not world.breaker.transition("failing", "x", only_from=("flowing",))
    assert world.breaker.endpoint().state == "paused"
    assert world.watches.get(WATCH_ID) is None
