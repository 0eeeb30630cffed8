"""The calls on subscriptions, as Graph's reference pages describe them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.errors import GraphNotFound, GraphRejected, GraphUnavailable
from shared.graph.client import GraphClient
from shared.graph.rate_limit import RateLimiter
from shared.graph.subscriptions import Subscriptions, mailbox_of, resource_of

END = datetime(2026, 11, 27, 10, tzinfo=UTC)
GIVEN = {"id": "s-1", "resource": "users/r@contoso.com/events", "notificationUrl": "https://relay.example/api/notifications",
         "expirationDateTime": "2026-11-27T10:00:00.0000000Z", "clientState": None}  # fmt: skip


FREE = RateLimiter(1_000_000, 1.0, 1_000, lambda: END, lambda _: None)


class Graph(GraphClient):
    """A client that records its calls and always returns the same response, or raises."""

    def __init__(self, response: dict[str, Any] | Exception = GIVEN) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.response = response

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Record a call."""
        self.calls.append((method, path, options))
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    def pages(
        self,
        path: str,
        params: Mapping[str, str],
        prefer: str | None = None,
        before_page: Callable[[], None] = lambda: None,
    ) -> Iterator[dict[str, Any]]:
        """Yield the response as the only item."""
        before_page()
        yield self.call("GET", path, params=params, prefer=prefer)


def subscriptions(graph: Graph) -> Subscriptions:
    """Return the object under test."""
    return Subscriptions(graph, FREE, FREE)


def test_a_subscription_is_created_with_all_properties() -> None:
    """It has all three change types, both URLs, the clientState and immutable ids, which cannot be added later."""
    graph = Graph()
    created = subscriptions(graph).create("R@contoso.com", "https://a.example/n", "https://a.example/l", "state", END)
    method, path, given = graph.calls[0]
    assert (method, path, given["prefer"]) == ("POST", "/subscriptions", 'IdType="ImmutableId"')
    assert given["body"] == {
        "changeType": "created,updated,deleted", "resource": "users/R@contoso.com/events",
        "notificationUrl": "https://a.example/n", "lifecycleNotificationUrl": "https://a.example/l",
        "clientState": "state", "expirationDateTime": "2026-11-27T10:00:00Z",
    }  # fmt: skip
    assert given["read_seconds"] > 20  # Graph calls both URLs first, up to ten seconds each
    assert (created.id, created.expires) == ("s-1", END)


def test_a_renewal_is_a_single_patch() -> None:
    """Only the new expiry is sent; the PATCH also reauthorizes the subscription."""
    graph = Graph()
    subscriptions(graph).renew("s/1", END.astimezone(timezone(timedelta(hours=-5))))
    assert graph.calls == [("PATCH", "/subscriptions/s%2F1", {"body": {"expirationDateTime": "2026-11-27T10:00:00Z"}})]


def test_deleting_an_unknown_subscription_is_a_no_op() -> None:
    """A 404 of Graph is ignored; other errors are raised."""
    subscriptions(Graph(GraphNotFound(404, "ResourceNotFound"))).delete("s-1")
    with pytest.raises(GraphRejected):
        subscriptions(Graph(GraphRejected(400, "x"))).delete("s-1")


@pytest.mark.parametrize(
    "change", [{"id": ...}, {"expirationDateTime": "soon"}, {"expirationDateTime": None}, {"resource": ...}]
)
def test_an_unreadable_response_is_graph_unavailable(change: dict[str, Any]) -> None:
    """A KeyError would not be put back on the queue."""
    response = {name: value for name, value in (GIVEN | change).items() if value is not ...}
    with pytest.raises(GraphUnavailable):
        subscriptions(Graph(response)).renew("s-1", END)


def test_subscriptions_are_listed() -> None:
    """The clientState is not returned reliably, so it is not read."""
    assert [s.notification_url for s in subscriptions(Graph()).list()] == ["https://relay.example/api/notifications"]


def test_the_resource_of_an_unusual_address_is_encoded() -> None:
    """Apostrophes and plus signs are legal in addresses."""
    assert resource_of("o'brien+x@contoso.com") == "users/o%27brien%2Bx@contoso.com/events"


@pytest.mark.parametrize(
    ("resource", "mailbox"),
    [
        ("users/r@contoso.com/events", "r@contoso.com"),
        ("/Users/R%40contoso.com/Events/", "r@contoso.com"),
        ("users/6F0C/events", "6f0c"),
        ("users//events", None),
        ("users/r@contoso.com/messages", None),
        ("users/r@contoso.com/events/E", None),
        ("me/events", None),
        ("", None),
    ],
)
def test_the_mailbox_of_a_resource(resource: str, mailbox: str | None) -> None:
    """Every spelling of Graph is read; the result is None for a resource that the relay never subscribes to."""
    assert mailbox_of(resource) == mailbox


def test_a_429_delays_all_writes() -> None:
    """The delay is Graph's Retry-After, or ten seconds; other errors cause none."""
    time, slept = [END], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += timedelta(seconds=seconds)

    def wait_after(error: Exception) -> float:
        writes = RateLimiter(1_000_000, 1.0, 1, lambda: time[0], sleep)
        limited, before = Subscriptions(Graph(error), writes, FREE), time[0]
        for _ in range(2):
            with pytest.raises(GraphUnavailable):
                limited.renew("s-1", END)
        return round((time[0] - before).total_seconds(), 3)

    assert wait_after(GraphUnavailable(429, "x", retry_after=7)) == 7
    assert wait_after(GraphUnavailable(429, "x")) == 10
    assert wait_after(GraphUnavailable(503, "x", retry_after=7)) == 0
