"""Which parked changes a probe tries, and which outcomes say something about the partner."""

from __future__ import annotations

import pytest

from shared.delivery.recovery import MOST_TRIED, PAGE_SIZE, SEARCH
from shared.errors import GraphForbidden, GraphUnavailable
from shared.messages import Change, ChangeMessage, Job
from shared.storage.parked import WAITING
from shared.storage.partner_endpoint import EndpointState
from tests.support.world import WATCH_ID, World, event

OTHER = "room2@contoso.com"


@pytest.fixture
def world(world: World) -> World:
    """Return a world whose endpoint is failing."""
    world.watch()
    world.breaker.transition(EndpointState.FAILING, "test")
    return world


def parked(world: World, watch_id: str, *names: str, failure: Exception | None = None) -> None:
    """Park changes of events that Graph returns, or fails to return."""
    world.events.by_id |= {name: failure or event(name) for name in names}
    changes = tuple(Change(watch_id, "user", name) for name in names)
    world.parking.park(ChangeMessage(world.time, changes), changes, "failing")


def probed(world: World) -> str:
    """Run a probe that is due."""
    world.pass_by(61)
    return world.job_runner.run_job(Job("", "probe"))


def test_a_mailbox_that_graph_refuses_says_nothing_of_the_partner(world: World) -> None:
    """Ninety-nine changes cannot be read; the first probe sends the one that can."""
    parked(world, WATCH_ID, *map(str, range(99)), failure=GraphForbidden(403, "x"))
    parked(world, world.watch(OTHER).id, "good")
    assert probed(world) == "taken"
    assert world.webhook.news == [("created", "good")]
    assert world.breaker.allows_delivery()


def test_an_event_that_cannot_be_read_is_skipped(world: World) -> None:
    """Another change of the same mailbox is sent."""
    parked(world, WATCH_ID, "bad", failure=GraphUnavailable(503, "x"))
    parked(world, WATCH_ID, "good")
    assert probed(world) == "taken"


def test_a_probe_reaches_changes_beyond_the_first_page(world: World) -> None:
    """Each probe starts at a random position, so several unreadable pages of a mailbox do not block it."""
    parked(world, WATCH_ID, *map(str, range(3 * PAGE_SIZE)), failure=GraphForbidden(403, "ErrorAccessDenied"))
    parked(world, world.watch(OTHER).id, *(f"good{number}" for number in range(3)))
    assert "taken" in {probed(world) for _ in range(60)}  # fails by chance in one run of ten thousand million


def test_a_probe_without_a_conclusive_change_has_failed(world: World) -> None:
    """If Graph is down, the state of the partner is unknown, and the next probe follows."""
    parked(world, WATCH_ID, *map(str, range(50)), failure=GraphUnavailable(503, "x"))
    assert probed(world) == "failed"
    assert (len(world.events.reads), world.breaker.endpoint().state) == (MOST_TRIED, "failing")
    assert world.parked.count(WAITING) == 50
    assert "probe" in [job.kind for job in world.jobs.take_jobs()]


def test_a_probe_stops_its_search_within_its_lease(world: World) -> None:
    """Each read of Graph is slow."""
    parked(world, WATCH_ID, *map(str, range(50)), failure=GraphUnavailable(503, "x"))
    world.events.during = lambda _: world.pass_by(10)
    began = world.time
    assert probed(world) == "failed"
    assert world.time.timestamp() - began.timestamp() - 61 <= SEARCH.total_seconds() + 10
