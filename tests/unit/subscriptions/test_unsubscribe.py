"""Claims about taking down a watch."""

from __future__ import annotations

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.storage.watches import Watch
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, World


def set_up(world: World) -> tuple[Watch, bool]:
    """Make a setup call."""
    return world.watch_setup.subscribe(WatchRequest(MAILBOX))


def nothing_is_left(world: World) -> bool:
    """Return whether there is neither a watch nor a subscription."""
    return not world.rows.rows and not world.subscriptions.standing


def test_taking_down_removes_everything_and_again_is_as_good(world: World) -> None:
    """The subscription, the row, and what the ledger keeps."""
    watch, _ = set_up(world)
    world.ledger.claim([world.entry(f"E{number}") for number in range(5)])
    world.watch_setup.unsubscribe(watch.id)
    world.watch_setup.unsubscribe(watch.id)
    assert nothing_is_left(world)
    assert world.ledger_rows.rows == {}
    assert world.subscriptions.calls == ["create", "delete"]


def test_a_subscription_that_graph_will_not_delete_keeps_its_watch(world: World) -> None:
    """The partner is told, and can try again."""
    watch, _ = set_up(world)
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(RequestRejected):
        world.watch_setup.unsubscribe(watch.id)
    assert world.watches.get(watch.id) is not None


def test_a_renewal_during_the_deletion_leaves_no_orphan(world: World) -> None:
    """The row was changed meanwhile: what it says now is deleted, too."""
    watch, _ = set_up(world)
    delete = world.subscriptions.delete

    def renewed_meanwhile(subscription_id: str) -> None:
        delete(subscription_id)
        current = world.watches.get(watch.id)
        if current is not None and current.subscription_id == watch.subscription_id:
            world.subscription_service.create(current)

    world.subscriptions.delete = renewed_meanwhile  # type: ignore[method-assign]
    world.watch_setup.unsubscribe(watch.id)
    assert nothing_is_left(world)


def test_a_watch_set_up_right_after_the_deletion_stays(world: World) -> None:
    """Somebody asks for the mailbox again at that moment: that is another watch."""
    watch, _ = set_up(world)
    forget = world.ledger.forget

    asked: list[str] = []

    def asked_again(watch_id: str) -> None:
        forget(watch_id)
        if not asked:
            asked.append(world.watch().id)

    world.ledger.forget = asked_again  # type: ignore[method-assign]
    world.watch_setup.unsubscribe(watch.id)
    assert world.watches.get(watch.id) is not None
