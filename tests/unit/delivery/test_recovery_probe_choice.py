"""Claims about which parked changes a probe tries, and what it takes for a word about the partner."""

from __future__ import annotations

import pytest

from shared.delivery.recovery import LOOKED_AT, MOST_TRIED, SEARCH
from shared.errors import GraphForbidden, GraphUnavailable
from shared.messages import Change, ChangeMessage, Job
from shared.storage.parked import WAITING
from tests.support.world import WATCH_ID, World, event

OTHER = "room2@contoso.com"


@pytest.fixture
def world(world: World) -> World:
    """A world whose endpoint is failing."""
    world.watch()
    world.breaker.transition("failing", "test")
    return world


def parked(world: World, watch_id: str, *names: str, failure: Exception | None = None) -> None:
    """Park changes of events that Graph gives, or refuses."""
    world.events.by_id |= {name: failure or event(name) for name in names}
    changes = tuple(Change(watch_id, "user", name) for name in names)
    world.parking.park(ChangeMessage(world.time, changes), changes, "failing")


def probed(world: World) -> str:
    """Let a probe go out that is due."""
    world.pass_by(61)
    return world.job_runner.run_job(Job("", "probe"))


def test_a_mailbox_that_graph_refuses_does_not_stand_for_the_partner(world: World) -> None:
    """Ninety-nine changes cannot be read; the first probe finds the one that can."""
    parked(world, WATCH_ID, *map(str, range(99)), failure=GraphForbidden(403, "x"))
    parked(world, world.watch(OTHER).id, "good")
    assert probed(world) == "taken"
    assert world.webhook.news == [("created", "good")]
    assert world.breaker.allows_delivery()


def test_one_event_that_cannot_be_read_is_passed_over(world: World) -> None:
    """Of the same mailbox, too."""
    parked(world, WATCH_ID, "bad", failure=GraphUnavailable(503, "x"))
    parked(world, WATCH_ID, "good")
    assert probed(world) == "taken"


def test_what_lies_beyond_the_first_page_is_found(world: World) -> None:
    """Several pages of one mailbox cannot be read; every probe begins at another place."""
    parked(world, WATCH_ID, *map(str, range(3 * LOOKED_AT)), failure=GraphForbidden(403, "ErrorAccessDenied"))
    parked(world, world.watch(OTHER).id, *(f"good{number}" for number in range(3)))
    assert "taken" in {probed(world) for _ in range(60)}  # by chance not in one run of ten thousand million


def test_only_if_no_change_says_anything_the_probe_has_failed(world: World) -> None:
    """Graph is down: nobody knows how the partner is, and the next probe comes."""
    parked(world, WATCH_ID, *map(str, range(50)), failure=GraphUnavailable(503, "x"))
    assert probed(world) == "failed"
    assert (len(world.events.reads), world.breaker.endpoint().state) == (MOST_TRIED, "failing")
    assert world.parked.count(WAITING) == 50
    assert "probe" in [one.kind for one in world.jobs.take_jobs()]


def test_a_probe_looks_for_a_change_within_its_lease(world: World) -> None:
    """Graph answers each reading late."""
    parked(world, WATCH_ID, *map(str, range(50)), failure=GraphUnavailable(503, "x"))
    world.events.during = lambda _: world.pass_by(10)
    began = world.time
    assert probed(world) == "failed"
    assert world.time.timestamp() - began.timestamp() - 61 <= SEARCH.total_seconds() + 10
