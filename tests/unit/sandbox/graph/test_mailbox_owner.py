"""Further addresses of a mailbox, and who owns its calendars: what people change, and what the relay's client reads."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import GraphUnavailable
from shared.graph.events import Events
from tests.support.graph_world import ROOM, World, fits
from tests.unit.sandbox.graph.test_lies_to_the_relay import Relay, relay

pytestmark = pytest.mark.server
__all__ = ["relay"]

ALIAS = "alias@contoso.com"


def test_an_alias_answers_with_the_primary_address(world: World, relay: Relay) -> None:
    """In any case of letters; the scope in Exchange names the mailbox."""
    assert world.control("POST", f"/mailboxes/{ROOM}/aliases", {"address": ALIAS}, 201)["alias"] == ALIAS
    client = world.tenant.clients["11111111-2222-4333-8444-555555555555"]
    client.exchange = {"Calendars.Read": frozenset({ROOM})}
    client.roles.clear()
    for name in (ALIAS, ALIAS.upper(), ROOM):
        assert Events(relay.graph).owner(name) == ROOM
    world.control("POST", f"/mailboxes/{ROOM}/aliases", {"address": ALIAS}, 409)
    world.control("POST", f"/mailboxes/{ROOM}/aliases", {"address": "alias"}, 400)
    world.control("POST", "/mailboxes/nobody@contoso.com/aliases", {"address": "x@contoso.com"}, 404)


@pytest.mark.parametrize(
    ("owner", "read"),
    [
        (None, ""), ({}, ""), ({"name": "Chief"}, ""), ({"address": None}, ""), ("itself", ROOM),
        ({"name": "Chief", "address": "Chief@Fabrikam.com"}, "chief@fabrikam.com"),
    ],
    ids=["null", "empty", "name", "no-address", "itself", "another"],
)  # fmt: skip
def test_the_owner_is_what_was_set(world: World, relay: Relay, owner: Any, read: str) -> None:
    """In Graph's form, in each answer about a calendar."""
    world.control("PUT", f"/calendars/{ROOM}/owner", {"owner": owner})
    assert Events(relay.graph).owner(ROOM) == read
    assert fits("calendar", world.get(f"/users/{ROOM}/calendar"))


def test_a_fault_of_the_owner_alone(world: World, relay: Relay) -> None:
    """The calendar's owner cannot be read, and its events can."""
    world.control("POST", "/faults", {"match": "GET /v1.0/users/[^/]+/calendar$", "status": 503})
    with pytest.raises(GraphUnavailable):
        Events(relay.graph).owner(ROOM)
    assert world.get(f"/users/{ROOM}/events")["value"] == []


@pytest.mark.parametrize("owner", ["chief@fabrikam.com", {"mail": "x"}, 1])
def test_an_owner_is_checked(world: World, owner: object) -> None:
    """It has Graph's form."""
    world.control("PUT", f"/calendars/{ROOM}/owner", {"owner": owner}, 400)
