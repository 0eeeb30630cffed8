"""A subscription is deleted for a recorded reason: its watch was deleted, or the row's own one answers."""

from __future__ import annotations

import pytest

from shared.errors import GraphNotFound, GraphUnavailable, RequestRejected, ServiceUnavailable
from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import Watch
from shared.watches.requests import WatchRequest
from tests.support.subscribed import at_graph, lost, stored, subscribed
from tests.support.world import MAILBOX, World


def test_the_tombstone_comes_before_the_delete(world: World) -> None:
    """A DELETE that is interrupted is then finished by the audit; without a tombstone there is no DELETE."""
    at_graph(world, "s-x")
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(GraphUnavailable):
        world.removal.delete("s-x", DeleteReason.TOMBSTONE, lambda: True)
    assert world.tombstones.names("s-x")
    world.rows.failing = 1
    with pytest.raises(ServiceUnavailable):
        world.removal.delete("s-y", DeleteReason.TOMBSTONE, lambda: True)
    assert (world.subscriptions.calls, world.tombstones.names("s-y")) == (["delete"], False)


def race(world: World, winner: Watch, error: Exception | None) -> Watch | None:
    """Lose a race: s-new was created, and the row names another one, of which a GET raises `error`."""
    at_graph(world, "s-new")
    world.subscriptions.failures = [error]
    return world.removal.of_lost_race(winner, "s-new")


def test_a_twin_is_deleted_when_the_rows_own_subscription_answers(world: World) -> None:
    """It is asked for by its id just before."""
    watch = subscribed(world)
    assert race(world, watch, None) == watch
    assert world.subscriptions.calls == ["get", "delete"]
    assert world.subscriptions.deletions == [("s-new", DeleteReason.TWIN)]
    assert world.tombstones.names("s-new")


@pytest.mark.parametrize("error", [GraphNotFound(404, "x"), GraphUnavailable(503, "x"), GraphUnavailable(429, "x")])
def test_a_twin_stays_when_the_rows_own_subscription_does_not_answer(world: World, error: Exception) -> None:
    """It may be the only one. The next attempt to create one finds and adopts it."""
    watch = subscribed(world)
    assert race(world, watch, error) == watch
    assert world.subscriptions.deletions == []
    world.subscriptions.existing.pop(watch.subscription_id)
    adopted = world.creation.recreate(watch)
    assert adopted is not None
    assert adopted.subscription_id == "s-new"


def test_a_subscription_that_the_row_names_stays(world: World) -> None:
    """Or may name soon: the row is claimed."""
    watch = subscribed(world)
    assert world.removal.of_lost_race(watch, watch.subscription_id) == watch
    claimed = world.watches.claim(watch, world.now())
    assert race(world, watch, None) == claimed
    assert world.subscriptions.deletions == []


def test_the_creation_of_a_deleted_watch_is_undone(world: World) -> None:
    """With a tombstone, because nothing else names the subscription."""
    watch = lost(world)

    def delete_the_row() -> None:
        world.watches.delete(stored(world))

    world.subscriptions.during_create = delete_the_row
    assert world.creation.recreate(watch) is None
    assert (world.subscriptions.deletions, world.subscriptions.existing) == ([("s-1", DeleteReason.TOMBSTONE)], {})
    assert world.tombstones.names("s-1")


def test_of_two_creations_the_loser_deletes_its_own(world: World) -> None:
    """Graph held no subscription for a moment, so that it accepted both: the row names one, and the other goes."""
    watch = lost(world)

    def another_process_wins() -> None:
        world.subscriptions.during_create = lambda: None
        current = stored(world)
        at_graph(world, "s-winner", "other@contoso.com")
        world.watches.change(current, subscription_id="s-winner", pending_since=None, state="live")

    world.subscriptions.during_create = another_process_wins
    row = world.creation.recreate(watch)
    assert row is not None
    assert row.subscription_id == "s-winner"
    assert world.subscriptions.deletions == [("s-1", DeleteReason.TWIN)]


def test_a_set_up_without_an_answer_is_undone_with_a_tombstone(world: World) -> None:
    """The second POST makes the id known."""

    def created_and_lost() -> None:
        world.subscriptions.during_create = lambda: None
        at_graph(world, "s-x")
        raise GraphUnavailable(0, "NoAnswer.ReadTimeout")

    world.subscriptions.during_create = created_and_lost
    with pytest.raises(RequestRejected):
        world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert world.subscriptions.deletions == [("s-x", DeleteReason.TOMBSTONE)]
    assert world.tombstones.names("s-x")
    assert list(world.watches.all()) == []
