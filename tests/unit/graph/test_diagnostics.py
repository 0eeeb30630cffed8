"""The harmless calls that show what Graph allows the relay to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
import responses

from shared.errors import GraphError, GraphForbidden, GraphUnavailable
from shared.graph.diagnostics import GraphDiagnostics

GRAPH = "https://graph.example/v1.0"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
KEY = "k" * 32


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Mock Graph."""
    with responses.RequestsMock() as mock:
        yield mock


def probe(token: str = "opaque") -> GraphDiagnostics:  # noqa: S107  (no token at all)
    """Return the diagnostics with this token."""
    return GraphDiagnostics(GRAPH, lambda **_: token, requests.Session())


def test_a_calendar_is_read_without_its_content(server: responses.RequestsMock) -> None:
    """The window lies before any meeting, and only an id is selected."""
    server.get(f"{GRAPH}/users/room1@contoso.com/calendarView", json={"value": []})
    probe().read_calendar("room1@contoso.com")
    assert dict(parse_qsl(urlsplit(str(server.calls[0].request.url)).query)) == {
        "startDateTime": "1990-01-01T00:00:00Z", "endDateTime": "1990-01-01T00:00:00Z", "$select": "id", "$top": "1",
    }  # fmt: skip


PATCHED = f"{GRAPH}/users/room1@contoso.com/events/no-event"


@pytest.mark.parametrize(("status", "code"), [(400, "ErrorInvalidIdMalformed"), (404, "ErrorItemNotFound"), (200, "")])
def test_a_write_changes_no_event(server: responses.RequestsMock, status: int, code: str) -> None:
    """It sends an empty change of an event that cannot exist; the search for the event proves the permission."""
    server.patch(PATCHED, json={"error": {"code": code}} if code else {}, status=status)
    probe().write_calendar("room1@contoso.com")
    assert server.calls[0].request.body == b"{}"


@pytest.mark.parametrize(("status", "code"), [(403, "ErrorAccessDenied"), (404, "ErrorInvalidUser"), (400, "Other")])
def test_other_errors_of_a_write_are_raised(server: responses.RequestsMock, status: int, code: str) -> None:
    """Unexpected errors are raised, too."""
    server.patch(PATCHED, json={"error": {"code": code}}, status=status)
    with pytest.raises(GraphError, match=code):
        probe().write_calendar("room1@contoso.com")


def test_an_error_of_graph_is_raised(server: responses.RequestsMock) -> None:
    """A missing permission is a GraphForbidden."""
    path = "/places/list@contoso.com/microsoft.graph.roomList/rooms"
    server.get(GRAPH + path, json={"error": {"code": "ErrorAccessDenied"}}, status=403)
    with pytest.raises(GraphForbidden, match="403 ErrorAccessDenied"):
        probe().read_room_list("list@contoso.com")


@pytest.mark.parametrize(
    ("token", "roles"),
    [(jwt.encode({"roles": ["Calendars.Read"]}, KEY), {"Calendars.Read"}), (jwt.encode({}, KEY), set()),
     (jwt.encode({"roles": "x"}, KEY), set()), ("opaque", set())],
)  # fmt: skip
def test_the_permissions_of_the_token_are_returned(token: str, roles: set[str]) -> None:
    """A token that cannot be decoded has none."""
    assert probe(token).roles() == roles


def test_a_token_is_used_for_all_calls() -> None:
    """The token is requested once."""
    tokens = iter(["opaque"])
    diagnostics = GraphDiagnostics(GRAPH, lambda **_: next(tokens), requests.Session())
    assert (diagnostics.roles(), diagnostics.roles(), list(tokens)) == (frozenset(), frozenset(), [])


@pytest.mark.parametrize(("date", "moment"), [("Fri, 20 Nov 2026 10:00:00 GMT", NOW), ("yesterday", None), ("", None)])
def test_graphs_time_is_read_from_any_response(
    server: responses.RequestsMock, date: str, moment: datetime | None
) -> None:
    """No token is sent, and a 401 has the time, too."""
    server.get(f"{GRAPH}/", status=401, headers={"Date": date})
    assert probe().server_time() == moment
    assert "Authorization" not in server.calls[0].request.headers


def test_no_response_is_graph_unavailable(server: responses.RequestsMock) -> None:
    """The error names the kind of failure only."""
    server.get(f"{GRAPH}/", body=requests.ConnectionError("canary"))
    with pytest.raises(GraphUnavailable, match=r"NoAnswer\.ConnectionError") as error:
        probe().server_time()
    assert "canary" not in str(error.value)
