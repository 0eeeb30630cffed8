"""Every list of Graph that a caller waits for has bounds: of pages and of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from shared.errors import GraphRejected, GraphUnavailable
from shared.graph.booked_events import BookedEvents
from shared.graph.bookings.client import BookingsClient
from shared.graph.calendars import Calendars
from shared.graph.client import LIST_PAGES, LIST_SECONDS, GraphClient
from shared.graph.rooms import PAGE_SIZE, Rooms

URL = "https://graph.microsoft.com/v1.0"
ROOM = "room1@contoso.com"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE_SECONDS = 3.0


class EndlessGraph(GraphClient):
    """Each page has new items and, with `links`, a link to another one. A page takes `seconds`."""

    def __init__(self, seconds: float = 0.0, items: int = 1, *, links: bool = True) -> None:
        super().__init__(
            lambda: URL, lambda **_: "token", lambda: pytest.fail("no session"), clock=lambda: self.read * seconds
        )
        self.read, self._items, self._links, self._numbers = 0, items, links, count()

    def call(self, method: str, path: str, **_: Any) -> dict[str, Any]:
        """Return the next page."""
        assert method == "GET"
        self.read += 1
        page = {"value": [self._item(next(self._numbers)) for _ in range(self._items)]}
        link = {"@odata.nextLink": f"{URL}{path.partition('?')[0]}?page={self.read}"} if self._links else {}
        return page | link

    def _item(self, number: int) -> dict[str, Any]:
        return {"id": str(number), "displayName": "x", "emailAddress": f"room{number}@contoso.com"}


def slot_view(graph: GraphClient) -> Iterator[dict[str, Any]]:
    """Read the events at the time of a slot."""
    return BookedEvents(graph).overlapping(ROOM, NOON, NOON)


LISTS: dict[str, Callable[[GraphClient], Iterable[object]]] = {
    "calendars": lambda graph: Calendars(graph).all(ROOM),
    "event-of-a-key": lambda graph: Calendars(graph).find_by_transaction(ROOM, "", "t", NOON) or "",
    "slot": slot_view,
    "businesses": lambda graph: BookingsClient(graph, lambda _: nullcontext()).search("x"),
    "customers": lambda graph: BookingsClient(graph, lambda _: nullcontext()).customers("b@contoso.com"),
    "rooms": lambda graph: Rooms(graph).of_list("list@contoso.com"),
}


@pytest.mark.parametrize("name", [name for name in LISTS if name != "customers"])
def test_a_list_that_a_caller_waits_for_ends_after_its_time(name: str) -> None:
    """A caller waits for it, and holds a thread and a place of the mailbox meanwhile."""
    graph = EndlessGraph(PAGE_SECONDS)
    with pytest.raises(GraphUnavailable, match="ListTooSlow"):
        list(LISTS[name](graph))
    assert graph.read <= LIST_SECONDS / PAGE_SECONDS + 1


@pytest.mark.parametrize("name", LISTS)
def test_a_list_without_end_is_refused(name: str) -> None:
    """A part of it must not look like the whole."""
    graph = EndlessGraph()
    with pytest.raises(GraphRejected, match="TooManyPages"):
        list(LISTS[name](graph))
    assert graph.read == LIST_PAGES


def test_rooms_without_links_have_the_same_bound() -> None:
    """Full pages are asked for one by one: a server that never runs out of rooms ends the walk as well."""
    graph = EndlessGraph(items=PAGE_SIZE, links=False)
    with pytest.raises(GraphRejected, match="TooManyPages"):
        list(Rooms(graph).of_list("list@contoso.com"))
    assert graph.read == LIST_PAGES


def test_a_slow_list_of_a_single_page_is_complete() -> None:
    """Only a further page is refused: what was read is not thrown away."""
    graph = EndlessGraph(LIST_SECONDS * 2, links=False)
    assert len(list(graph.pages("/things", {}, seconds=LIST_SECONDS))) == 1
