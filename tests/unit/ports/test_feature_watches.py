"""A watch lives while the partner, a room list or a feature holds it; the partner sees none of a feature alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.errors import RequestRejected
from shared.storage.watches import Watch, watch_id_of
from shared.subscriptions.held.feature_watches import FeatureWatches
from shared.watches.requests import WatchRequest
from tests.support.listening import FEATURE
from tests.support.world import MAILBOX, WATCH_ID, World

REQUEST = WatchRequest(MAILBOX, "relay", "")
DIRECT = WatchRequest(MAILBOX, "direct", "https://partner.example/hook")


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world with direct delivery."""
    world = World(ALLOWED_NOTIFICATION_HOSTS="partner.example")
    yield world
    world.end()


@pytest.fixture
def watching(world: World) -> FeatureWatches:
    """Return what the feature holds watches with."""
    return world.watching(FEATURE)


def stored(world: World) -> Watch:
    """Return the row of the mailbox."""
    watch = world.watches.get(WATCH_ID)
    assert watch is not None
    return watch


def test_a_new_watch_of_a_feature_gets_a_subscription(world: World, watching: FeatureWatches) -> None:
    """The timer's run makes it, as for a room of a list."""
    watching.hold(MAILBOX.upper())
    world.reconciler.reconcile()
    watch = stored(world)
    assert (watch.state, watch.is_features_alone, len(world.subscriptions.existing)) == ("live", True, 1)
    assert [each.mailbox for each in watching.held()] == [MAILBOX]


def test_holding_twice_is_holding_once(world: World, watching: FeatureWatches) -> None:
    """A feature may ask at every start."""
    assert watching.hold(MAILBOX).born == watching.hold(MAILBOX).born
    assert len(list(world.watches.rows())) == 1


def test_the_partner_does_not_see_it(world: World, watching: FeatureWatches) -> None:
    """Neither by its id nor in a page, whose size counts what the partner sees."""
    watching.hold(MAILBOX)
    others = [world.watch(f"place{number}@contoso.com").id for number in range(3)]
    assert world.partner_watches.get(WATCH_ID) is None
    pages, after = [], ""
    while page := world.partner_watches.page(1, after):
        pages += [watch.id for watch in page]
        after = page[-1].id
    assert pages == sorted(others)


def test_the_partner_may_set_it_up_as_well(world: World, watching: FeatureWatches) -> None:
    """For the partner it is new; Graph keeps the one subscription."""
    watching.hold(MAILBOX)
    world.reconciler.reconcile()
    watch, is_new = world.watch_setup.subscribe(REQUEST)
    assert (is_new, watch.is_features_alone, watch.features) == (True, False, FEATURE)
    assert world.watch_setup.subscribe(REQUEST)[1] is False
    assert len(world.subscriptions.existing) == 1


def test_the_partners_delete_leaves_the_subscription(world: World, watching: FeatureWatches) -> None:
    """What the partner had is forgotten, and a later set-up is another watch."""
    world.watch_setup.subscribe(REQUEST)
    watching.hold(MAILBOX)
    before = stored(world)
    world.watch_setup.unsubscribe(WATCH_ID)
    after = stored(world)
    assert (after.is_features_alone, after.subscription_id) == (True, before.subscription_id)
    assert after.born != before.born
    assert world.subscriptions.deletions == []


def test_the_partner_cannot_delete_what_it_does_not_see(world: World, watching: FeatureWatches) -> None:
    """Its call is answered as for a watch that does not exist."""
    watching.hold(MAILBOX)
    world.watch_setup.unsubscribe(WATCH_ID)
    assert stored(world).features == FEATURE


def test_a_release_removes_a_watch_that_nobody_else_holds(world: World, watching: FeatureWatches) -> None:
    """With its subscription."""
    watching.hold(MAILBOX)
    world.reconciler.reconcile()
    watching.release(MAILBOX)
    assert world.watches.get(WATCH_ID) is None
    assert len(world.subscriptions.deletions) == 1


def test_a_release_leaves_the_partners_watch(world: World, watching: FeatureWatches) -> None:
    """And its subscription."""
    world.watch_setup.subscribe(REQUEST)
    watching.hold(MAILBOX)
    watching.release(MAILBOX)
    assert (stored(world).by_partner, stored(world).features, world.subscriptions.deletions) == (True, "", [])


@pytest.mark.parametrize("holder", [FEATURE, "partner"])
def test_direct_delivery_and_a_feature_exclude_each_other(world: World, watching: FeatureWatches, holder: str) -> None:
    """Graph posts to one of them."""
    if holder == FEATURE:
        watching.hold(MAILBOX)
        world.reconciler.reconcile()
        with pytest.raises(RequestRejected) as refused:
            world.watch_setup.subscribe(DIRECT)
        assert refused.value.problem.code == "held_by_feature"
    else:
        world.watch(delivery="direct", notification_url=DIRECT.notification_url)
        with pytest.raises(RequestRejected) as refused:
            watching.hold(MAILBOX)
        assert refused.value.problem.code == "delivery_differs"
        assert stored(world).features == ""


def test_a_mailbox_off_the_allow_list_is_not_held(world: World, watching: FeatureWatches) -> None:
    """A feature asks the same question as a caller."""
    with pytest.raises(RequestRejected):
        watching.hold("ceo@elsewhere.com")
    assert world.watches.get(watch_id_of("ceo@elsewhere.com")) is None


def test_a_room_that_leaves_its_list_stays_with_the_feature(world: World, watching: FeatureWatches) -> None:
    """The lists decide about their own rooms only."""
    world.watch(by_partner=False, room_lists="f" * 32)
    watching.hold(MAILBOX)
    world.room_list_service.match_room_lists()
    assert (stored(world).room_lists, stored(world).features) == ("", FEATURE)
