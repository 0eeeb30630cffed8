"""Graph's limits."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.tenant.clock import Clock
from sandbox.tenant.graph.errors import GraphError
from sandbox.tenant.graph.service import graph_of
from sandbox.tenant.graph.throttle import MAILBOX, SUBSCRIPTION_LISTS, SUBSCRIPTION_WRITES, Limit, Throttle
from tests.support.graph_world import APP, OTHER_ROOM, ROOM, World, refusal

pytestmark = pytest.mark.server


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return a tenant in which reading an event is slow enough for concurrent reads."""
    return {"latencySeconds": 0.3}


def test_a_fifth_concurrent_call_gets_429(world: World) -> None:
    """An app may have four open requests per mailbox; it can read other mailboxes meanwhile."""
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda _: world.graph("GET", f"/users/{ROOM}/events"), range(6)))
        refused = [answer for answer in same if answer.status_code == 429]
    assert len(refused) == 2
    assert refusal(refused[0]) == (429, "ApplicationThrottled")
    assert "MailboxConcurrency" in refused[0].text
    assert int(refused[0].headers["Retry-After"]) >= 1
    with ThreadPoolExecutor(8) as pool:
        paths = [f"/users/{room}/events" for room in (ROOM, OTHER_ROOM) for _ in range(4)]
        assert {answer.status_code for answer in pool.map(lambda path: world.graph("GET", path), paths)} == {200}
    assert world.control("GET", "/notifications")["throttled"] == {"MailboxConcurrency": 2}


def test_lists_of_subscriptions_are_limited(world: World) -> None:
    """The 26th list within 20 seconds gets 429; after Retry-After, by the tenant's clock, a list succeeds again."""
    answers = [world.graph("GET", "/subscriptions") for _ in range(26)]
    assert [answer.status_code for answer in answers] == [200] * 25 + [429]
    wait = int(answers[-1].headers["Retry-After"])
    assert 1 <= wait <= 20
    world.control("POST", "/clock", {"advanceSeconds": wait})
    assert world.graph("GET", "/subscriptions").status_code == 200


def test_the_limits_are_graphs() -> None:
    """10,000 requests in 10 minutes per app and mailbox; 500 writes and 25 lists in 20 seconds."""
    assert (Limit(10_000, 600), Limit(500, 20), Limit(25, 20)) == (MAILBOX, SUBSCRIPTION_WRITES, SUBSCRIPTION_LISTS)


def _refused(throttle: Throttle, app: str, limit: Limit) -> str | None:
    """Count a request and return its Retry-After when it is rejected."""
    try:
        throttle.count(app, "subject", limit)
    except GraphError as error:
        return error.headers["Retry-After"]
    return None


def test_a_throttled_request_counts_too() -> None:
    """An app that keeps calling stays throttled; after a wait, or for another app, calls succeed."""
    clock, limit = Clock(), Limit(2, 10)
    throttle = Throttle(clock)
    assert [_refused(throttle, "app", limit) for _ in range(3)] == [None, None, "10"]
    clock.advance(9)
    assert _refused(throttle, "app", limit) is not None
    assert _refused(throttle, "other", limit) is None
    clock.advance(9)
    assert _refused(throttle, "app", limit) is None


def test_ten_thousand_requests_in_ten_minutes() -> None:
    """The mailbox limit holds for realistic numbers."""
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(10_000):
        throttle.count("app", "mailbox", MAILBOX)
    with pytest.raises(GraphError) as caught, throttle.mailbox("app", "mailbox"):
        pass
    assert caught.value.status == 429
    clock.advance(601)
    with throttle.mailbox("app", "mailbox"):
        pass


def test_writes_of_subscriptions_count_together(world: World) -> None:
    """Creating, updating and deleting share 500 in 20 seconds; the 501st of any kind gets 429."""
    subscription = world.subscribe()
    throttle = graph_of(world.tenant).throttle
    for _ in range(497):
        throttle.count(APP, "subscriptions", SUBSCRIPTION_WRITES)
    path, end = f"/subscriptions/{subscription['id']}", {"expirationDateTime": world.after(days=6)}
    assert [world.graph("PATCH", path, end).status_code for _ in range(2)] == [200, 200]
    refused = [world.graph("DELETE", path), world.graph("POST", "/subscriptions", world.subscription())]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
