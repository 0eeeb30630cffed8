"""Jobs that fail, resyncs, and jobs that are not about one watch."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphUnavailable, ServiceUnavailable
from shared.messages import Job
from shared.subscriptions.due import CONFIRM_AFTER
from shared.watches.states import shown
from tests.support.watched_room import run, watch_room
from tests.support.world import WATCH_ID, World, event


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room; it has a subscription."""
    watch_room(world)


@pytest.mark.parametrize("kind", ["subscriptionsMerged", "", "Missed", "subscriptionRemoved2"])
def test_a_job_of_an_unknown_kind_deletes_and_creates_nothing(
    world: World, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A later version wrote it: it goes back on the queue that it came from, and is counted."""
    with caplog.at_level(logging.INFO):
        assert world.job_runner.run_job(Job(WATCH_ID, kind, "s-0"), world.work) == "unknown-kind"
    assert "repairs=1 kind=unknown end=unknown-kind" in caplog.messages
    assert (world.subscriptions.calls, [job.kind for job in world.work.take_jobs()]) == ([], [kind])


def test_a_missed_notification_causes_a_resync(world: World) -> None:
    """The subscription stays as it is; the differences are queued."""
    world.events.by_id["E"] = event()
    assert run(world, "missed") == "resynced"
    assert world.subscriptions.calls == []
    assert [change.event_id for message, _ in world.changes.take() for change in message.changes] == ["E"]


def test_a_resync_that_fails_is_put_back(world: World) -> None:
    """With a growing delay, and not before Graph's Retry-After."""
    world.events.view_failure = GraphUnavailable(429, "x", retry_after=600)
    assert run(world, "resync", attempt=1) == "put-back"
    [(again, delay)] = world.jobs.wanted
    assert (again.kind, again.attempt) == ("resync", 2)
    assert delay >= 600


def test_a_forbidden_calendar_is_shown_and_does_not_stop_renewals(world: World) -> None:
    """It is not retried in a loop; the watch shows what to do, and is marked for a resync. Its state stays."""
    world.events.view_failure = GraphForbidden(403, "ErrorAccessDenied")
    assert run(world, "resync") == "refused"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (watch.state, watch.reading_state, watch.gap_since) == ("live", "refused", world.time)
    seen = shown(watch, world.time)
    assert (seen.state, seen.since) == ("refused", world.time)
    assert "Calendars.Read" in seen.what_to_do
    assert world.jobs.wanted == []


def test_a_calendar_that_can_be_read_again_is_live(world: World) -> None:
    """The first successful resync removes the mark."""
    world.events.view_failure = GraphForbidden(403, "ErrorAccessDenied")
    run(world, "resync")
    world.events.view_failure = None
    assert run(world, "resync") == "resynced"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert shown(watch, world.time).state == "live"


def test_a_job_of_a_deleted_watch_is_dropped(world: World) -> None:
    """The outcome is `unknown-watch`."""
    assert run(world, "subscriptionRemoved", "f" * 32) == "unknown-watch"


def test_a_failed_job_is_put_back(world: World) -> None:
    """The host's five quick tries are not used."""
    world.subscriptions.existing.clear()
    run(world, "subscriptionRemoved")
    world.pass_by(CONFIRM_AFTER.total_seconds())
    world.subscriptions.failures = [None, GraphUnavailable(503, "x")]
    assert run(world, "lookup") == "put-back"
    assert run(world, "lookup", subscription_id="", attempt=1) == "kept"


def test_a_message_stays_with_the_host_when_the_queue_fails(world: World) -> None:
    """The host shows it again."""
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    world.jobs.failure = ServiceUnavailable("storage")
    with pytest.raises(ServiceUnavailable):
        run(world, "reauthorizationRequired")


def test_a_mailbox_off_the_allow_list_is_not_subscribed_again() -> None:
    """A mailbox that the customer no longer allows is not watched."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    world.watch()
    assert run(world, "subscriptionRemoved") == "not-allowed"
    assert world.subscriptions.existing == {}


@pytest.mark.parametrize("kind", ["resync", "missed"])
def test_a_resync_of_a_mailbox_off_the_allow_list_stays_needed(kind: str) -> None:
    """It runs when the mailbox is allowed again; until then its calendar is not read."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    watch = world.watch()
    assert run(world, kind) == "not-allowed"
    after = world.watches.get(watch.id)
    assert after is not None
    assert after.gap_since == world.time


def test_a_failed_recreation_is_repeated_by_the_timer(world: World) -> None:
    """The watch does not wait until the lost subscription would have expired."""
    world.subscriptions.existing.clear()
    run(world, "subscriptionRemoved")
    world.pass_by(CONFIRM_AFTER.total_seconds())
    world.subscriptions.failures = [None, GraphUnavailable(503, "x")]
    assert run(world, "lookup") == "put-back"
    world.reconciler.reconcile()
    assert len(world.subscriptions.existing) == 1


@pytest.mark.parametrize("kind", ["reconcile", "run"])
def test_a_run_can_be_queued(world: World, kind: str) -> None:
    """After a change of the desired state, and to continue a run."""
    world.pass_by(timedelta(days=4).total_seconds())
    assert run(world, kind, "") == "reconciled"
    assert world.subscriptions.calls == ["renew"]


def test_jobs_of_a_message_become_messages_of_their_own(world: World) -> None:
    """Graph may post hundreds at a time: processed in sequence they would exceed the host's time limit."""
    wanted = [Job(WATCH_ID, "reauthorizationRequired", "s-0"), Job(WATCH_ID, "missed", "s-0")]
    world.job_runner.run_jobs(wanted)
    assert world.subscriptions.calls == []
    assert world.jobs.messages == [[one] for one in wanted]
    world.job_runner.run_jobs(wanted[:1])
    assert world.subscriptions.calls == ["renew"]
    assert len(world.jobs.take_jobs()) == 2
