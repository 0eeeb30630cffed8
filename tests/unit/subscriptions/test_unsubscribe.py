"""Deleting a watch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.graph.subscriptions import DeleteReason
from shared.storage.ledger import Ledger
from shared.storage.ledger_entry import Entry
from shared.storage.watches import Watch
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, World


def set_up(world: World) -> tuple[Watch, bool]:
    """Make a setup call."""
    return world.watch_setup.subscribe(WatchRequest(MAILBOX))


def nothing_is_left(world: World) -> bool:
    """Return whether there is neither a watch nor a subscription."""
    return list(world.watches.rows()) == [] and not world.subscriptions.existing


def test_a_deletion_removes_everything(world: World) -> None:
    """The subscription, the row and the ledger are deleted; a second call is a no-op."""
    watch, _ = set_up(world)
    world.ledger.claim([world.entry(f"E{number}") for number in range(5)])
    world.watch_setup.unsubscribe(watch.id)
    world.watch_setup.unsubscribe(watch.id)
    assert nothing_is_left(world)
    assert world.ledger_rows.rows == {}
    assert world.subscriptions.calls == ["create", "delete"]
    assert world.subscriptions.deletions == [(watch.subscription_id, DeleteReason.TOMBSTONE)]


def test_a_subscription_that_cannot_be_deleted_keeps_its_watch(world: World) -> None:
    """The partner gets an error, and can try again."""
    watch, _ = set_up(world)
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    with pytest.raises(RequestRejected):
        world.watch_setup.unsubscribe(watch.id)
    assert world.watches.get(watch.id) is not None


def test_a_renewal_during_the_deletion_leaves_no_orphan(world: World) -> None:
    """The row changed meanwhile: the subscription that it names now is deleted, too."""
    watch, _ = set_up(world)

    def renewed_meanwhile() -> None:
        current = world.watches.get(watch.id)
        if current is not None and current.subscription_id == watch.subscription_id:
            world.creation.create(current)

    world.subscriptions.after_delete = renewed_meanwhile
    world.watch_setup.unsubscribe(watch.id)
    assert nothing_is_left(world)


def test_a_watch_set_up_right_after_the_deletion_stays(world: World) -> None:
    """A new request at that moment creates a different watch."""

    class LedgerBeforeASetup(Ledger):
        """A ledger after whose deletion the mailbox is watched again, once it is armed."""

        is_armed = False

        def forget(self, watch_id: str, is_over: Callable[[Entry], bool] = lambda _: True) -> int:
            """Delete the entries, then watch the mailbox again."""
            forgotten = super().forget(watch_id, is_over)
            if self.is_armed:
                self.is_armed = False
                world.watch()
            return forgotten

    world.ledger = ledger = LedgerBeforeASetup(lambda: world.ledger_rows, world.now)
    watch, _ = set_up(world)
    ledger.is_armed = True
    world.watch_setup.unsubscribe(watch.id)
    assert world.watches.get(watch.id) is not None


def test_the_tombstone_is_written_before_the_deletion(world: World) -> None:
    """A deletion that Graph did not answer can then be finished, also if the row is gone by then."""
    watch, _ = set_up(world)
    world.subscriptions.failures = [GraphUnavailable(0, "NoAnswer.ReadTimeout")]
    with pytest.raises(RequestRejected):
        world.watch_setup.unsubscribe(watch.id)
    assert world.tombstones.names(watch.subscription_id)


def test_a_watch_is_removed_only_while_the_condition_holds_on_its_row(world: World) -> None:
    """What was decided minutes ago on another state of the row is decided again."""
    watch, _ = set_up(world)
    assert not world.endings.remove(watch.id, only_if=lambda row: not row.by_partner)
    assert (world.watches.get(watch.id), world.subscriptions.deletions) == (watch, [])
