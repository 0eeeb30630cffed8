"""Claims about lifecycle events, and about repairs that fail."""

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
    """Watch the room; its subscription stands."""
    watch = world.watch()
    assert watch.expires is not None
    world.subscriptions.standing["s-0"] = Subscription("s-0", resource_of(MAILBOX), *URLS, watch.expires)


def repaired(world: World, kind: str, watch_id: str = WATCH_ID, subscription_id: str = "s-0", attempt: int = 0) -> str:
    """Act on a lifecycle event."""
    return world.job_runner.run_job(Job(watch_id, kind, subscription_id, attempt))


def test_reauthorization_is_one_patch(world: World) -> None:
    """Never /reauthorize, and once in ten minutes at most."""
    assert repaired(world, "reauthorizationRequired") == "kept"
    world.pass_by(timedelta(minutes=9).total_seconds())
    assert repaired(world, "reauthorizationRequired") == "just-renewed"
    assert world.subscriptions.calls == ["renew"]
    world.pass_by(timedelta(minutes=2).total_seconds())
    assert repaired(world, "reauthorizationRequired") == "kept"
    assert world.subscriptions.calls == ["renew", "renew"]


def test_reauthorization_asks_for_the_full_lifetime(world: World) -> None:
    """The row knows the new end; nothing was missed, so nothing is resynced."""
    repaired(world, "reauthorizationRequired")
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert watch.expires == world.time + timedelta(minutes=10_000)
    assert world.jobs.take_jobs() == []


def test_a_reauthorization_that_failed_is_tried_again_soon(world: World) -> None:
    """The ten minutes are between two that were done."""
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert repaired(world, "reauthorizationRequired") == "put-back"
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "reauthorizationRequired", "s-0", 1)]
    assert repaired(world, "reauthorizationRequired") == "kept"


def test_a_reauthorization_finds_a_subscription_gone(world: World) -> None:
    """404 to the PATCH means create anew; what was missed is resynced."""
    world.subscriptions.standing.clear()
    assert repaired(world, "reauthorizationRequired") == "kept"
    assert world.subscriptions.calls == ["renew", "create"]
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]


def test_a_removed_subscription_is_made_anew_and_the_mailbox_resynced(world: World) -> None:
    """Once, however often Graph says it."""
    world.subscriptions.standing.clear()
    assert repaired(world, "subscriptionRemoved") == "kept"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (list(world.subscriptions.standing), watch.gap_since) == ([watch.subscription_id], None)
    assert world.jobs.take_jobs() == [Job(WATCH_ID, "resync")]
    assert repaired(world, "subscriptionRemoved") == "superseded"
    assert world.subscriptions.calls == ["create"]


def test_a_missed_one_is_resynced(world: World) -> None:
    """Nothing is to be done about the subscription; what differs is queued."""
    world.events.by_id["E"] = event()
    assert repaired(world, "missed") == "resynced"
    assert world.subscriptions.calls == []
    assert [change.event_id for message, _ in world.changes.take() for change in message.changes] == ["E"]


def test_a_resync_that_fails_is_put_back(world: World) -> None:
    """With a growing delay, and no sooner than Graph asks."""
    world.events.view_failure = GraphUnavailable(429, "x", retry_after=600)
    assert repaired(world, "resync", attempt=1) == "put-back"
    [(again, delay)] = world.jobs.wanted
    assert (again.kind, again.attempt) == ("resync", 2)
    assert delay >= 600


def test_a_calendar_that_may_not_be_read_is_refused(world: World) -> None:
    """Nobody hammers; the watch says what to do, and that a resync is owed."""
    world.events.view_failure = GraphForbidden(403, "ErrorAccessDenied")
    assert repaired(world, "resync") == "refused"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (watch.state, watch.since, watch.gap_since) == ("refused", world.time, world.time)
    assert "Calendars.Read" in watch.last_error
    assert world.jobs.wanted == []


def test_an_unknown_watch_is_nobodys(world: World) -> None:
    """It was deleted."""
    assert repaired(world, "subscriptionRemoved", "f" * 32) == "unknown-watch"


def test_a_failure_goes_back_on_the_queue(world: World) -> None:
    """Not to the host's five quick tries."""
    world.subscriptions.standing.clear()
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert repaired(world, "subscriptionRemoved") == "put-back"
    assert repaired(world, "subscriptionRemoved", subscription_id="", attempt=1) == "kept"


def test_storage_that_takes_nothing_leaves_the_message_to_the_host(world: World) -> None:
    """It is shown again."""
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    world.jobs.failure = ServiceUnavailable("storage")
    with pytest.raises(ServiceUnavailable):
        repaired(world, "reauthorizationRequired")


def test_a_mailbox_off_the_allow_list_is_not_subscribed_again() -> None:
    """An address that the customer took off the list is not even watched."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    world.watch()
    assert repaired(world, "subscriptionRemoved") == "not-allowed"
    assert world.subscriptions.standing == {}


@pytest.mark.parametrize("kind", ["resync", "missed"])
def test_a_resync_of_what_is_not_allowed_is_owed(kind: str) -> None:
    """It comes when the mailbox is allowed again; meanwhile its calendar is not read."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    watch = world.watch()
    assert repaired(world, kind) == "not-allowed"
    after = world.watches.get(watch.id)
    assert after is not None
    assert after.gap_since == world.time


def test_what_could_not_be_made_anew_is_made_by_the_timer(world: World) -> None:
    """The watch does not wait for the end of a subscription that is gone."""
    world.subscriptions.standing.clear()
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    assert repaired(world, "subscriptionRemoved") == "put-back"
    world.reconciler.reconcile()
    assert len(world.subscriptions.standing) == 1


def test_a_reconcile_can_be_asked_for(world: World) -> None:
    """By whoever changed what is desired."""
    world.subscriptions.standing.clear()
    assert repaired(world, "reconcile", "") == "reconciled"
    assert len(world.subscriptions.standing) == 1


def test_repairs_that_came_together_become_messages_of_their_own(world: World) -> None:
    """Hundreds in one POST of Graph: one after the other they would take longer than the host lets a function run."""
    wanted = [Job(WATCH_ID, "reauthorizationRequired", "s-0"), Job(WATCH_ID, "missed", "s-0")]
    world.job_runner.run_jobs(wanted)
    assert world.subscriptions.calls == []
    assert world.jobs.messages == [[one] for one in wanted]
    world.job_runner.run_jobs(wanted[:1])
    assert world.subscriptions.calls == ["renew"]
    assert len(world.jobs.take_jobs()) == 2
