"""Claims about the harmless calls that show what Graph lets the relay do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

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
    """Stand for Graph."""
    with responses.RequestsMock() as mock:
        yield mock


def probe(token: str = "opaque") -> GraphDiagnostics:  # noqa: S107  (no token at all)
    """Return a probe with this token."""
    return GraphDiagnostics(GRAPH, lambda **_: token, requests.Session())


def test_a_calendar_is_read_without_its_content(server: responses.RequestsMock) -> None:
    """A moment before any meeting, and of it an id."""
    server.get(f"{GRAPH}/users/room1@contoso.com/calendarView", json={"value": []})
    probe().read_calendar("room1@contoso.com")
    assert server.calls[0].request.params == {
        "startDateTime": "1990-01-01T00:00:00Z", "endDateTime": "1990-01-01T00:00:00Z", "$select": "id", "$top": "1",
    }  # fmt: skip


PATCHED = f"{GRAPH}/users/room1@contoso.com/events/no-event"


@pytest.mark.parametrize(("status", "code"), [(400, "ErrorInvalidIdMalformed"), (404, "ErrorItemNotFound"), (200, "")])
def test_a_write_changes_no_event(server: responses.RequestsMock, status: int, code: str) -> None:
    """It names none that can be there, and nothing to change: that it is looked for is the permission."""
    server.patch(PATCHED, json={"error": {"code": code}} if code else {}, status=status)
    probe().write_calendar("room1@contoso.com")
    assert server.calls[0].request.body == b"{}"


@pytest.mark.parametrize(("status", "code"), [(403, "ErrorAccessDenied"), (404, "ErrorInvalidUser"), (400, "Other")])
def test_what_is_no_permission_to_write_is_raised(server: responses.RequestsMock, status: int, code: str) -> None:
    """Also what nobody foresaw."""
    server.patch(PATCHED, json={"error": {"code": code}}, status=status)
    with pytest.raises(GraphError, match=code):
        probe().write_calendar("room1@contoso.com")


def test_a_refusal_is_raised(server: responses.RequestsMock) -> None:
    """As everywhere."""
    path = "/places/list@contoso.com/microsoft.graph.roomList/rooms"
    server.get(GRAPH + path, json={"error": {"code": "ErrorAccessDenied"}}, status=403)
    with pytest.raises(GraphForbidden, match="403 ErrorAccessDenied"):
        probe().read_room_list("list@contoso.com")


@pytest.mark.parametrize(
    ("token", "roles"),
    [(jwt.encode({"roles": ["Calendars.Read"]}, KEY), {"Calendars.Read"}), (jwt.encode({}, KEY), set()),
     (jwt.encode({"roles": "x"}, KEY), set()), ("opaque", set())],
)  # fmt: skip
def test_the_tokens_permissions_are_told(token: str, roles: set[str]) -> None:
    """None, when nobody can read it."""
    assert probe(token).roles() == roles


def test_one_token_serves_all_tries() -> None:
    """Login is asked once."""
    asked: list[bool] = []
    one = GraphDiagnostics(GRAPH, lambda **_: asked.append(True) or "opaque", requests.Session())  # type: ignore[func-returns-value]
    assert (one.roles(), one.roles(), len(asked)) == (set(), set(), 1)


@pytest.mark.parametrize(("date", "moment"), [("Fri, 20 Nov 2026 10:00:00 GMT", NOW), ("yesterday", None), ("", None)])
def test_graphs_time_is_read_from_whatever_it_answers(
    server: responses.RequestsMock, date: str, moment: datetime | None
) -> None:
    """Without a token, a 401 included."""
    server.get(f"{GRAPH}/", status=401, headers={"Date": date})
    assert probe().server_time() == moment
    assert "Authorization" not in server.calls[0].request.headers


def test_no_answer_is_graph_away(server: responses.RequestsMock) -> None:
    """Its text names the kind alone."""
    server.get(f"{GRAPH}/", body=requests.ConnectionError("canary"))
    with pytest.raises(GraphUnavailable, match=r"NoAnswer\.ConnectionError") as error:
        probe().server_time()
    assert "canary" not in str(error.value)
