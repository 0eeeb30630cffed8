"""The calls that read and write calendars: their paths, headers and bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
import responses

from shared.errors import GraphRejected
from shared.graph.calendars import Calendars
from shared.graph.client import GraphClient, graph_session

BASE = "https://graph.microsoft.com/v1.0"
MAILBOX = f"{BASE}/users/kari@contoso.com"
WINDOW = (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    """Mock all requests; no call leaves the process."""
    responses.start()
    yield
    responses.stop(allow_assert=False)
    responses.reset()


def token(*, fresh: bool = False) -> str:
    """Return a token."""
    return "fresh" if fresh else "token"


@pytest.fixture
def graph() -> Calendars:
    """Return the calls on the real client."""
    return Calendars(GraphClient(lambda: BASE, token, lambda: graph_session(BASE)))


def sent() -> Any:
    """Return the last request."""
    return responses.calls[-1].request


def test_an_etag_is_sent_as_if_match(graph: Calendars) -> None:
    """PATCH and DELETE have If-Match only with an etag; a GET never has it."""
    responses.patch(f"{MAILBOX}/events/E", json={"id": "E"})
    responses.delete(f"{MAILBOX}/events/E", status=204)
    responses.get(f"{MAILBOX}/events/E", json={"id": "E"})
    for etag in ('W/"1"', None):
        graph.change_event("kari@contoso.com", "E", {"subject": "x"}, etag)
        assert sent().headers.get("If-Match") == etag
        graph.delete_event("kari@contoso.com", "E", etag)
        assert sent().headers.get("If-Match") == etag
    graph.get("kari@contoso.com", "E", ())
    assert "If-Match" not in sent().headers


def test_a_cancellation_is_accepted_with_an_empty_response(graph: Calendars) -> None:
    """Graph returns 202 without content."""
    responses.post(f"{MAILBOX}/events/E/cancel", status=202)
    graph.cancel_event("kari@contoso.com", "E", "ill")
    assert sent().body == b'{"Comment": "ill"}'


@pytest.mark.parametrize("name", ["AAMkAG_-x==", "a+b", "A.b"])
def test_ids_stay_a_single_segment_of_the_path(graph: Calendars, name: str) -> None:
    """Ids of calendars are encoded like those of events."""
    responses.get(re.compile(f"{BASE}/.*"), json={"value": []})
    graph.view("kari@contoso.com", name, WINDOW, 10, {}, ())
    step = sent().url.partition("/calendars/")[2].partition("/calendarView")[0]
    assert step == quote(name, safe="")


@pytest.mark.parametrize(
    "name",
    ["..", "id/../../users", ".", "a?b#c", "%2e%2e", "a/b", "a%2Fb", "a\\b", "a'b", "a(b)", "a b", "å", "a" * 1025],
)
def test_a_text_that_is_no_id_is_never_called(graph: Calendars, name: str) -> None:
    """An id has an alphabet: Graph would read an escaped slash as a slash."""
    with pytest.raises(GraphRejected):
        graph.view("kari@contoso.com", name, WINDOW, 10, {}, ())
    with pytest.raises(GraphRejected):
        graph.delete_event("kari@contoso.com", name, None)
    assert len(responses.calls) == 0


@pytest.mark.parametrize(("link", "position"), [
    (f"{MAILBOX}/calendarView?$select=body&$skip=10", {"$skip": "10"}),
    (f"{MAILBOX}/calendarView?startDateTime=x&$skiptoken=a%2Bb%3D", {"$skiptoken": "a+b="}),
    (None, {}),
])  # fmt: skip
def test_of_a_next_link_only_the_position_is_kept(graph: Calendars, link: str | None, position: dict[str, str]) -> None:
    """The position is sent with the relay's own parameters, whatever else the link contained."""
    responses.get(f"{MAILBOX}/calendarView", json={"value": [], "@odata.nextLink": link})
    assert graph.view("kari@contoso.com", "", WINDOW, 10, {}, ("location",))[1] == position
    responses.replace("GET", f"{MAILBOX}/calendarView", json={"value": []})
    graph.view("kari@contoso.com", "", WINDOW, 10, position, ())
    params = sent().params
    assert params["$select"].startswith("id,subject,start,end")
    assert "location" not in params["$select"]
    assert {name: params[name] for name in position} == position


def test_a_next_link_without_a_position_is_an_error(graph: Calendars) -> None:
    """Otherwise the first page would be read without end."""
    responses.get(f"{MAILBOX}/calendarView", json={"value": [], "@odata.nextLink": "https://evil.example/"})
    with pytest.raises(GraphRejected):
        graph.view("kari@contoso.com", "", WINDOW, 10, {}, ())
