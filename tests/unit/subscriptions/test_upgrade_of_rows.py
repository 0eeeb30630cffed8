"""The first run after an upgrade, with rows of the version before, which have no `due_at`."""

from __future__ import annotations

from datetime import timedelta

from shared.resync.silence_rules import TWICE, is_to_be_replaced, may_replace
from shared.storage.watches import watch_id_of
from shared.subscriptions.due import due_at, loss_evidence_at
from shared.watches.requests import WatchRequest
from tests.simulation.earlier import make_earlier, write
from tests.simulation.world import World
from tests.support.subscribed import at_graph, lost, stored
from tests.support.world import World as UnitWorld

ROOM = "room1@contoso.com"


def test_a_creation_that_the_version_before_did_not_end_is_done_at_the_next_run() -> None:
    """At the first run its creator may still work on the row. No filter finds that row, so all are read again."""
    world = World()
    world.watch_setup.subscribe(WatchRequest(ROOM))
    make_earlier(world)
    moment = (world.time - timedelta(seconds=10)).isoformat()
    write(world, watch_id_of(ROOM), subscription_id="", expires="", pending_since=moment, state="pending")
    world.start()
    world.reconciler.reconcile()
    world.time += timedelta(minutes=30)
    world.reconciler.reconcile()
    (held,) = world.subscriptions.of(ROOM)
    (watch,) = world.watches.all()
    assert (watch.state, watch.subscription_id) == ("live", held.subscription.id)
    assert watch.due_at is not None


def test_evidence_against_a_former_subscription_is_none_against_its_successor() -> None:
    """The version before has created another one after a first 404, and left the column. The next 404 is the first."""
    world = UnitWorld()
    noted = world.time - timedelta(hours=13)
    watch = lost(world, missing_since=noted, renewed=noted + timedelta(minutes=1), described_id="the former one")
    assert loss_evidence_at(watch, world.time) is None
    assert due_at(watch, world.time, timedelta(days=3)) == world.time  # a GET tells
    world.losses.look_up(watch)
    assert (stored(world).missing_since, world.subscriptions.calls) == (world.time, ["get"])
    assert loss_evidence_at(stored(world), world.time) == world.time
    world.end()


def test_silence_of_a_former_subscription_is_none_of_its_successor() -> None:
    """The version before has replaced a silent one, and left the number. It is cleared at the next answer."""
    world = UnitWorld()
    watch = lost(world, silent_resyncs=TWICE, replaced_at=world.time, described_id="the former one")
    assert not is_to_be_replaced(watch, world.time)
    assert not may_replace(watch, TWICE, world.time + timedelta(days=8))
    at_graph(world, watch.subscription_id)
    world.losses.look_up(watch)
    assert (stored(world).silent_resyncs, stored(world).described_id) == (0, watch.subscription_id)
    world.end()
