"""The paths that Graph's client calls: only below its base URL, whatever ids and links it receives."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import responses

from shared.errors import GraphRejected
from shared.graph.client import GraphClient, graph_session
from shared.graph.events import Events

BASE = "https://graph.microsoft.com/v1.0"
LINKS = [
    "https://evil.example/v1.0/things", "http://graph.microsoft.com/v1.0/things", f"{BASE}.evil.example/x", f"{BASE}x",
    "https://graph.microsoft.com@evil.example/v1.0/x", "https://graph.microsoft.com:444/v1.0/x",
    "//evil.example/v1.0/x", "https://graph.microsoft.com/beta/things", "/things", "",
    f"{BASE}/../beta/things", f"{BASE}/things/..",
    f"{BASE}/%2e%2E/beta/things", f"{BASE}/a/.%2e/b", f"{BASE}/a%2F..%2fb", f"{BASE}/./things", f"{BASE}/..?a=b",
    f"{BASE}/users/a%2Fb/events", f"{BASE}/users/a%2fb", f"{BASE}/users/a%5Cb", f"{BASE}/users/a%252Fb",
    f"{BASE}/solutions/bookingBusinesses/a%2Fb/appointments/x", f"{BASE}/solutions/bookingBusinesses/b/services/x%2Fy",
    f"{BASE}/solutions/bookingBusinesses/a%252Fb",
    f"{BASE}//evil.example/x", f"{BASE}/a//b", f"{BASE}/\\evil.example", f"{BASE}/a b", f"{BASE}/things#x",
    f"{BASE}/th\u00efngs", f"{BASE}/things?a=\r\nX: y", f"{BASE}/things\n", f"{BASE}/things?\x00", f"{BASE}/",
    1, True, [], {"href": f"{BASE}/things"},
]  # fmt: skip


@pytest.fixture
def graph() -> Iterator[GraphClient]:
    """Return a client whose calls are mocked."""
    with responses.RequestsMock(assert_all_requests_are_fired=False):
        yield GraphClient(lambda: BASE, lambda **_: "token", lambda: graph_session(BASE))


@pytest.mark.parametrize("link", LINKS)
def test_a_foreign_next_link_is_rejected_without_a_call(graph: GraphClient, link: object) -> None:
    """The token is sent to Graph's own paths only."""
    with responses.RequestsMock() as network:
        network.get(f"{BASE}/things", json={"value": [{"n": 1}], "@odata.nextLink": link})
        with pytest.raises(GraphRejected):
            list(graph.pages("/things", {}))
        assert len(network.calls) == 1


@pytest.mark.parametrize(
    "link",
    [f"{BASE}/users/room1@contoso.com/calendarView?startDateTime=2026-11-20T00:00:00Z&$top=100&$skip=100",
     f"{BASE.upper()}/users('6b9b')/calendarView?$skiptoken=a%2Bb==&x='y z'",
     f"{BASE}/users(%276b9b%27)/events?$skip=1",
     f"{BASE}/subscriptions?$skiptoken=..%2F..", f"{BASE}/users/o%27brien@contoso.com/events/A..B%3D/instances"],
)  # fmt: skip
def test_a_next_link_of_graph_is_followed(graph: GraphClient, link: str) -> None:
    """Both spellings of a resource and any query are accepted."""
    with responses.RequestsMock() as network:
        network.get(f"{BASE}/things", json={"value": [], "@odata.nextLink": link})
        network.get(f"{BASE}/{link[len(BASE) + 1 :].partition('?')[0]}", json={"value": [{"n": 2}]})
        assert [item["n"] for item in graph.pages("/things", {})] == [2]


@pytest.mark.parametrize("event_id", [".", "..", "../../me/messages", "a/../b", "..%2f..", "", "a/b", "a%b", "a\\b"])
def test_an_id_cannot_lead_to_another_resource(graph: GraphClient, event_id: str) -> None:
    """An id is a single segment of the path as Graph reads it, or it is rejected without a call."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        network.get(f"{BASE}/users/room1@contoso.com/events/{quote(event_id, safe='')}", json={"id": "segment"})
        try:
            assert Events(graph).get("room1@contoso.com", event_id) == {"id": "segment"}
        except GraphRejected:
            assert len(network.calls) == 0


@pytest.mark.parametrize("path", ["/users/a%2Fb/events", "/users/a%5cb", "/users/x@contoso.com/events/a%252F", "/a%25"])
def test_an_escaped_slash_or_percent_sign_is_rejected(graph: GraphClient, path: str) -> None:
    """Graph would read the slash as the end of the step, and may decode the percent sign once more."""
    with pytest.raises(GraphRejected):
        graph.call("GET", path)
