"""The subscription of a watch that a feature alone holds is kept as any other; the feature is told of its gaps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.messages import Job
from shared.storage.watches import Watch
from tests.support.due_messages import DueMessages
from tests.support.listening import FEATURE, Listening
from tests.support.world import MAILBOX, WATCH_ID, World

MINUTES = timedelta(minutes=10)


@pytest.fixture
def listening() -> Listening:
    """Return the feature."""
    return Listening()


@pytest.fixture
def world(listening: Listening) -> World:
    """Return a world whose feature alone holds the mailbox, with a live subscription."""
    world = World({"change_listeners": {FEATURE: listening}})
    world.watching(FEATURE).hold(MAILBOX)
    world.reconciler.reconcile()
    DueMessages(world).play(MINUTES)
    listening.gaps.clear()
    return world


def stored(world: World) -> Watch:
    """Return the row of the mailbox."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert watch.is_features_alone
    return watch


def test_it_is_renewed(world: World, listening: Listening) -> None:
    """Before its end, by the timer; no gap arises."""
    before = stored(world)
    assert before.expires is not None
    world.time = before.expires - timedelta(hours=1)
    world.reconciler.reconcile()
    after = stored(world)
    assert after.expires is not None
    assert (after.expires > before.expires, after.subscription_id) == (True, before.subscription_id)
    assert (world.subscriptions.existing[after.subscription_id].expires, listening.gaps) == (after.expires, [])


def test_a_reauthorization_renews_it(world: World) -> None:
    """As Graph asks for with a lifecycle event."""
    before = stored(world)
    queues = DueMessages(world)
    queues.play(MINUTES)
    queues.put(Job(WATCH_ID, "reauthorizationRequired", before.subscription_id, at=world.time))
    queues.play(MINUTES)
    assert before.renewed is not None
    after = stored(world).renewed
    assert after is not None
    assert after > before.renewed


@pytest.mark.parametrize("kind", ["missed", "subscriptionRemoved"])
def test_a_gap_reaches_the_feature(world: World, listening: Listening, kind: str) -> None:
    """Missed notifications, or a subscription that Graph removed: the feature compares the calendar."""
    before = stored(world)
    if kind == "subscriptionRemoved":
        del world.subscriptions.existing[before.subscription_id]
    queues = DueMessages(world)
    queues.put(Job(WATCH_ID, kind, before.subscription_id if kind != "missed" else ""))
    for _ in range(3):
        queues.play(MINUTES)
        world.reconciler.reconcile()
    queues.play(MINUTES)
    after = stored(world)
    assert set(listening.gaps) == {MAILBOX}
    assert (after.state, after.subscription_id in world.subscriptions.existing) == ("live", True)
    assert (after.subscription_id != before.subscription_id) is (kind == "subscriptionRemoved")
