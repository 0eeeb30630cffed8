"""Every call on marked events ends before Graph while Graph has asked to leave the mailbox alone, whichever asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import responses

from shared.errors import GraphUnavailable
from shared.graph.client import GraphClient, graph_session
from shared.graph.marked_events.events import MarkedEvents
from shared.reliability.mailbox_holds import MailboxHolds

BASE = "https://graph.microsoft.com/v1.0"
OLA, KARI = "ola@contoso.com", "kari@contoso.com"
TIMES = (datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC))
RETRY_AFTER = {"Retry-After": "60"}
EVENTS, EVENT = "events", "events/E"
CALLS: dict[str, tuple[str, str, Callable[[MarkedEvents, str], object]]] = {
    "get": ("GET", EVENT, lambda events, mailbox: events.get(mailbox, "E")),
    "find": ("GET", EVENTS, lambda events, mailbox: events.find(mailbox, "mark")),
    "view": ("GET", "calendarView", lambda events, mailbox: list(events.view(mailbox, *TIMES))),
    "create": ("POST", EVENTS, lambda events, mailbox: events.create(mailbox, {}, "mark", "transaction")),
    "change": ("PATCH", EVENT, lambda events, mailbox: events.change(mailbox, "E", {}, "etag")),
    "remove": ("DELETE", EVENT, lambda events, mailbox: events.remove(mailbox, "E")),
}


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = TIMES[0]

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    """Mock all requests: the first one of each call is throttled; no call leaves the process."""
    responses.start()
    for mailbox in (OLA, KARI):
        for method, path, _ in CALLS.values():
            responses.upsert(method, f"{BASE}/users/{mailbox}/{path}", status=429, headers=RETRY_AFTER)
    yield
    responses.stop(allow_assert=False)
    responses.reset()


@pytest.fixture
def clock() -> Clock:
    """Return the clock."""
    return Clock()


@pytest.fixture
def events(clock: Clock) -> MarkedEvents:
    """Return the calls on the real client, which does not wait itself."""
    graph = GraphClient(lambda: BASE, lambda **_: "token", lambda: graph_session(BASE), clock)
    return MarkedEvents(graph, MailboxHolds(), clock)


def is_refused(events: MarkedEvents, call: str, mailbox: str = OLA) -> bool:
    """Return whether a call ends before Graph, with the time that is left. Every call to Graph itself is throttled."""
    before = len(responses.calls)
    with pytest.raises(GraphUnavailable) as refused:
        CALLS[call][2](events, mailbox)
    assert refused.value.status == 429
    return len(responses.calls) == before


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("throttled", CALLS)
def test_no_call_reaches_a_mailbox_before_the_end_of_retry_after(
    events: MarkedEvents, clock: Clock, throttled: str, call: str
) -> None:
    """Whichever call was throttled; another mailbox is called, and after the time this one is called again."""
    assert not is_refused(events, throttled)
    clock.time += timedelta(seconds=59)
    assert is_refused(events, call)
    assert not is_refused(events, call, KARI)
    clock.time += timedelta(seconds=1)
    assert not is_refused(events, call)
