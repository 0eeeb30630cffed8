"""The list of subscriptions: one page that is throttled does not end it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from shared.errors import GraphError, GraphForbidden, GraphRejected, GraphUnauthorized, GraphUnavailable
from shared.graph.client import GraphClient
from shared.graph.rate_limit import LISTS, RateLimiter
from shared.graph.subscriptions import Subscriptions
from shared.http.deadline import within
from tests.unit.graph.test_subscriptions import GIVEN

BASE = "https://graph.microsoft.com/v1.0"
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
THROTTLED = GraphUnavailable(429, "TooManyRequests", retry_after=5, is_rate=True)


class Listing(GraphClient):
    """Graph with `pages` pages of one subscription; `errors` are raised, in turn, for the page with that number."""

    def __init__(self, pages: int, errors: dict[int, Iterable[Exception]]) -> None:
        super().__init__(lambda: BASE, lambda **_: "token", lambda: pytest.fail("no session"))
        self.time = START
        self.requested: list[tuple[int, float]] = []
        self._pages, self._errors = pages, {page: iter(given) for page, given in errors.items()}
        lists = RateLimiter(*LISTS, lambda: self.time, self.sleep)
        self.subscriptions = Subscriptions(self, lists, lists)

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.time += timedelta(seconds=seconds)

    def call(self, method: str, path: str, **_: Any) -> dict[str, Any]:
        """Return a page, with a link to the next one."""
        assert method == "GET"
        number = int(path.partition("?page=")[2] or 1)
        self.requested.append((number, (self.time - START).total_seconds()))
        if error := next(self._errors.get(number, iter(())), None):
            raise error
        link = {} if number == self._pages else {"@odata.nextLink": f"{BASE}/subscriptions?page={number + 1}"}
        return {"value": [GIVEN | {"id": f"s-{number}"}], **link}

    def ids(self) -> list[str]:
        """Return the ids of the list."""
        return [subscription.id for subscription in self.subscriptions.list()]


def test_a_throttled_page_is_read_again() -> None:
    """Page 8 of 10 is asked for again after its Retry-After; no other page is, and nothing is sent meanwhile."""
    graph = Listing(10, {8: [THROTTLED] * 3})
    assert graph.ids() == [f"s-{number}" for number in range(1, 11)]
    assert [page for page, _ in graph.requested] == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 9, 10]
    moments = [moment for page, moment in graph.requested if page == 8]
    assert [later - sooner for sooner, later in pairwise(moments)] == [5, 5, 5]


@pytest.mark.parametrize(
    "error", [GraphUnavailable(503, "x"), GraphUnavailable(0, "NoAnswer.ReadTimeout"), GraphUnavailable(429, "x")]
)
def test_without_a_retry_after_ten_seconds_are_waited(error: Exception) -> None:
    """A page without a response is the same kind of step."""
    graph = Listing(2, {2: [error]})
    assert graph.ids() == ["s-1", "s-2"]
    assert graph.requested[-1][1] - graph.requested[-2][1] == 10


@pytest.mark.parametrize(("wait", "tries"), [(5, 25), (40, 4), (119, 2), (121, 1), (86_400, 1)])
def test_a_page_is_given_up_after_two_minutes(wait: float, tries: int) -> None:
    """The last error is raised. A Retry-After beyond the two minutes ends the list at once."""
    error = GraphUnavailable(429, "TooManyRequests", retry_after=wait, is_rate=True)
    graph = Listing(3, {2: [error] * 100})
    with pytest.raises(GraphUnavailable) as caught:
        graph.ids()
    assert caught.value is error
    assert len(graph.requested) - 1 == tries
    assert graph.time - START <= timedelta(minutes=2)


def test_each_page_has_two_minutes_of_its_own() -> None:
    """A list with one bad page in five ends well."""
    graph = Listing(30, {page: [GraphUnavailable(429, "x", retry_after=100)] for page in range(5, 31, 5)})
    assert len(graph.ids()) == 30


@pytest.mark.parametrize("error", [GraphForbidden(403, "x"), GraphUnauthorized(401, "x"), GraphRejected(400, "x")])
def test_a_refusal_is_raised_at_once(error: GraphError) -> None:
    """A repetition would not help."""
    graph = Listing(3, {2: [error]})
    with pytest.raises(type(error)):
        graph.ids()
    assert graph.time - START < timedelta(seconds=2)


def test_a_caller_with_a_deadline_waits_no_longer() -> None:
    """An HTTP call must be answered; the deadline is that of the thread."""
    graph = Listing(3, {2: [THROTTLED] * 100})
    with within(4), pytest.raises(GraphUnavailable):
        graph.ids()
    assert graph.time - START < timedelta(seconds=2)
