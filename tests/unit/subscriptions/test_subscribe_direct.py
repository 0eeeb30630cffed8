"""Claims about the partner's own address for direct delivery: looked up before Graph is asked to call it."""

from __future__ import annotations

import socket

import pytest

from shared.errors import RequestRejected
from shared.watches.requests import WatchRequest
from tests.support.world import MAILBOX, World

DIRECT = WatchRequest(MAILBOX, "direct", "https://partner.example:8443/graph")


def refusal(world: World) -> RequestRejected:
    """Return how a call for direct delivery is refused; nothing is left of it."""
    with pytest.raises(RequestRejected) as caught:
        world.watch_setup.subscribe(DIRECT)
    assert not world.rows.rows
    assert not world.subscriptions.standing
    return caught.value


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["169.254.169.254"], ["20.50.2.1", "127.0.0.1"], ["::1"]])
def test_a_public_name_with_a_private_address_is_refused(world: World, addresses: list[str]) -> None:
    """422 with what to do, and without the address, which would tell a partner about the customer's network."""
    world.names.answer = addresses
    error = refusal(world)
    assert (error.status, error.retry_after) == (422, None)
    assert str(error).startswith("notificationUrl: its host leads to a private network")
    assert not any(one in str(error) for one in addresses)
    assert world.names.asked == [("partner.example", 8443)]


@pytest.mark.parametrize("number", [socket.EAI_NONAME, socket.EAI_NODATA])
def test_a_name_without_an_address_is_refused(world: World, number: int) -> None:
    """It is misspelt, or not there yet."""
    world.names.failure = socket.gaierror(number, "canary")
    error = refusal(world)
    assert error.status == 422
    assert "no address" in str(error)
    assert "canary" not in str(error)


@pytest.mark.parametrize("failure", [socket.gaierror(socket.EAI_AGAIN, "canary"), TimeoutError("canary")])
def test_a_resolver_that_does_not_answer_is_nobodys_fault(world: World, failure: OSError) -> None:
    """The partner may try again."""
    world.names.failure = failure
    error = refusal(world)
    assert (error.status, error.retry_after) == (503, 30)
    assert "canary" not in str(error)


def test_delivery_by_the_relay_looks_nothing_up(world: World) -> None:
    """Its address is the customer's own setting, and checked at each connection."""
    world.watch_setup.subscribe(WatchRequest(MAILBOX))
    assert world.names.asked == []


def test_a_mailbox_that_is_not_allowed_is_refused_before(world: World) -> None:
    """A caller that may not watch anything cannot make us look names up either."""
    with pytest.raises(RequestRejected) as caught:
        world.watch_setup.subscribe(WatchRequest("room1@elsewhere.example", "direct", DIRECT.notification_url))
    assert caught.value.status == 403
    assert world.names.asked == []
