"""Graph's subscriptions in memory, without lies: what Graph's documentation says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphConflict, GraphNotFound, GraphRejected
from shared.graph.subscriptions import DeleteReason
from tests.unit.simulation.conftest import GraphInMemory

ROOM = "room1@contoso.com"


def test_a_get_by_id_returns_the_subscription_or_404(graph: GraphInMemory) -> None:
    """GET by id is a call of its own, and the list is not one."""
    made = graph.subscribed(ROOM)
    assert graph.get(made) == graph.held[made].subscription
    with pytest.raises(GraphNotFound):
        graph.get("s-99")
    assert graph.calls["GET"] == 2
    assert graph.calls["LIST"] == 0


def test_an_address_changes_with_the_expiry(graph: GraphInMemory) -> None:
    """The lifecycle URL stays: Graph cannot change it."""
    made = graph.subscribed(ROOM)
    changed = graph.change_address(made, "https://new.example/api/notifications", graph.end(5_000))
    assert changed.notification_url == "https://new.example/api/notifications"
    assert changed.lifecycle_url == "https://relay.example/api/lifecycle"
    assert changed.expires == graph.end(5_000)
    assert graph.get(made) == changed


def test_a_second_subscription_is_a_conflict_that_names_the_first(graph: GraphInMemory) -> None:
    """As Graph's text does."""
    made = graph.subscribed(ROOM)
    with pytest.raises(GraphConflict) as error:
        graph.subscribed(ROOM)
    assert error.value.existing_id == made


def test_a_deletion_is_kept_with_its_reason_and_a_404_is_success(graph: GraphInMemory) -> None:
    """A subscription that has expired is gone, too."""
    made, other = graph.subscribed(ROOM), graph.subscribed("room2@contoso.com")
    graph.delete(made, DeleteReason.TOMBSTONE)
    graph.delete(made, DeleteReason.TOMBSTONE)
    assert [(held.mailbox, reason) for held, reason in graph.deleted] == [(ROOM, DeleteReason.TOMBSTONE)]
    assert graph.cause == "deleted: tombstone"
    graph.time += timedelta(days=8)
    graph.delete(other, DeleteReason.TOMBSTONE)
    assert graph.cause == "expired"
    assert len(graph.deleted) == 1


def test_the_expiry_is_limited_for_a_renewal_too(graph: GraphInMemory) -> None:
    """PATCH and POST have one maximum."""
    made = graph.subscribed(ROOM)
    with pytest.raises(GraphRejected):
        graph.renew(made, graph.end(10_081))


def test_each_expires_at_its_own_time(graph: GraphInMemory) -> None:
    """A renewal, a removal, and an end that a test brings forward: each expires at its own time."""
    first, second, third = (graph.subscribed(f"room{number}@contoso.com") for number in range(3))
    graph.time += timedelta(days=3)
    graph.renew(first, graph.end())
    graph.lose(second)
    graph.time += timedelta(days=4)
    assert [held.subscription.id for held in graph.live()] == [first]
    graph.time += timedelta(days=4)
    assert [*graph.live()] == []
    assert [each.id for each in graph.expired] == [third, first]
    assert graph.of("room0@contoso.com") == []


def test_a_wait_for_the_rate_is_no_call(graph: GraphInMemory) -> None:
    """It is counted, and the test may let time pass."""
    graph.wait = lambda: setattr(graph, "time", graph.time + timedelta(seconds=1))
    graph.wait_for_rate()
    assert graph.waits == 1
    assert graph.time == graph.end(0)
    assert not graph.calls
