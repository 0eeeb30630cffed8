"""Lifecycle events, and jobs that fail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphForbidden, GraphUnavailable, ServiceUnavailable
from shared.graph.subscriptions import Subscription, resource_of
from shared.messages import Job
from tests.support.world import MAILBOX, WATCH_ID, World, event

URLS = ("https://relay.example/api/notifications", "https://relay.example/api/lifecycle")


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room; it has a subscription."""
    watch = world.watch()
    assert watch.expires is not None
    world.subscriptions.existing["s-0"] = Subscription("s-0", resource_of(MAILBOX), *URLS, watch.expires)


def run(world: World, kind: str, watch_id: str = WATCH_ID, subscription_id: str = "s-0", attempt: int = 0) -> str:
    """Process a lifecycle event, and return the outcome."""
    return world.job_runner.run_job(Job(watch_id, kind, subscription_id, attempt))


def test_a_reauthorization_is_a_single_patch(world: World) -> None:
    """/reauthorize is never called, and a PATCH is sent at most once in ten minutes."""
    assert run(world, "reauthorizationRequired") == "kept"
    world.pass_by(timedelta(minutes=9).total_seconds())
    assert run(world, "reauthorizationRequired") == "just-renewed"
    assert world.subscriptions.calls == ["renew"]
    world.pass_by(timedelta(minutes=2).total_seconds())
    assert run(world, "reauthorizationRequired") == "kept"
    assert world.subscriptions.calls == ["renew", "renew"]


def test_a_reauthorization_renews_for_the_full_lifetime(world: World) -> None:
    """The row has the new expiry; nothing was missed, so nothing is resynced."""
    run(world, "reauthorizationRequired")
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert watch.expires == world.time + timedelta(minutes=10_000)
    assert world.jobs.take_jobs() == []


def test_a_failed_reauthorization_is_retried_soon(world: World) -> None:
    """The ten minutes separate successful ones only."""
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert run(world, "reauthorizationRequired") == "put-back"
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "reauthorizationRequired", "s-0", 1)]
    assert run(world, "reauthorizationRequired") == "kept"


def test_a_reauthorization_recreates_a_deleted_subscription(world: World) -> None:
    """A 404 to the PATCH creates the subscription again; missed changes are resynced."""
    world.subscriptions.existing.clear()
    assert run(world, "reauthorizationRequired") == "kept"
    assert world.subscriptions.calls == ["renew", "create"]
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]


def test_a_removed_subscription_is_recreated_and_the_mailbox_resynced(world: World) -> None:
    """It happens once, however often Graph notifies it."""
    world.subscriptions.existing.clear()
    assert run(world, "subscriptionRemoved") == "kept"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (list(world.subscriptions.existing), watch.gap_since) == ([watch.subscription_id], None)
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]
    assert run(world, "subscriptionRemoved") == "superseded"
    assert world.subscriptions.calls == ["create"]


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


def test_a_forbidden_calendar_makes_the_watch_refused(world: World) -> None:
    """It is not retried in a loop; the watch says what to do, and is marked for a resync."""
    world.events.view_failure = GraphForbidden(403, "ErrorAccessDenied")
    assert run(world, "resync") == "refused"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (watch.state, watch.since, watch.gap_since) == ("refused", world.time, world.time)
    assert "Calendars.Read" in watch.last_error
    assert world.jobs.wanted == []


def test_a_job_of_a_deleted_watch_is_dropped(world: World) -> None:
    """The outcome is `unknown-watch`."""
    assert run(world, "subscriptionRemoved", "f" * 32) == "unknown-watch"


def test_a_failed_job_is_put_back(world: World) -> None:
    """The host's five quick tries are not used."""
    world.subscriptions.existing.clear()
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert run(world, "subscriptionRemoved") == "put-back"
    assert run(world, "subscriptionRemoved", subscription_id="", attempt=1) == "kept"


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
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert run(world, "subscriptionRemoved") == "put-back"
    world.reconciler.reconcile()
    assert len(world.subscriptions.existing) == 1


def test_a_reconcile_can_be_queued(world: World) -> None:
    """After a change of the desired state."""
    world.subscriptions.existing.clear()
    assert run(world, "reconcile", "") == "reconciled"
    assert len(world.subscriptions.existing) == 1


def test_jobs_of_a_message_become_messages_of_their_own(world: World) -> None:
    """Graph may post hundreds at a time: processed in sequence they would exceed the host's time limit."""
    wanted = [Job(WATCH_ID, "reauthorizationRequired", "s-0"), Job(WATCH_ID, "missed", "s-0")]
    world.job_runner.run_jobs(wanted)
    assert world.subscriptions.calls == []
    assert world.jobs.messages == [[one] for one in wanted]
    world.job_runner.run_jobs(wanted[:1])
    assert world.subscriptions.calls == ["renew"]
    assert len(world.jobs.take_jobs()) == 2
