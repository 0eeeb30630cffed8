"""The calls on subscriptions, as Graph's reference pages describe them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.errors import GraphNotFound, GraphRejected, GraphUnavailable
from shared.graph.client import CONNECT_SECONDS, WRITE_SECONDS, GraphClient
from shared.graph.rate_limit import RateLimiter
from shared.graph.subscriptions import DeleteReason, Subscriptions

END = datetime(2026, 11, 27, 10, tzinfo=UTC)
GIVEN = {"id": "s-1", "resource": "users/r@contoso.com/events", "notificationUrl": "https://relay.example/api/notifications",
         "expirationDateTime": "2026-11-27T10:00:00.0000000Z", "clientState": None}  # fmt: skip


FREE = RateLimiter(1_000_000, 1.0, 1_000, lambda: END, lambda _: None)


class Graph(GraphClient):
    """A client that records its calls and always returns the same response, or raises."""

    def __init__(self, response: dict[str, Any] | Exception = GIVEN) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.response = response
        self.login: Exception | None = None

    def require_token(self) -> None:
        """Raise the error of login."""
        if self.login is not None:
            raise self.login

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
        read: Callable[[Callable[[], dict[str, Any]]], dict[str, Any]] = lambda page: page(),
        most: int = 10_000,  # noqa: ARG002
        seconds: float = 0.0,  # noqa: ARG002
    ) -> Iterator[dict[str, Any]]:
        """Yield the response as the only item."""
        yield read(lambda: self.call("GET", path, params=params, prefer=prefer))


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
    assert CONNECT_SECONDS + given["read_seconds"] == 30  # Graph calls both URLs first, up to ten seconds each
    assert (created.id, created.expires) == ("s-1", END)


def test_a_renewal_is_a_single_patch() -> None:
    """Only the new expiry is sent; the PATCH also reauthorizes the subscription."""
    graph = Graph()
    subscriptions(graph).renew("s/1", END.astimezone(timezone(timedelta(hours=-5))))
    body = {"expirationDateTime": "2026-11-27T10:00:00Z"}
    assert graph.calls == [("PATCH", "/subscriptions/s%2F1", {"body": body, "read_seconds": WRITE_SECONDS})]


def test_a_change_of_address_is_a_single_patch() -> None:
    """The lifecycleNotificationUrl is not sent: it cannot be changed."""
    graph = Graph()
    changed = subscriptions(graph).change_address("s-1", "https://b.example/n", END)
    body = {"notificationUrl": "https://b.example/n", "expirationDateTime": "2026-11-27T10:00:00Z"}
    assert graph.calls == [("PATCH", "/subscriptions/s-1", {"body": body, "read_seconds": WRITE_SECONDS})]
    assert changed.notification_url == "https://relay.example/api/notifications"  # as Graph says, not as asked


def test_a_subscription_is_read_by_its_id() -> None:
    """The response is Graph's; a 404 is raised, because it is evidence."""
    graph = Graph()
    assert subscriptions(graph).get("s/1").expires == END
    assert graph.calls == [("GET", "/subscriptions/s%2F1", {})]
    with pytest.raises(GraphNotFound):
        subscriptions(Graph(GraphNotFound(404, "ResourceNotFound"))).get("s-1")


def test_deleting_an_unknown_subscription_is_a_no_op() -> None:
    """A 404 of Graph is ignored; other errors are raised."""
    subscriptions(Graph(GraphNotFound(404, "ResourceNotFound"))).delete("s-1", DeleteReason.TWIN)
    with pytest.raises(GraphRejected):
        subscriptions(Graph(GraphRejected(400, "x"))).delete("s-1", DeleteReason.TWIN)


@pytest.mark.parametrize("reason", DeleteReason)
def test_every_deletion_is_logged_with_its_reason(reason: DeleteReason, caplog: pytest.LogCaptureFixture) -> None:
    """The line is written before the call, so that it exists also if the response is lost."""
    with caplog.at_level(logging.INFO, "relay.subscriptions"), pytest.raises(GraphUnavailable):
        subscriptions(Graph(GraphUnavailable(0, "NoAnswer.ReadTimeout"))).delete("s-1", reason)
    assert [record.getMessage() for record in caplog.records] == [f"Deleting subscription s-1: {reason}"]


@pytest.mark.parametrize(
    "change",
    [{"id": ...}, {"id": None}, {"id": ""}, {"expirationDateTime": "soon"}, {"expirationDateTime": None},
     {"expirationDateTime": ...}, {"resource": ...}, {"resource": None}],
)  # fmt: skip
def test_an_unreadable_response_is_graph_unavailable(change: dict[str, Any]) -> None:
    """A KeyError would not be put back on the queue."""
    response = {name: value for name, value in (GIVEN | change).items() if value is not ...}
    with pytest.raises(GraphUnavailable):
        subscriptions(Graph(response)).renew("s-1", END)


@pytest.mark.parametrize(
    ("text", "end"),
    [("2026-11-27T10:00:00.0000000Z", END), ("2026-11-27T12:00:00+02:00", END), ("2026-11-27T10:00:00", END)],
)
def test_the_expiry_is_read_in_utc(text: str, end: datetime) -> None:
    """Seven fractional digits, an offset, or none: Graph's times are UTC."""
    expires = subscriptions(Graph(GIVEN | {"expirationDateTime": text})).get("s-1").expires
    assert (expires, expires.utcoffset()) == (end, timedelta())


def test_a_subscription_without_urls_is_read() -> None:
    """Graph omits the lifecycleNotificationUrl of some, and the list has subscriptions that the relay did not make."""
    given = {name: value for name, value in GIVEN.items() if name != "notificationUrl"}
    read = subscriptions(Graph(given | {"lifecycleNotificationUrl": None})).get("s-1")
    assert (read.notification_url, read.lifecycle_url) == ("", "")


def test_subscriptions_are_listed() -> None:
    """The clientState is not returned reliably, so it is not read."""
    assert [s.notification_url for s in subscriptions(Graph()).list()] == ["https://relay.example/api/notifications"]
