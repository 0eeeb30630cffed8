"""Claims about lifecycle events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphUnavailable
from shared.graph.subscriptions import Subscription, resource_of
from shared.relay.messages import Repair
from shared.relay.reconcile import reconcile as renew
from shared.relay.repair import repair
from tests.unit.relay.fakes import MAILBOX, WATCH_ID, World

URL = "https://relay.example/api/notifications"


@pytest.fixture(autouse=True)
def watched(world: World) -> None:
    """Watch the room; its subscription stands."""
    watch = world.watch()
    assert watch.expires is not None
    world.subscriptions.standing["s-0"] = Subscription("s-0", resource_of(MAILBOX), URL, watch.expires)


def repaired(world: World, kind: str, watch_id: str = WATCH_ID) -> str:
    """Act on a lifecycle event."""
    return repair(world, Repair(watch_id, kind, "s-0"))  # type: ignore[arg-type]  # a fake


def test_reauthorization_is_one_patch(world: World) -> None:
    """Never /reauthorize, and once in ten minutes at most."""
    assert repaired(world, "reauthorizationRequired") == "kept"
    world.pass_by(timedelta(minutes=9).total_seconds())
    assert repaired(world, "reauthorizationRequired") == "just-renewed"
    assert world.subscriptions.calls == ["renew"]
    world.pass_by(timedelta(minutes=2).total_seconds())
    assert repaired(world, "reauthorizationRequired") == "kept"
    assert world.subscriptions.calls == ["renew", "renew"]


def test_a_removed_subscription_is_made_anew(world: World) -> None:
    """The PATCH finds that it is gone."""
    world.subscriptions.standing.clear()
    assert repaired(world, "subscriptionRemoved") == "kept"
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert list(world.subscriptions.standing) == [watch.subscription_id]


def test_a_missed_one_is_noted(world: World) -> None:
    """Nothing is to be done at Graph."""
    assert repaired(world, "missed") == "noted"
    assert world.subscriptions.calls == []


def test_an_unknown_watch_is_nobodys(world: World) -> None:
    """It was deleted."""
    assert repaired(world, "subscriptionRemoved", "f" * 32) == "unknown-watch"


def test_a_failure_is_raised_so_that_it_is_tried_again(world: World) -> None:
    """The queue keeps the message."""
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(GraphUnavailable):
        repaired(world, "subscriptionRemoved")


def test_a_mailbox_off_the_allow_list_is_not_subscribed_again() -> None:
    """An address that the customer took off the list is not even watched."""
    world = World(ALLOWED_MAILBOXES="room2@contoso.com")
    world.watch()
    repaired(world, "subscriptionRemoved")
    assert world.subscriptions.standing == {}


def test_what_could_not_be_made_anew_is_made_by_the_timer(world: World) -> None:
    """The queue gives up after five tries; then the watch must not wait for the end of a subscription that is gone."""
    world.subscriptions.standing.clear()
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(GraphUnavailable):
        repaired(world, "subscriptionRemoved")
    world.pass_by(61)
    renew(world)  # type: ignore[arg-type]  # a fake
    assert len(world.subscriptions.standing) == 1
