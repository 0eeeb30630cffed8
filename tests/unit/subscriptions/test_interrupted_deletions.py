"""A process is killed between any two calls of a deletion: the next runs finish it. And what errors leave behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.errors import GraphError, GraphForbidden, GraphUnavailable
from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import ABANDONED
from tests.support.played import Killed, PlayedWorld, played
from tests.support.subscribed import at_graph, stored, subscribed
from tests.support.world import WATCH_ID, World

Work = Callable[[], object]
NO_LIST = "f" * 32  # the id of a room list that is not watched any more
LATER = ABANDONED.total_seconds() + 60


def finished(prepare: Callable[[PlayedWorld], Work]) -> list[PlayedWorld]:
    """Kill a process at each call of its work; return the worlds after the next two runs of another process."""

    def kill(_: PlayedWorld) -> None:
        raise Killed

    def until_killed(world: PlayedWorld) -> Work:
        work = prepare(world)

        def run() -> None:
            with suppress(Killed):
                work()

        return run

    worlds = []
    for world in played(until_killed, kill):
        for _ in range(2):
            world.pass_by(LATER)
            world.other.reconciler.reconcile()
        worlds.append(world)
    assert len(worlds) > 3
    return worlds


def test_a_removal_is_finished() -> None:
    """The room's watch and its subscription are gone."""

    def prepare(world: PlayedWorld) -> Work:
        subscribed(world, by_partner=False, room_lists=NO_LIST)
        return lambda: world.room_list_service.match_room_lists()  # noqa: PLW0108

    for world in finished(prepare):
        assert (world.watches.get(WATCH_ID), world.subscriptions.existing) == (None, {}), world.at


def test_a_pause_is_finished() -> None:
    """Also of a watch that has a former subscription beside its own."""

    def prepare(world: PlayedWorld) -> Work:
        at_graph(world, "s-former")
        watch = subscribed(world, former_id="s-former", former_expires=world.time + timedelta(days=1))
        for process in (world, world.other):
            process.allow("other@contoso.com")
        return lambda: world.endings.pause(watch)

    for world in finished(prepare):
        world.run_audit()  # finds what the row does not name any more
        assert (stored(world).state, world.subscriptions.existing) == ("paused", {}), world.at


def test_a_replacement_of_a_silent_subscription_is_finished() -> None:
    """It is not taken back after the kill, because the tombstone or the row says what it was."""

    def prepare(world: PlayedWorld) -> Work:
        watch = subscribed(world, silent_resyncs=2, replaced_at=world.time)
        return lambda: world.subscription_service.replace(watch)

    for world in finished(prepare):
        row = stored(world)
        assert row.state == "live", world.at
        assert list(world.subscriptions.existing) == [row.subscription_id], world.at
        assert "@" not in row.subscription_id, world.at  # so it is another one


REFUSED = GraphForbidden(403, "x")
LOST_ANSWERS = [GraphUnavailable(0, "NoAnswer.ReadTimeout"), GraphUnavailable(503, "x")]


def test_a_refused_delete_gives_the_row_back(world: World) -> None:
    """Graph did not delete anything: the row is as before, and no tombstone is left."""
    watch = subscribed(world)
    world.subscriptions.failures = [REFUSED]
    with pytest.raises(GraphForbidden):
        world.endings.remove(watch.id)
    row = stored(world)
    assert (row.state, row.subscription_id, row.former_id, row.pending_since) == (
        "live",
        watch.subscription_id,
        "",
        None,
    )
    assert (row.gap_since, row.expires, row.looked_up_at) == (None, watch.expires, watch.looked_up_at)
    assert not world.tombstones.names(watch.subscription_id)


@pytest.mark.parametrize("error", LOST_ANSWERS)
def test_a_delete_without_an_answer_may_still_be_carried_out(world: World, error: GraphError) -> None:
    """The subscription is not trusted again: the next attempt replaces it, and the row is not claimed for longer."""
    watch = subscribed(world)
    world.subscriptions.failures = [error]
    with pytest.raises(GraphUnavailable):
        world.endings.remove(watch.id)
    row = stored(world)
    assert (row.state, row.pending_since, row.former_id) == ("pending", None, watch.subscription_id)
    after = world.creation.recreate(row)
    assert after is not None
    assert list(world.subscriptions.existing) == [after.subscription_id] != [watch.subscription_id]
    assert world.subscriptions.deletions == [(watch.subscription_id, DeleteReason.REPLACED)]


def test_a_pause_that_failed_is_not_taken_for_a_loss(world: World) -> None:
    """The same run tries it again, and creates nothing for a mailbox that is not allowed."""
    subscribed(world)
    world.allow("other@contoso.com")
    world.subscriptions.failures = [GraphUnavailable(503, "x")]
    world.reconciler.runs.run()
    assert (stored(world).state, world.subscriptions.existing) == ("paused", {})
    assert "create" not in world.subscriptions.calls


def test_a_watch_that_is_being_created_is_removed_without_a_call(world: World) -> None:
    """Its creator finds no row, and deletes what it made. The former subscription has a tombstone, for the audit."""
    at_graph(world, "s-former")
    row = world.watch(
        state="pending", subscription_id="", pending_since=world.time, former_id="s-former",
        former_expires=world.time + timedelta(days=1),
    )  # fmt: skip
    assert world.endings.remove(row.id)
    assert (world.watches.get(row.id), world.subscriptions.calls) == (None, [])
    assert world.tombstones.names("s-former")


def test_a_removal_during_a_creation_leaves_nothing() -> None:
    """Whether the former subscription is being taken back or a new one is being created, and at whatever call."""

    def prepare(world: PlayedWorld) -> Work:
        at_graph(world, "s-former")
        end = world.time + timedelta(days=1)
        row = world.watch(
            state="pending", subscription_id="", failing_since=world.time, former_id="s-former", former_expires=end
        )
        return lambda: world.creation.recreate(row)

    def remove(world: PlayedWorld) -> None:
        world.other.endings.remove(WATCH_ID)

    for world in played(prepare, remove):
        world.run_audit()
        assert (world.watches.get(WATCH_ID), world.subscriptions.existing) == (None, {}), world.at
