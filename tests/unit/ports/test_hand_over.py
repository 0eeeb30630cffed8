"""A feature that holds a watch gets its settled changes, whatever the partner's half does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import GraphForbidden
from shared.messages import Job
from shared.storage.partner_endpoint import EndpointState
from tests.support.due_messages import DueMessages
from tests.support.listening import FEATURE, Listening
from tests.support.world import REFUSED, WATCH_ID, World, event

WEEKS = timedelta(days=14)
SOON = timedelta(seconds=20)


@pytest.fixture
def listening() -> Listening:
    """Return the feature."""
    return Listening()


@pytest.fixture
def world(listening: Listening) -> World:
    """Return a world with the feature on, and one event E."""
    world = World({"change_listeners": {FEATURE: listening}})
    world.events.by_id["E"] = event()
    return world


@pytest.fixture
def queues(world: World) -> DueMessages:
    """Return the world's queues."""
    return DueMessages(world)


def hold(world: World, *, alone: bool = False) -> None:
    """Watch the mailbox for the feature, and for the partner unless the feature is alone."""
    world.watch(features=FEATURE, by_partner=not alone)


def test_both_get_a_change(world: World, queues: DueMessages, listening: Listening) -> None:
    """The feature first; each once."""
    hold(world)
    world.webhook.on_delivery = lambda _: listening.taken.append("delivered")
    queues.notify()
    queues.play(WEEKS)
    assert listening.taken == ["E", "delivered"]
    assert world.webhook.news == [("created", "E")]


def test_a_watch_of_a_feature_alone_is_not_delivered(world: World, queues: DueMessages, listening: Listening) -> None:
    """Not even what was put back for the partner, before it deleted the watch."""
    hold(world, alone=True)
    queues.notify()
    queues.put(replace(world.hint(), audience="partner"))
    queues.play(WEEKS)
    assert (listening.taken, world.webhook.tried, world.events.reads) == (["E"], [], [])


def test_a_watch_of_a_feature_alone_is_not_compared(world: World, queues: DueMessages) -> None:
    """Its calendar and what the partner has are no concern of each other."""
    hold(world, alone=True)
    queues.put(Job(WATCH_ID, "resync"))
    queues.play(timedelta(minutes=1))
    assert [type(message) for message in queues.processed] == [Job]


def test_a_watch_of_the_partner_alone_is_not_handed_over(
    world: World, queues: DueMessages, listening: Listening
) -> None:
    """The feature does not hold it."""
    world.watch()
    queues.notify()
    queues.put(Job(WATCH_ID, "resync"))
    queues.play(SOON)
    assert (listening.taken, listening.gaps, world.webhook.news) == ([], [], [("created", "E")])


@pytest.mark.parametrize("state", [EndpointState.PAUSED, EndpointState.GONE_410, EndpointState.FAILING])
def test_a_partner_that_takes_nothing_delays_no_feature(
    world: World, queues: DueMessages, listening: Listening, state: EndpointState
) -> None:
    """Its changes are parked, and the feature gets them within the settle time."""
    hold(world)
    world.breaker.transition(state, "a test")
    queues.notify()
    queues.play(SOON)
    assert (listening.taken, world.webhook.tried) == (["E"], [])
    assert world.parking.may_hold_changes()


def test_a_failing_delivery_is_not_handed_over_again(world: World, queues: DueMessages, listening: Listening) -> None:
    """Attempts of the partner's half are none of the feature's."""
    hold(world)
    world.webhook.failure = REFUSED
    queues.notify()
    queues.play(timedelta(hours=1))
    assert len(world.webhook.tried) > 1
    assert listening.taken == ["E"]


def test_a_feature_that_is_down_gets_the_change_later(world: World, queues: DueMessages, listening: Listening) -> None:
    """The partner does not wait for it, and gets it once."""
    hold(world)
    listening.is_down = True
    queues.notify()
    queues.play(SOON)
    assert (listening.taken, world.webhook.news) == ([], [("created", "E")])
    listening.is_down = False
    queues.play(WEEKS)
    assert (listening.taken, world.webhook.news) == (["E"], [("created", "E")])


def test_a_feature_that_stays_down_has_to_compare_the_calendar(
    world: World, queues: DueMessages, listening: Listening
) -> None:
    """After the last attempt the change is a gap: nothing is retried for ever, and nothing is lost."""
    hold(world, alone=True)
    listening.is_down = True
    queues.notify()
    queues.play(WEEKS)
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert watch.gap_since is not None
    listening.is_down = False
    world.catch_up.queue_pending_resync(watch)
    queues.play(SOON)
    assert listening.gaps == [watch.mailbox]


def test_a_mailbox_off_the_allow_list_is_not_handed_over(
    world: World, queues: DueMessages, listening: Listening
) -> None:
    """It is compared when it is allowed again."""
    hold(world, alone=True)
    world.allow("other@contoso.com")
    queues.notify()
    queues.play(SOON)
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    assert (listening.taken, watch.gap_since is not None) == ([], True)


def test_while_the_relay_is_stopped_nothing_is_handed_over(
    world: World, queues: DueMessages, listening: Listening
) -> None:
    """The start makes a gap of it."""
    hold(world)
    world.stop.stop("A test")
    queues.notify()
    queues.play(SOON)
    assert listening.taken == []


def test_each_gap_is_reported_twice_and_no_night(world: World, queues: DueMessages, listening: Listening) -> None:
    """Once when it ends, and once when the calendar view has caught up; nights are the feature's own."""
    hold(world)
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    queues.put(Job(WATCH_ID, "missed"))
    queues.play(timedelta(minutes=10))
    assert listening.gaps == [watch.mailbox] * 2
    queues.put(Job(WATCH_ID, "resync", watch.subscription_id))
    queues.play(timedelta(minutes=10))
    assert listening.gaps == [watch.mailbox] * 2


def test_a_gap_that_a_feature_cannot_take_is_repeated(world: World, queues: DueMessages, listening: Listening) -> None:
    """As a resync that fails."""
    hold(world)
    listening.is_down = True
    queues.put(Job(WATCH_ID, "resync"))
    queues.play(timedelta(minutes=1))
    listening.is_down = False
    queues.play(timedelta(hours=1))
    assert listening.gaps


def test_what_a_resync_queues_is_for_the_partner(world: World, queues: DueMessages, listening: Listening) -> None:
    """The feature compares by itself."""
    hold(world)
    queues.put(Job(WATCH_ID, "resync"))
    queues.play(SOON)
    assert (world.webhook.news, listening.taken) == ([("created", "E")], [])


def test_a_refused_reading_delays_no_feature(world: World, queues: DueMessages, listening: Listening) -> None:
    """Whether the relay may read for the partner does not matter to the feature."""
    hold(world)
    world.events.by_id["E"] = GraphForbidden(403, "ErrorAccessDenied")
    queues.notify()
    queues.play(SOON)
    assert listening.taken == ["E"]


def test_without_a_feature_nothing_is_read_for_it() -> None:
    """An installation without such a feature pays no storage call."""
    world = World()
    world.watch()
    world.rows.failing = 1_000
    message, handed = world.hand_over.handed(world.hint())
    assert (message.changes, handed) == (world.hint().changes, {})
