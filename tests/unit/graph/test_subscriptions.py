"""Claims about the calls on subscriptions, as Graph's reference pages describe them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.errors import GraphNotFound, GraphRejected, GraphUnavailable
from shared.graph.rate_limit import RateLimiter
from shared.graph.subscriptions import Subscriptions, mailbox_of, resource_of

END = datetime(2026, 11, 27, 10, tzinfo=UTC)
GIVEN = {"id": "s-1", "resource": "users/r@contoso.com/events", "notificationUrl": "https://relay.example/api/notifications",
         "expirationDateTime": "2026-11-27T10:00:00.0000000Z", "clientState": None}  # fmt: skip


FREE = RateLimiter(1_000_000, 1.0, 1_000, lambda: END, lambda _: None)


class Graph:
    """Stands for the client: notes calls and gives one answer."""

    def __init__(self, answer: Any = None) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.answer = answer or GIVEN

    def call(self, method: str, path: str, **given: Any) -> Any:
        """Note a call and answer it."""
        self.calls.append((method, path, given))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def pages(self, path: str, params: dict[str, str], before_page: Callable[[], None]) -> list[Any]:
        """Answer a page."""
        before_page()
        self.calls.append(("GET", path, params))
        return [self.answer]


def kept(graph: Graph) -> Subscriptions:
    """Return the object under test."""
    return Subscriptions(graph, FREE, FREE)  # type: ignore[arg-type]  # a fake


def test_a_subscription_is_created_with_everything_that_cannot_be_added_later() -> None:
    """All three change types, both URLs, the clientState, and immutable ids."""
    graph = Graph()
    made = kept(graph).create("R@contoso.com", "https://a.example/n", "https://a.example/l", "state", END)
    method, path, given = graph.calls[0]
    assert (method, path, given["prefer"]) == ("POST", "/subscriptions", 'IdType="ImmutableId"')
    assert given["body"] == {
        "changeType": "created,updated,deleted", "resource": "users/R@contoso.com/events",
        "notificationUrl": "https://a.example/n", "lifecycleNotificationUrl": "https://a.example/l",
        "clientState": "state", "expirationDateTime": "2026-11-27T10:00:00Z",
    }  # fmt: skip
    assert given["read_seconds"] > 20  # Graph calls both URLs first, up to ten seconds each
    assert (made.id, made.expires) == ("s-1", END)


def test_renewing_is_one_patch_and_never_reauthorize() -> None:
    """Only the end is sent: a PATCH also reauthorizes."""
    graph = Graph()
    kept(graph).renew("s/1", END.astimezone(timezone(timedelta(hours=-5))))
    assert graph.calls == [("PATCH", "/subscriptions/s%2F1", {"body": {"expirationDateTime": "2026-11-27T10:00:00Z"}})]


def test_deleting_what_is_gone_is_as_good() -> None:
    """A 404 at Graph is fine, anything else is not."""
    kept(Graph(GraphNotFound(404, "ResourceNotFound"))).delete("s-1")
    with pytest.raises(GraphRejected):
        kept(Graph(GraphRejected(400, "x"))).delete("s-1")


@pytest.mark.parametrize(
    "change", [{"id": ...}, {"expirationDateTime": "soon"}, {"expirationDateTime": None}, {"resource": ...}]
)
def test_an_answer_that_cannot_be_read_is_graph_unavailable(change: dict[str, Any]) -> None:
    """Never a KeyError, which nobody would put back on the queue."""
    answer = {name: value for name, value in (GIVEN | change).items() if value is not ...}
    with pytest.raises(GraphUnavailable):
        kept(Graph(answer)).renew("s-1", END)


def test_a_list_gives_what_is_needed_of_each() -> None:
    """The clientState is not dependably returned, so it is not asked for."""
    assert [s.notification_url for s in kept(Graph()).list()] == ["https://relay.example/api/notifications"]


def test_the_resource_of_an_odd_address_is_encoded() -> None:
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
    """However Graph writes it; None for what we never subscribe to."""
    assert mailbox_of(resource) == mailbox


def test_a_429_holds_every_write_back() -> None:
    """For as long as Graph says, or ten seconds; another error holds nobody back."""
    time, slept = [END], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += timedelta(seconds=seconds)

    def wait_after(error: Exception) -> float:
        pace = RateLimiter(1_000_000, 1.0, 1, lambda: time[0], sleep)
        subscriptions, before = Subscriptions(Graph(error), pace, FREE), time[0]  # type: ignore[arg-type]  # a fake
        for _ in range(2):
            with pytest.raises(GraphUnavailable):
                subscriptions.renew("s-1", END)
        return round((time[0] - before).total_seconds(), 3)

    assert wait_after(GraphUnavailable(429, "x", retry_after=7)) == 7
    assert wait_after(GraphUnavailable(429, "x")) == 10
    assert wait_after(GraphUnavailable(503, "x", retry_after=7)) == 0
