"""One mailbox under two addresses has one subscription, and nobody deletes it."""

from __future__ import annotations

import pytest

from shared import problems
from shared.errors import GraphConflict, GraphNotFound, GraphUnavailable, RequestRejected
from shared.graph.subscriptions import object_id_of, resource_of
from shared.storage.watches import Watch, watch_id_of
from shared.watches.requests import WatchRequest
from tests.support.subscribed import at_graph, lost, stored, subscribed
from tests.support.world import MAILBOX, World

OBJECT_ID = "9d3c1f0e-2b7a-4c55-8f10-6a1b2c3d4e5f"
SECOND = "room-1@contoso.com"


def exists_already(world: World) -> None:
    """Let Graph answer each POST with the 409 that names the subscription of the first address."""
    conflict = GraphConflict(409, "Conflict", existing_id=stored(world).subscription_id)
    world.subscriptions.during_create = lambda: (_ for _ in ()).throw(conflict)


def test_a_lost_subscription_is_created_by_the_object_id(world: World) -> None:
    """After a 404 for the address. The second POST waits for the rate limit, too."""
    watch = lost(world, user_id=OBJECT_ID)
    world.subscriptions.missing, world.events.owners = {MAILBOX}, {OBJECT_ID: SECOND}
    row = world.creation.recreate(watch)
    assert row is not None
    assert (row.state, world.subscriptions.existing[row.subscription_id].resource) == ("live", resource_of(OBJECT_ID))
    assert (world.subscriptions.calls, world.subscriptions.waits) == (["create", "create"], 2)
    assert (row.mailbox, stored(world).new_address) == (MAILBOX, SECOND)


def test_a_mailbox_without_an_object_id_in_the_row_is_gone(world: World) -> None:
    """There is nothing else to ask for."""
    watch = lost(world)
    world.subscriptions.missing = {MAILBOX}
    with pytest.raises(GraphNotFound):
        world.creation.recreate(watch)
    assert stored(world).state == "gone"


def test_the_object_id_is_learnt_from_a_subscription(world: World) -> None:
    """Graph may return the resource with it."""
    watch = subscribed(world)
    at_graph(world, watch.subscription_id, OBJECT_ID.upper())
    world.subscription_service.renew(watch)
    assert stored(world).user_id == OBJECT_ID
    at_graph(world, watch.subscription_id)
    world.subscription_service.renew(stored(world))
    assert stored(world).user_id == OBJECT_ID


@pytest.mark.parametrize(
    "resource",
    [f"users/{OBJECT_ID}/events", f"/Users/{OBJECT_ID.upper()}/Events/", f"Users('{OBJECT_ID}')/Events",
     f"users(%27{OBJECT_ID}%27)/events"],
)  # fmt: skip
def test_an_object_id_is_recognized_in_every_spelling(resource: str) -> None:
    """An address is none."""
    assert object_id_of(resource) == OBJECT_ID
    assert [object_id_of(each) for each in (resource_of(MAILBOX), "users/room1/events", "groups/x")] == ["", "", ""]


@pytest.mark.parametrize("name", [MAILBOX, OBJECT_ID])
def test_a_second_address_of_a_watched_mailbox_is_rejected(world: World, name: str) -> None:
    """The 409 names the subscription of the other row, which stays as it is."""
    first = subscribed(world)
    at_graph(world, first.subscription_id, name)
    exists_already(world)
    with pytest.raises(RequestRejected) as caught:
        world.watch_setup.subscribe(WatchRequest(SECOND))
    assert caught.value.problem == problems.MAILBOX_WATCHED_ELSEWHERE
    assert (stored(world), world.subscriptions.deletions) == (first, [])
    assert world.watches.get(watch_id_of(SECOND)) is None


def test_a_set_up_without_an_answer_deletes_no_subscription_of_another_address(world: World) -> None:
    """The second POST, which makes the id known, names that of the first address."""
    first = subscribed(world)
    conflict = GraphConflict(409, "Conflict", existing_id=first.subscription_id)
    world.subscriptions.failures = [GraphUnavailable(0, "NoAnswer.ReadTimeout"), conflict]
    with pytest.raises(RequestRejected):
        world.watch_setup.subscribe(WatchRequest(SECOND))
    assert (world.subscriptions.deletions, list(world.subscriptions.existing)) == ([], [first.subscription_id])


@pytest.mark.parametrize("is_readable", [False, True])
def test_a_row_that_creates_its_subscription_again_keeps_the_former(world: World, is_readable: object) -> None:
    """Also when the row cannot be read."""
    first = subscribed(world)
    claimed = world.watches.claim(first, world.time)
    assert claimed is not None
    if not is_readable:
        world.rows.rows["watch", first.id]["created"] = "of a later version"
    conflict = GraphConflict(409, "Conflict", existing_id=first.subscription_id)
    world.subscriptions.failures = [conflict]
    with pytest.raises(GraphConflict):
        world.creation.recreate(new_watch(world))
    assert world.subscriptions.deletions == []


def test_a_subscription_that_no_other_row_names_is_adopted_in_any_spelling(world: World) -> None:
    """Graph names the mailbox by its object id, and the row does not know it yet."""
    made = at_graph(world, "s-x", OBJECT_ID)
    world.subscriptions.failures = [GraphConflict(409, "Conflict", existing_id="s-x")]
    row = world.creation.recreate(new_watch(world))
    assert row is not None
    assert (row.subscription_id, row.user_id) == ("s-x", OBJECT_ID)
    assert world.subscriptions.existing == {"s-x": made}


def new_watch(world: World) -> Watch:
    """Store a watch of the second address that never had a subscription."""
    return world.watch(SECOND, state="pending", subscription_id="", expires=None, renewed=None, key_version="")
