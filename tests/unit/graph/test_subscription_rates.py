"""The paces of the calls on subscriptions: which response holds back which calls, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shared.errors import GraphError, GraphQuotaExceeded, GraphUnavailable, ServiceUnavailable
from shared.graph.rate_limit import RateLimiter
from shared.graph.subscriptions import DeleteReason, Subscriptions
from tests.unit.graph.test_subscriptions import Graph

END = datetime(2026, 11, 27, 10, tzinfo=UTC)
RATE = partial(GraphUnavailable, 429, "TooManyRequests", is_rate=True)


class Paced:
    """Subscriptions with a clock that moves only by sleeping, and the time that calls waited."""

    def __init__(self, error: Exception | None = None) -> None:
        self.time = END
        self.graph = Graph() if error is None else Graph(error)
        writes, lists, reads = (RateLimiter(10, 10.0, 1, self.now, self.sleep) for _ in range(3))
        self.subscriptions = Subscriptions(self.graph, writes, lists, reads)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.time += timedelta(seconds=seconds)

    def seconds_of(self, call: Callable[[], Any]) -> float:
        """Return how long a call waited, also if it failed."""
        began = self.time
        try:
            call()
        except GraphError:
            self.graph.response = Graph().response
        return (self.time - began).total_seconds()


def writes_of(subscriptions: Subscriptions) -> list[Callable[[], Any]]:
    """Return a call of every method that writes; the creation is the last."""
    return [
        partial(subscriptions.renew, "s-1", END),
        partial(subscriptions.change_address, "s-1", "https://b.example", END),
        partial(subscriptions.delete, "s-1", DeleteReason.TWIN),
        partial(subscriptions.create, "r@contoso.com", "https://a.example", "https://a.example", "state", END),
    ]


def test_every_write_takes_a_place_and_a_creation_takes_it_before() -> None:
    """A row is claimed after `wait_for_rate`, so a creation itself must not wait."""
    paced = Paced()
    renew, change, delete, create = writes_of(paced.subscriptions)
    calls = (renew, change, delete, paced.subscriptions.wait_for_rate, create)
    assert [paced.seconds_of(call) for call in calls] == [0, 1, 1, 1, 0]


def test_without_a_token_no_place_is_taken_for_a_creation() -> None:
    """The row would be claimed in vain."""
    paced = Paced()
    paced.graph.login = ServiceUnavailable("login")
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            paced.subscriptions.wait_for_rate()
    paced.graph.login = None
    assert paced.seconds_of(paced.subscriptions.wait_for_rate) == 0


def test_reads_by_id_have_a_rate_limit_of_their_own() -> None:
    """Graph counts them apart from writes."""
    paced = Paced()
    get = partial(paced.subscriptions.get, "s-1")
    assert [paced.seconds_of(call) for call in (paced.subscriptions.wait_for_rate, get, get)] == [0, 0, 1]


def test_without_their_own_rate_limit_reads_by_id_use_that_of_the_writes() -> None:
    """They are never without one."""
    paced = Paced()
    limiter = RateLimiter(10, 10.0, 1, paced.now, paced.sleep)
    shared = Subscriptions(paced.graph, limiter, limiter)
    assert [paced.seconds_of(call) for call in (shared.wait_for_rate, partial(shared.get, "s-1"))] == [0, 1]


@pytest.mark.parametrize("number", range(4))
def test_a_rate_holds_back_all_writes(number: int) -> None:
    """For Graph's Retry-After, whichever write was throttled. Reads by id go on."""
    paced = Paced(RATE(retry_after=30))
    assert paced.seconds_of(writes_of(paced.subscriptions)[number]) == 0
    assert paced.seconds_of(partial(paced.subscriptions.get, "s-1")) == 0
    assert paced.seconds_of(paced.subscriptions.wait_for_rate) == 30


def test_a_throttled_read_holds_back_reads_only() -> None:
    """Renewals are not delayed by evidence."""
    paced = Paced(RATE(retry_after=30))
    get = partial(paced.subscriptions.get, "s-1")
    assert [paced.seconds_of(call) for call in (get, paced.subscriptions.wait_for_rate, get)] == [0, 0, 30]


@pytest.mark.parametrize(("retry_after", "held"), [(None, 300), (61, 61), (3_600, 3_600), (86_400, 86_400)])
def test_a_long_hold_is_an_error_and_no_sleep(retry_after: float | None, held: float) -> None:
    """A worker must not sleep for hours. The error has the remaining time, for the queue. Five minutes are assumed."""
    paced = Paced(RATE(retry_after=retry_after))
    with pytest.raises(GraphUnavailable):
        paced.subscriptions.renew("s-1", END)
    sent = len(paced.graph.calls)
    with pytest.raises(GraphUnavailable) as caught:
        paced.subscriptions.renew("s-2", END)
    assert (caught.value.status, caught.value.is_rate, caught.value.retry_after) == (429, True, held)
    assert (paced.time, len(paced.graph.calls)) == (END, sent)
    paced.sleep(held)
    paced.graph.response = Graph().response
    assert paced.seconds_of(paced.subscriptions.wait_for_rate) == 0


@pytest.mark.parametrize(
    "error",
    [
        GraphQuotaExceeded(429, "SubscriptionCountReached"),
        GraphUnavailable(429, "ApplicationThrottled", retry_after=7),
        GraphUnavailable(503, "serviceNotAvailable", retry_after=7),
        GraphUnavailable(0, "NoAnswer.ReadTimeout"),
    ],
)
def test_a_limit_of_a_single_mailbox_holds_back_no_call(error: Exception) -> None:
    """Nor does an outage: only a rate does."""
    paced = Paced(error)
    assert paced.seconds_of(partial(paced.subscriptions.renew, "s-1", END)) == 0
    paced.graph.response = error
    with pytest.raises(type(error)):
        paced.subscriptions.renew("s-2", END)
    assert paced.time - END == timedelta(seconds=1)  # the usual space between two writes
