"""After a change of PUBLIC_BASE_URL the relay knows subscriptions at its former URLs for its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import GraphConflict
from shared.subscriptions.addresses import LIFECYCLE as LIFECYCLE_PATH
from shared.subscriptions.addresses import NOTIFICATIONS, posts_to
from shared.subscriptions.former_addresses import MOST, REMEMBERED_FOR, added, remembered
from shared.subscriptions.handshake_record import HandshakeRecord
from shared.watches.requests import WatchRequest
from tests.support.subscribed import PARTNER_URL, URL, at_graph, stored
from tests.support.world import MAILBOX, START, World

FORMER = "https://former.example"
DAY = timedelta(days=1)


def moved(world: World, former: str = FORMER) -> None:
    """Let Graph validate the former URL, and then the present one."""
    world.handshake_row.write(lambda _: {"url": former + NOTIFICATIONS, "at": world.time})
    HandshakeRecord(world.handshake_row, world.addresses, world.now).saw(URL)


def orphan(world: World, base: str = FORMER, notification_url: str = "") -> GraphConflict:
    """Add a subscription that no row names; return the 409 that names it."""
    url = notification_url or base + NOTIFICATIONS
    at_graph(world, "s-orphan", notification_url=url, lifecycle_url=base + LIFECYCLE_PATH)
    conflict = GraphConflict(409, "Conflict", existing_id="s-orphan")
    world.subscriptions.during_create = lambda: (_ for _ in ()).throw(conflict)
    return conflict


def test_an_orphan_at_the_former_url_is_adopted_and_moved(world: World) -> None:
    """Storage was restored, or its DELETE was refused: it blocks the mailbox at Graph for up to seven days."""
    moved(world)
    orphan(world)
    world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert (stored(world).state, stored(world).subscription_id) == ("live", "s-orphan")
    world.reconciler.reconcile()
    assert world.subscriptions.existing["s-orphan"].notification_url == URL


def test_an_orphan_is_the_relays_before_the_present_url_is_validated(world: World) -> None:
    """The last URL that Graph has validated is the former one."""
    world.handshake_row.write(lambda _: {"url": FORMER + NOTIFICATIONS, "at": world.time})
    assert posts_to(world.addresses.own_urls(), at_graph(world, "s-1", notification_url=FORMER + NOTIFICATIONS))


def test_an_orphan_of_direct_delivery_is_recognized_by_its_lifecycle_url(world: World) -> None:
    """Its notificationUrl is the partner's."""
    moved(world)
    orphan(world, notification_url=PARTNER_URL)
    watch = world.watch(subscription_id="")
    assert world.addresses.is_own(watch, world.subscriptions.existing["s-orphan"])


def test_an_orphan_at_a_url_that_graph_never_validated_is_anothers(world: World) -> None:
    """A typing error in PUBLIC_BASE_URL, or another deployment with the same app registration."""
    moved(world)
    conflict = orphan(world, base="https://another.example")
    with pytest.raises(GraphConflict) as raised:
        world.creation.recreate(world.watch(subscription_id=""))
    assert raised.value is conflict


def test_the_audit_counts_what_posts_to_the_former_url(world: World) -> None:
    """So an administrator can delete it."""
    moved(world)
    orphan(world)
    world.audit.run()
    assert [row.subscription_id for row in world.unknown_subscriptions.all()] == ["s-orphan"]


def test_a_url_is_remembered_for_ten_days_after_it_was_left() -> None:
    """A subscription that was made with it lives for seven."""
    column = added("", "a", START)
    assert remembered(column, START + REMEMBERED_FOR - DAY) == ["a"]
    assert remembered(column, START + REMEMBERED_FOR) == []


def test_the_latest_urls_are_remembered_each_once() -> None:
    """A setting that changes to and fro does not grow the row."""
    column = ""
    for number in range(3 * MOST):
        column = added(column, f"url{number % (MOST + 1)}", START + number * timedelta(hours=1))
    latest = START + timedelta(hours=3 * MOST)
    assert len(remembered(column, latest)) == MOST
    assert remembered(column, latest)[0] == f"url{(3 * MOST - 1) % (MOST + 1)}"
    assert remembered(added(column, "new", latest + REMEMBERED_FOR), latest + REMEMBERED_FOR) == ["new"]


def test_a_return_to_a_former_url_keeps_the_url_between(world: World) -> None:
    """Both were used less than ten days ago."""
    moved(world)
    world.pass_by(60)
    moved(world)
    assert remembered(world.handshake_row.read().former, world.time) == [FORMER + NOTIFICATIONS]
