"""Room lists, with and without the nextLink that Graph leaves out."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from shared.errors import GraphUnavailable
from shared.graph.client import GraphClient
from shared.graph.rooms import Rooms

BASE = "https://graph.microsoft.com/v1.0"


def room(number: int) -> dict[str, Any]:
    """Return a room as Graph does."""
    return {"id": f"id-{number}", "emailAddress": f"Room{number}@contoso.com"}


class RoomsOfGraph(GraphClient):
    """Graph with these rooms. `links`: whether it sends nextLink. `skips`: whether it obeys $skip."""

    def __init__(self, rooms: list[dict[str, Any]], *, links: bool = False, skips: bool = True) -> None:
        super().__init__(lambda: BASE, lambda **_: "token", lambda: pytest.fail("no session"))
        self.requested: list[tuple[str, dict[str, str]]] = []
        self.failing_at = -1
        self._rooms, self._links, self._skips = rooms, links, skips

    def call(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        """Return a page of at most 100 rooms."""
        assert method == "GET"
        params = given.get("params") or {}
        self.requested.append((path, params))
        if len(self.requested) - 1 == self.failing_at:
            raise GraphUnavailable(503, "x")
        start = int(path.partition("?skip=")[2] or params.get("$skip", 0)) if self._skips else 0
        page, end = self._rooms[start : start + 100], start + 100
        more = self._links and end < len(self._rooms)
        return {"value": page, **({"@odata.nextLink": f"{BASE}/places?skip={end}"} if more else {})}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (250, 3), (300, 4)])
def test_all_rooms_of_a_list_are_read(count: int, calls: int, links: bool) -> None:  # noqa: FBT001  (a table's cell)
    """A full page without nextLink is not the end."""
    places = RoomsOfGraph([room(number) for number in range(count)], links=links)
    assert [*Rooms(places).of_list("list@contoso.com")] == [f"room{number}@contoso.com" for number in range(count)]
    assert len(places.requested) == calls
    path, params = places.requested[0]
    assert path == "/places/list@contoso.com/microsoft.graph.roomList/rooms"
    assert params == {"$select": "id,emailAddress", "$top": "100"}


def test_a_page_with_nothing_new_is_the_end() -> None:
    """A server that ignores $skip returns the first page again and again."""
    places = RoomsOfGraph([room(number) for number in range(100)], skips=False)
    assert len([*Rooms(places).of_list("list@contoso.com")]) == 100
    assert len(places.requested) == 2


def test_a_room_that_moves_to_the_next_page_is_returned_once() -> None:
    """Rooms are added while the list is read."""
    places = RoomsOfGraph([room(number) for number in [*range(100), *range(99, 149)]])
    assert [*Rooms(places).of_list("list@contoso.com")] == [f"room{number}@contoso.com" for number in range(149)]


@pytest.mark.parametrize(
    "without", [{"id": "x"}, {"id": "y", "emailAddress": None}, {"emailAddress": ""}, {"id": 1}, {}]
)
def test_a_room_without_an_address_is_skipped(without: dict[str, Any]) -> None:
    """It has no calendar, but it counts for the size of the page."""
    places = RoomsOfGraph([without, *(room(number) for number in range(120))])
    assert len([*Rooms(places).of_list("list@contoso.com")]) == 120


def test_a_later_page_that_fails_fails_the_list() -> None:
    """A part of a list must not look like the whole."""
    places = RoomsOfGraph([room(number) for number in range(250)])
    places.failing_at = 1
    with pytest.raises(GraphUnavailable):
        [*Rooms(places).of_list("list@contoso.com")]


PROPERTIES = "id,emailAddress,capacity"


@pytest.mark.parametrize("links", [True, False])
def test_all_rooms_of_the_tenant_are_read(links: bool) -> None:  # noqa: FBT001  (a table's cell)
    """With the properties that the caller names; as they come, so that an error leaves what came before."""
    places = RoomsOfGraph([room(number) for number in range(250)], links=links)
    assert len([*Rooms(places).of_tenant(PROPERTIES)]) == 250
    assert places.requested[0] == ("/places/microsoft.graph.room", {"$select": PROPERTIES, "$top": "100"})
    places.failing_at = len(places.requested) + 2
    rooms = Rooms(places).of_tenant(PROPERTIES)
    assert len([*islice(rooms, 200)]) == 200
    with pytest.raises(GraphUnavailable):
        next(rooms)


def test_the_properties_of_a_lists_rooms_are_read() -> None:
    """By the list's address."""
    places = RoomsOfGraph([room(1)])
    assert [*Rooms(places).with_properties("list@contoso.com", PROPERTIES)] == [room(1)]
    path, params = places.requested[0]
    assert (path, params["$select"]) == ("/places/list@contoso.com/microsoft.graph.roomList/rooms", PROPERTIES)


def test_a_reading_of_the_tenant_ends_after_two_minutes() -> None:
    """The pages of a large tenant may come slowly."""
    seconds = iter(range(0, 1000, 25))
    places = RoomsOfGraph([room(number) for number in range(1000)])
    with pytest.raises(GraphUnavailable) as caught:
        list(Rooms(places, clock=lambda: float(next(seconds))).of_tenant(PROPERTIES))
    assert (caught.value.code, len(places.requested)) == ("ListTooSlow", 4)
