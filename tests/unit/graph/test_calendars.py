"""Claims about the calls that read and write calendars: where they go, and what they carry."""

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
    """Let no call leave: `responses` answers them all."""
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


def test_an_etag_goes_along_as_if_match_and_none_is_none(graph: Calendars) -> None:
    """With PATCH and DELETE; a GET never has one."""
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


def test_a_cancellation_is_accepted_without_a_body(graph: Calendars) -> None:
    """202 and nothing to read."""
    responses.post(f"{MAILBOX}/events/E/cancel", status=202)
    graph.cancel_event("kari@contoso.com", "E", "ill")
    assert sent().body == b'{"Comment": "ill"}'


@pytest.mark.parametrize("name", ["a?b#c", "%2e%2e", "a/b"])
def test_ids_stay_one_step_of_the_path(graph: Calendars, name: str) -> None:
    """Those of calendars like those of events."""
    responses.get(re.compile(f"{BASE}/.*"), json={"value": []})
    graph.view("kari@contoso.com", name, WINDOW, 10, {}, ())
    step = sent().url.partition("/calendars/")[2].partition("/calendarView")[0]
    assert step == quote(name, safe="")


@pytest.mark.parametrize("name", ["..", "id/../../users", "."])
def test_an_id_that_leads_up_is_never_called(graph: Calendars, name: str) -> None:
    """However it is escaped."""
    with pytest.raises(GraphRejected):
        graph.view("kari@contoso.com", name, WINDOW, 10, {}, ())
    with pytest.raises(GraphRejected):
        graph.delete_event("kari@contoso.com", name, None)
    assert len(responses.calls) == 0


@pytest.mark.parametrize(("link", "place"), [
    (f"{MAILBOX}/calendarView?$select=body&$skip=10", {"$skip": "10"}),
    (f"{MAILBOX}/calendarView?startDateTime=x&$skiptoken=a%2Bb%3D", {"$skiptoken": "a+b="}),
    (None, {}),
])  # fmt: skip
def test_of_a_next_link_only_the_place_is_kept(graph: Calendars, link: str | None, place: dict[str, str]) -> None:
    """And it goes back with our own parameters, whatever else the link held."""
    responses.get(f"{MAILBOX}/calendarView", json={"value": [], "@odata.nextLink": link})
    assert graph.view("kari@contoso.com", "", WINDOW, 10, {}, ("location",))[1] == place
    graph.view("kari@contoso.com", "", WINDOW, 10, place, ())
    asked = sent().params
    assert asked["$select"].startswith("id,subject,start,end")
    assert "location" not in asked["$select"]
    assert {name: asked[name] for name in place} == place


def test_a_next_link_without_a_place_is_an_error(graph: Calendars) -> None:
    """Else the first page would be read for ever."""
    responses.get(f"{MAILBOX}/calendarView", json={"value": [], "@odata.nextLink": "https://evil.example/"})
    with pytest.raises(GraphRejected):
        graph.view("kari@contoso.com", "", WINDOW, 10, {}, ())
