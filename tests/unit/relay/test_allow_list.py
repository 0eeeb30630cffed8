"""Claims about the customer's allow-list."""

from __future__ import annotations

import pytest

from shared.relay.allow_list import allows, room_lists

LIST = "Room1@contoso.com, @Rooms.contoso.com ,roomlist:building1@contoso.com,,"


@pytest.mark.parametrize("mailbox", ["room1@contoso.com", "ROOM1@Contoso.com", "any@rooms.contoso.com",
    "x@ROOMS.CONTOSO.COM"])
def test_addresses_and_domains_are_allowed_in_any_case(mailbox: str) -> None:
    """As the customer listed them."""
    assert allows(LIST, mailbox)


@pytest.mark.parametrize(
    "mailbox",
    ["room2@contoso.com", "x@contoso.com", "x@deep.rooms.contoso.com", "x@xrooms.contoso.com",
     "room1@contoso.com.evil.example",
     "@rooms.contoso.com.evil", "room1", "", "x@rooms.contoso.com@evil.example", "roomlist:building1@contoso.com ",
     "building1@contoso.com", "room1@contoso.co", "xroom1@contoso.com"],
)  # fmt: skip
def test_nothing_else_is_allowed(mailbox: str) -> None:
    """Neither a subdomain nor a domain that ends alike, nor the list's own address."""
    assert not allows(LIST, mailbox)


@pytest.mark.parametrize("empty", ["", " ", ",", " , ,"])
def test_an_empty_list_allows_nobody(empty: str) -> None:
    """Also not the empty address."""
    assert not any(allows(empty, mailbox) for mailbox in ("room1@contoso.com", "", "@"))


@pytest.mark.parametrize("entry", ["*", "*@contoso.com", "contoso.com", "@", "@.com", "com"])
def test_there_are_no_wildcards(entry: str) -> None:
    """A pattern that somebody hopes for allows nobody instead of all."""
    assert not allows(entry, "room1@contoso.com")


def test_room_lists_are_told_apart() -> None:
    """Their rooms have to be asked of Graph."""
    assert room_lists(LIST) == ["building1@contoso.com"]
