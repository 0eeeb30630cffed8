"""The lists of Microsoft Bookings are bounded: pages, time, and limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.errors import GraphRejected, GraphUnavailable
from shared.graph.bookings.client import LIST_SECONDS, BookingsClient
from shared.graph.client import LIST_PAGES, GraphClient

URL = "https://graph.microsoft.com/v1.0"


class EndlessGraph(GraphClient):
    """Each page has one item and a link to another one."""

    def __init__(self) -> None:
        super().__init__(lambda: URL, lambda **_: "token", lambda: pytest.fail("no call leaves the process"))
        self.read = 0

    def call(self, method: str, path: str, **_: Any) -> dict[str, Any]:
        """Return the next page."""
        assert method == "GET"
        self.read += 1
        return {"value": [item(self.read)], "@odata.nextLink": f"{URL}{path.partition('?')[0]}?page={self.read}"}


def item(number: int) -> Mapping[str, Any]:
    """Return an object that is enough of a customer."""
    return {"id": str(number), "displayName": "x", "emailAddress": "x@contoso.com"}


class Limits:
    """Counts the places that are taken at the same time, and how often one is taken."""

    def __init__(self) -> None:
        self.taken = self.times = 0

    @contextmanager
    def of(self, _: str) -> Iterator[None]:
        """Take a place."""
        self.taken += 1
        self.times += 1
        assert self.taken == 1
        yield
        self.taken -= 1


def test_a_list_without_end_is_refused_and_holds_no_place_between_pages() -> None:
    """Each page takes a place of its own, so that the calls of others come in between."""
    graph, limits = EndlessGraph(), Limits()
    with pytest.raises(GraphRejected, match="TooManyPages"):
        BookingsClient(graph, limits.of, clock=lambda: 0.0).customers("b@contoso.com")
    assert (graph.read, limits.times, limits.taken) == (LIST_PAGES, LIST_PAGES, 0)


def test_a_slow_list_ends_after_its_time() -> None:
    """Whatever number of pages it has: a caller waits, and a thread with it."""
    graph, limits, seconds = EndlessGraph(), Limits(), iter(range(0, 10_000, 3))
    with pytest.raises(GraphUnavailable, match="ListTooSlow"):
        BookingsClient(graph, limits.of, clock=lambda: float(next(seconds))).customers("b@contoso.com")
    assert graph.read <= LIST_SECONDS / 3 + 1


def test_a_search_of_businesses_is_bounded_as_well() -> None:
    """It takes no place, because it belongs to no business."""
    graph = EndlessGraph()
    with pytest.raises(GraphRejected, match="TooManyPages"):
        BookingsClient(graph, Limits().of).search("x")
    assert graph.read == LIST_PAGES


def test_a_page_that_leads_to_itself_is_refused() -> None:
    """A caller that follows the pages would never come to an end."""

    class Repeating(EndlessGraph):
        """The link of each page is that of the page itself."""

        def call(self, method: str, path: str, **_: Any) -> dict[str, Any]:
            """Return the page."""
            del method, path
            return {"value": [], "@odata.nextLink": f"{URL}/calendarView?$skiptoken=1"}

    client, first = BookingsClient(Repeating(), Limits().of), datetime(2026, 11, 24, tzinfo=UTC)
    _, following = client.calendar_page("b@contoso.com", first, first, {})
    with pytest.raises(GraphRejected, match="RepeatedNextLink"):
        client.calendar_page("b@contoso.com", first, first, following)
