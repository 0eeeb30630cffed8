"""The customer's allow-list."""

from __future__ import annotations

import pytest

from shared.errors import GraphForbidden, GraphUnavailable
from shared.policy.allow_list import KEEP, AllowList
from tests.support.world import World

LIST = "Room1@contoso.com, @Rooms.contoso.com ,roomlist:building1@contoso.com,,"
BUILDING = "building1@contoso.com"


def allow_list(world: World, text: str = LIST) -> AllowList:
    """Return an allow-list with one room list that has one room."""
    world.rooms.by_list.setdefault(BUILDING, ["hall@contoso.com"])
    return AllowList(lambda: text, world.rooms.of_list, world.now)


@pytest.mark.parametrize(
    "mailbox", ["room1@contoso.com", "ROOM1@Contoso.com", "any@rooms.contoso.com", "x@ROOMS.CONTOSO.COM"]
)
def test_addresses_and_domains_are_allowed_in_any_case(world: World, mailbox: str) -> None:
    """Addresses and domains are compared without case, and without a call to Graph."""
    assert allow_list(world).allows(mailbox)
    assert world.rooms.reads == []


@pytest.mark.parametrize(
    "mailbox",
    ["room2@contoso.com", "x@contoso.com", "x@deep.rooms.contoso.com", "x@xrooms.contoso.com",
     "room1@contoso.com.evil.example",
     "@rooms.contoso.com.evil", "room1", "", "x@rooms.contoso.com@evil.example", "roomlist:building1@contoso.com ",
     "building1@contoso.com", "room1@contoso.co", "xroom1@contoso.com"],
)  # fmt: skip
def test_other_addresses_are_not_allowed(world: World, mailbox: str) -> None:
    """Neither a subdomain, nor a domain with the same ending, nor the room list's own address is allowed."""
    assert not allow_list(world).allows(mailbox)


@pytest.mark.parametrize("empty", ["", " ", ",", " , ,"])
def test_an_empty_list_allows_no_address(world: World, empty: str) -> None:
    """Not even the empty address."""
    assert not any(allow_list(world, empty).allows(mailbox) for mailbox in ("room1@contoso.com", "", "@"))


@pytest.mark.parametrize("entry", ["*", "*@contoso.com", "contoso.com", "@", "@.com", "com"])
def test_there_are_no_wildcards(world: World, entry: str) -> None:
    """An entry meant as a pattern allows nothing instead of everything."""
    assert not allow_list(world, entry).allows("room1@contoso.com")


def test_the_rooms_of_a_room_list_are_allowed(world: World) -> None:
    """The rooms are read now and then, not for every change; a new room is allowed after the next read."""
    allowed = allow_list(world)
    assert [allowed.allows("Hall@contoso.com"), allowed.allows("new@contoso.com")] == [True, False]
    assert world.rooms.reads == [BUILDING]
    world.rooms.by_list[BUILDING] = ["new@contoso.com"]
    world.pass_by(KEEP.total_seconds() - 1)
    assert not allowed.allows("new@contoso.com")
    world.pass_by(1)
    assert [allowed.allows("hall@contoso.com"), allowed.allows("new@contoso.com")] == [False, True]


def test_rooms_stay_allowed_while_graph_is_unavailable(world: World) -> None:
    """The rooms read before still count, and the list is not read again at every change."""
    allowed = allow_list(world)
    allowed.allows("hall@contoso.com")
    world.rooms.by_list[BUILDING] = GraphUnavailable(503, "x")
    world.pass_by(KEEP.total_seconds())
    assert allowed.allows("hall@contoso.com")
    assert allowed.allows("hall@contoso.com")
    assert len(world.rooms.reads) == 2


@pytest.mark.parametrize("failure", [GraphUnavailable(503, "x"), GraphForbidden(403, "x")])
def test_an_unreadable_list_raises_instead_of_deciding(world: World, failure: Exception) -> None:
    """The change is put back, not dropped, and the list is read again at the next call."""
    world.rooms.by_list[BUILDING] = failure
    allowed = allow_list(world)
    with pytest.raises(type(failure)):
        allowed.allows("hall@contoso.com")
    world.rooms.by_list[BUILDING] = ["hall@contoso.com"]
    assert allowed.allows("hall@contoso.com")


def test_an_unreadable_list_does_not_hide_another(world: World) -> None:
    """The other list still allows its room."""
    world.rooms.by_list = {BUILDING: GraphUnavailable(503, "x"), "other@contoso.com": ["hall@contoso.com"]}
    assert allow_list(world, f"roomlist:{BUILDING},roomlist:other@contoso.com").allows("hall@contoso.com")


def test_an_unknown_list_allows_nothing(world: World) -> None:
    """The entry may be a spelling mistake."""
    assert not allow_list(world, "roomlist:nowhere@contoso.com").allows("hall@contoso.com")


@pytest.mark.parametrize(
    ("room_list", "allowed"),
    [
        (BUILDING, True),
        ("Building1@Contoso.com", True),
        ("floor@rooms.contoso.com", True),
        ("other@contoso.com", False),
    ],
)
def test_a_whole_room_list_is_allowed_by_its_entry_or_like_an_address(
    world: World, room_list: str, allowed: object
) -> None:
    """Its rooms are still checked one by one."""
    assert allow_list(world).allows_list(room_list) is allowed
