"""A setup that fails while its row changes: its claim ends, and other sources keep the watch."""

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.storage.watches import Watch
from shared.subscriptions.subscribe import LOOK_AGAIN_SECONDS
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, WATCH_ID, World

LIST = "b" * 32


def fail_to_set_up(world: World) -> None:
    """Make a setup call that fails because Graph is unavailable."""
    with pytest.raises(RequestRejected) as caught:
        world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert caught.value.status == 503


def joins_a_list(world: World) -> None:
    """Let a room list take the mailbox as the timer does, and let Graph fail the setup in progress."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.watch_setup.sources.hold(LIST, watch)
    raise GraphUnavailable(503, "ServiceUnavailable")


def test_a_failed_setup_leaves_the_watch_to_the_room_list_that_joined_meanwhile(world: World) -> None:
    """The row stays for the list alone, with the error, and without a setup in progress."""
    world.subscriptions.during_create = lambda: joins_a_list(world)
    fail_to_set_up(world)
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert world.watch_setup.sources.held_by(watch) == {LIST}
    assert watch.pending_since is None
    assert "ServiceUnavailable" in watch.last_error


def test_the_call_after_a_failed_setup_does_not_wait(world: World) -> None:
    """The row changed while the first call failed: the second does not wait for a setup that has ended."""
    world.subscriptions.during_create = lambda: joins_a_list(world)
    fail_to_set_up(world)
    world.subscriptions.during_create = lambda: None
    watch, _ = world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert (watch.state, watch.by_partner) == ("live", True)
    assert sum(world.slept) <= LOOK_AGAIN_SECONDS


def test_a_failed_setup_deletes_a_row_that_changed(world: World) -> None:
    """A notification during the setup changes the row; the row is still deleted."""

    def hint() -> None:
        world.watches.saw_change(Watch(WATCH_ID, MAILBOX, "relay", world.time), world.time, "user-1")
        raise GraphUnavailable(503, "ServiceUnavailable")

    world.subscriptions.during_create = hint
    fail_to_set_up(world)
    assert (world.rows.rows, world.subscriptions.existing) == ({}, {})
