"""The calls that create, move and read the events of bookings: their requests, and invalid responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from shared.errors import GraphUnavailable
from shared.graph.booked_events import BookedEvents, EventDraft
from shared.graph.client import GraphClient, graph_session

BASE = "https://graph.microsoft.com/v1.0"
EVENTS = f"{BASE}/users/ida@contoso.com/events"
VIEW = f"{BASE}/users/ida@contoso.com/calendarView"
TIMES = (datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC))
CALLS: dict[str, tuple[str, str, Callable[[BookedEvents], Any]]] = {
    "create": ("POST", EVENTS, lambda graph: graph.create("ida@contoso.com", EventDraft("A", "b"), *TIMES, "t")),
    "move": ("PATCH", f"{EVENTS}/E%3D1", lambda graph: graph.move("ida@contoso.com", "E=1", *TIMES)),
    "get": ("GET", f"{EVENTS}/E%3D1", lambda graph: graph.get("ida@contoso.com", "E=1", {"location"})),
    "overlapping": ("GET", VIEW, lambda graph: list(graph.overlapping("ida@contoso.com", *TIMES))),
}


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    """Mock all requests; no call leaves the process."""
    responses.start()
    yield
    responses.stop(allow_assert=False)
    responses.reset()


@pytest.fixture
def graph() -> BookedEvents:
    """Return the calls on the real client."""
    return BookedEvents(GraphClient(lambda: BASE, lambda **_: "token", lambda: graph_session(BASE)))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": ""}, {"value": [None]}, {"value": [{"subject": "x"}]}])
def test_a_response_without_an_id_is_graph_unavailable(graph: BookedEvents, call: str, answer: dict[str, Any]) -> None:
    """The caller may retry: Graph answers a repeated transactionId with the same event."""
    method, url, act = CALLS[call]
    responses.add(method, url, json=answer)
    with pytest.raises(GraphUnavailable):
        act(graph)


def test_only_an_invited_customer_is_an_attendee(graph: BookedEvents) -> None:
    """An invitation has name and address; times are in UTC."""
    responses.post(EVENTS, json={"id": "E"}, status=201)
    for invited in ("", "ola@customer.example"):
        graph.create("ida@contoso.com", EventDraft("A", "Ola", "Ola", invited), *TIMES, "t")
    without, with_invitation = (json.loads(call.request.body or "") for call in responses.calls)
    assert with_invitation.pop("attendees") == [
        {"type": "required", "emailAddress": {"address": "ola@customer.example", "name": "Ola"}}
    ]
    assert without == with_invitation == {
        "subject": "A", "body": {"contentType": "text", "content": "Ola"}, "showAs": "busy", "transactionId": "t",
        "start": {"dateTime": "2026-12-01T08:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T09:00:00", "timeZone": "UTC"},
    }  # fmt: skip


@pytest.mark.parametrize("all_day", [True, False])
def test_a_move_says_whether_the_event_is_all_day(graph: BookedEvents, *, all_day: bool) -> None:
    """Graph refuses times other than midnights for an event that a person has made an all-day event."""
    responses.patch(f"{EVENTS}/E%3D1", json={"id": "E=1"})
    graph.move("ida@contoso.com", "E=1", *TIMES, all_day=all_day)
    body = json.loads(responses.calls[0].request.body or "")
    assert (body.pop("isAllDay"), set(body)) == (all_day, {"start", "end"})


def test_details_are_selected_only_where_they_are_allowed(graph: BookedEvents) -> None:
    """Neither body nor attendees are selected."""
    responses.get(f"{EVENTS}/E%3D1", json={"id": "E=1"})
    responses.get(VIEW, json={"value": []})
    for details in (frozenset[str](), frozenset({"location"})):
        graph.get("ida@contoso.com", "E=1", details)
    list(graph.overlapping("ida@contoso.com", *TIMES))
    first, second, view = (parse_qs(urlsplit(str(call.request.url)).query)["$select"][0] for call in responses.calls)
    assert second == f"{first},location"
    assert view == first
    assert not {"body", "bodyPreview", "attendees", "organizer", "location"} & set(first.split(","))
