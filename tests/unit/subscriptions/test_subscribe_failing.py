"""Claims about a set-up that fails while its row changes: its claim ends, and what others hold is left to them."""

import pytest

from shared.errors import GraphUnavailable, RequestRejected
from shared.storage.watches import Watch
from shared.subscriptions.subscribe import LOOK_AGAIN_SECONDS
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, WATCH_ID, World

LIST = "b" * 32


def fail_to_set_up(world: World) -> None:
    """Make a setup call that Graph does not answer."""
    with pytest.raises(RequestRejected) as caught:
        world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert caught.value.status == 503


def joins_a_list(world: World) -> None:
    """A room list takes the mailbox in, as the timer does, and Graph does not answer the set-up that runs meanwhile."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    world.watch_setup.sources.hold(LIST, watch)
    raise GraphUnavailable(503, "ServiceUnavailable")


def test_a_failed_setup_leaves_the_watch_to_the_room_list_that_joined_meanwhile(world: World) -> None:
    """The row stays for the list alone, with what went wrong, and as one that nobody is setting up."""
    world.subscriptions.during_create = lambda: joins_a_list(world)
    fail_to_set_up(world)
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (world.watch_setup.sources.held_by(watch), watch.pending_since) == ({LIST}, None)
    assert "ServiceUnavailable" in watch.last_error


def test_the_call_after_a_failed_setup_waits_for_nobody(world: World) -> None:
    """The row changed while the first call failed: the second one does not wait for a maker that has ended."""
    world.subscriptions.during_create = lambda: joins_a_list(world)
    fail_to_set_up(world)
    world.subscriptions.during_create = lambda: None
    watch, _ = world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert (watch.state, watch.by_partner) == ("live", True)
    assert sum(world.slept) <= LOOK_AGAIN_SECONDS


def test_a_failed_setup_deletes_its_row_although_a_change_was_noted_there(world: World) -> None:
    """A hint that arrives during the set-up changes the row; the row is deleted all the same."""

    def hint() -> None:
        world.watches.saw_change(Watch(WATCH_ID, MAILBOX, "relay", world.time), world.time, "user-1")
        raise GraphUnavailable(503, "ServiceUnavailable")

    world.subscriptions.during_create = hint
    fail_to_set_up(world)
    assert (world.rows.rows, world.subscriptions.standing) == ({}, {})
