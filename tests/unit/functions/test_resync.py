"""The calls and the timer that queue a resync."""

from __future__ import annotations

import pytest

from functions.resync import resync_calendars, resync_subscription
from shared.messages import Job
from tests.support.world import WATCH_ID
from tests.unit.functions.conftest import HostWorld, call, content_of


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", "resync"), ({}, "resync"), ({"full": False}, "resync"), ({"full": True}, "resync-full")]
)
def test_a_resync_is_queued(world: HostWorld, body: object, kind: str) -> None:
    """The response is 202; the body is optional."""
    world.watch()
    answer = call(resync_subscription, body=body, route_params={"id": WATCH_ID})
    assert (answer.status_code, content_of(answer)["full"]) == (202, kind == "resync-full")
    assert [(job.watch_id, job.kind) for job in world.jobs.take_jobs()] == [(WATCH_ID, kind)]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"x", 400), ([], 400), ({"full": "yes"}, 422), ({"full": None}, 422), ({"full": 1}, 422), ({"more": 1}, 422)],
)
def test_invalid_input_queues_nothing(world: HostWorld, body: object, status: int) -> None:
    """The problem says what to send."""
    world.watch()
    answer = call(resync_subscription, body=body, route_params={"id": WATCH_ID})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert world.jobs.wanted == []


def test_an_unknown_watch_is_404_and_a_direct_watch_409(world: HostWorld) -> None:
    """The relay does not process the changes of a direct watch."""
    assert call(resync_subscription, route_params={"id": WATCH_ID}).status_code == 404
    world.watch(delivery="direct")
    assert call(resync_subscription, route_params={"id": WATCH_ID}).status_code == 409
    assert world.jobs.wanted == []


def test_the_nightly_timer_queues_a_resync_for_each_mailbox(world: HostWorld) -> None:
    """Each watched mailbox gets a job, which names the subscription that it tests for silence. A sweep and a
    cleanup are queued, too, even if that fails.
    """
    watch = world.watch()
    resync_calendars._function.get_user_function()(None)
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync", watch.subscription_id, at=world.time)]
    assert [job.kind for job in world.work.take_jobs()] == ["cleanup", "sweep"]
