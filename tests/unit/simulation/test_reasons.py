"""Each DELETE has a written reason, and the reason is true."""

from __future__ import annotations

import pytest

from shared.graph.subscriptions import DeleteReason
from shared.storage.watches import watch_id_of
from shared.watches.requests import WatchRequest
from tests.simulation.earlier import write
from tests.simulation.reasons import Reasons
from tests.simulation.subscriptions import Held
from tests.simulation.world import World

ROOM = "room1@contoso.com"


@pytest.fixture
def world() -> World:
    """Return a world with one watch."""
    world = World()
    world.watch_setup.subscribe(WatchRequest(ROOM))
    return world


@pytest.fixture
def reasons(world: World) -> Reasons:
    """Install the check."""
    return Reasons(world)


def only(world: World) -> Held:
    """Return the room's first subscription."""
    return world.subscriptions.of(ROOM)[0]


@pytest.mark.parametrize("reason", [*DeleteReason])
def test_no_reason_is_true_of_a_working_subscription(world: World, reasons: Reasons, reason: DeleteReason) -> None:
    """It stays, and the broken rule is kept."""
    with pytest.raises(AssertionError):
        world.subscriptions.delete(only(world).subscription.id, reason)
    assert reasons.rule.broken or reasons.broken


@pytest.mark.parametrize("reason", [DeleteReason.TOMBSTONE, DeleteReason.TWIN, DeleteReason.REPLACED])
def test_a_reason_must_be_the_true_reason(world: World, reasons: Reasons, reason: DeleteReason) -> None:
    """The settings forbid the mailbox: a DELETE is in order, with this reason."""
    reasons.forbidden.add(ROOM)
    with pytest.raises(AssertionError):
        world.subscriptions.delete(only(world).subscription.id, reason)
    assert reasons.broken
    world.subscriptions.delete(only(world).subscription.id, DeleteReason.FORBIDDEN)
    assert reasons.number[DeleteReason.FORBIDDEN] == 1


def test_the_partner_deletes_a_watch(world: World, reasons: Reasons) -> None:
    """Its tombstone names the subscription."""
    reasons.deleted.add(ROOM)
    world.watch_setup.unsubscribe(watch_id_of(ROOM))
    assert not world.subscriptions.of(ROOM)
    assert reasons.number == {DeleteReason.TOMBSTONE: 1}


def test_a_twin_stands_beside_what_the_row_names(world: World, reasons: Reasons) -> None:
    """The named one may not end as a twin."""
    named, state = only(world), only(world).client_state
    urls = named.subscription.notification_url, named.subscription.lifecycle_url
    twin = world.subscriptions.hold(ROOM, *urls, state, named.subscription.expires)
    with pytest.raises(AssertionError):
        world.subscriptions.delete(named.subscription.id, DeleteReason.TWIN)
    world.subscriptions.delete(twin.subscription.id, DeleteReason.TWIN)
    assert reasons.number[DeleteReason.TWIN] == 2


def test_what_is_replaced_is_silent_or_its_key_is_unknown(world: World, reasons: Reasons) -> None:
    """The relay cannot know that an adopted subscription is usable; that is counted apart."""
    write(world, watch_id_of(ROOM), key_version="")
    world.subscriptions.delete(only(world).subscription.id, DeleteReason.REPLACED)
    assert reasons.number == {"replaced, its key is unknown": 1}
