"""A mailbox whose address changes: found by its object id, by the new address, and by the former one if it is kept."""

import pytest

from shared.errors import GraphConflict, GraphNotFound
from shared.graph.events import Events
from tests.support.graph_world import ROOM, World, fits, refusal
from tests.unit.sandbox.graph.test_lies_to_the_relay import Relay, relay

pytestmark = pytest.mark.server
__all__ = ["relay"]

NEW = "room-1@contoso.com"


def test_a_former_address_names_no_mailbox(world: World, relay: Relay) -> None:
    """The relay's client gets its 404 by the address, and by the object id the event and the new address."""
    made, booked = relay.make(), world.book()
    answer = world.control("PATCH", f"/mailboxes/{ROOM}", {"address": NEW})
    events = Events(relay.graph)
    with pytest.raises(GraphNotFound) as error:
        events.get(ROOM, booked["immutableId"])
    assert error.value.code != "ErrorItemNotFound"
    with pytest.raises(GraphNotFound):
        relay.make()
    for name in (answer["id"], NEW):
        assert events.get(name, booked["immutableId"])["subject"] == "Board meeting"
        assert events.owner(name) == NEW
    assert fits("calendar", world.get(f"/users/{NEW}/calendar"))
    assert relay.subscriptions.renew(made.id, made.expires).id == made.id


def test_a_second_address_is_the_same_mailbox(world: World, relay: Relay) -> None:
    """The 409 for one names the subscription of the other."""
    made = relay.make()
    world.control("PATCH", f"/mailboxes/{ROOM}", {"address": NEW, "keep": True})
    with pytest.raises(GraphConflict) as error:
        relay.make(NEW)
    assert error.value.existing_id == made.id
    assert Events(relay.graph).owner(ROOM) == NEW


def test_an_exchange_scope_follows_the_mailbox(world: World) -> None:
    """It names the mailbox, not the address."""
    client = world.tenant.clients["11111111-2222-4333-8444-555555555555"]
    client.exchange = {"Calendars.Read": frozenset({ROOM}), "Calendars.ReadWrite": None}
    client.roles.clear()
    world.control("PATCH", f"/mailboxes/{ROOM}", {"address": NEW})
    assert world.get(f"/users/{NEW}/calendar?$select=owner")["owner"]["address"] == NEW


def test_an_address_is_checked(world: World) -> None:
    """An unknown mailbox, an address that exists, and what is none."""
    world.control("PATCH", "/mailboxes/nobody@contoso.com", {"address": NEW}, 404)
    world.control("PATCH", f"/mailboxes/{ROOM}", {"address": "room2@contoso.com"}, 409)
    world.control("PATCH", f"/mailboxes/{ROOM}", {"address": "room"}, 400)
    world.control("DELETE", f"/mailboxes/{ROOM}")
    assert refusal(world.graph("GET", f"/users/{ROOM}/calendar"))[0] == 404
