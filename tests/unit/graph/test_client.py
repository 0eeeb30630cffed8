"""The HTTP client for Graph: errors, the single token refresh, paging and retries."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter

from shared import errors
from shared.graph.client import GraphClient, graph_session
from shared.version import VERSION

BASE = "https://graph.microsoft.com/v1.0"
URL = f"{BASE}/users/room1@contoso.com/events/E"
PATH = "/users/room1@contoso.com/events/E"


class Tokens:
    """Returns tokens, and records whether a fresh token was requested."""

    def __init__(self) -> None:
        self.fresh: list[bool] = []

    def __call__(self, *, fresh: bool = False) -> str:
        """Return another token for each call."""
        self.fresh.append(fresh)
        return f"token-{len(self.fresh)}"


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    """Mock all requests; no call leaves the process."""
    responses.start()
    yield
    responses.stop(allow_assert=False)
    responses.reset()


@pytest.fixture
def tokens() -> Tokens:
    """Return a source of tokens."""
    return Tokens()


@pytest.fixture
def graph(tokens: Tokens) -> GraphClient:
    """Return a client on the real session."""
    return GraphClient(lambda: BASE, tokens, lambda: graph_session(BASE))


def failing(graph: GraphClient, method: str = "GET") -> errors.GraphError:
    """Return the error that a call raises."""
    with pytest.raises(errors.GraphError) as caught:
        graph.call(method, PATH)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.GraphRejected), (401, errors.GraphUnauthorized), (403, errors.GraphForbidden),
        (404, errors.GraphNotFound), (409, errors.GraphConflict), (410, errors.GraphNotFound),
        (412, errors.GraphRejected), (422, errors.GraphRejected), (429, errors.GraphUnavailable),
        (500, errors.GraphUnavailable), (502, errors.GraphUnavailable), (503, errors.GraphUnavailable),
        (504, errors.GraphUnavailable),
    ],
)  # fmt: skip
def test_each_status_has_its_own_error(graph: GraphClient, status: int, kind: type[errors.GraphError]) -> None:
    """The error has exactly the class of the table, with code, request-id and Retry-After."""
    body = {"error": {"code": "ErrorOfGraph", "message": "canary text", "innerError": {}}}
    responses.get(URL, json=body, status=status, headers={"request-id": "r-1", "Retry-After": "0.5"})
    error = failing(graph)
    assert type(error) is kind
    assert (error.status, error.code, error.request_id, error.retry_after) == (status, "ErrorOfGraph", "r-1", 0.5)
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "<html>canary</html>"), (200, "<html>canary</html>"), (200, ""), (200, '{"error": {"code": "x"}}'),
     (200, "[]"), (200, '{"value": ['), (302, "moved"), (502, b"\xff\xfe")],
)  # fmt: skip
def test_a_response_that_is_no_json_object_is_graph_unavailable(graph: GraphClient, status: int, body: str) -> None:
    """A proxy's page, an empty or truncated response and a 200 with an error may all be temporary."""
    responses.get(URL, body=body, status=status)
    error = failing(graph)
    assert isinstance(error, errors.GraphUnavailable)
    assert error.status == status
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    "body", ["{}", '{"value": null}', '{"value": {}}', '{"value": ""}', '{"value": [null]}', '{"value": [1]}']
)
def test_a_page_without_its_items_is_no_empty_page(graph: GraphClient, body: str) -> None:
    """It proves nothing: neither that a time is free nor that something is gone."""
    responses.get(URL, body=body)
    with pytest.raises(errors.GraphUnavailable):
        list(graph.pages(URL.removeprefix(BASE), {}))


@pytest.mark.parametrize("code", [None, 1, "", "with space", "x" * 81, "a\r\nb", {"a": 1}])
def test_a_malformed_error_code_is_not_repeated(graph: GraphClient, code: object) -> None:
    """The text of an error reaches logs, so only a plain word is copied into it."""
    responses.get(URL, json={"error": {"code": code}}, status=400)
    assert failing(graph).code == "Unreadable"


@pytest.mark.parametrize("body", [b"{}", b'{"error": "text"}', b'{"error": null}', b"null", b'"x"', b"5"])
def test_a_malformed_error_body_is_handled(graph: GraphClient, body: bytes) -> None:
    """The status alone selects the error."""
    responses.get(URL, body=body, status=403)
    assert isinstance(failing(graph), errors.GraphForbidden)


def test_a_rejected_token_is_renewed_once(graph: GraphClient, tokens: Tokens) -> None:
    """The call succeeds with the fresh token after a 401."""
    responses.get(URL, status=401, json={"error": {"code": "InvalidAuthenticationToken"}})
    responses.get(URL, json={"id": "E"})
    assert graph.call("GET", PATH) == {"id": "E"}
    assert tokens.fresh == [False, True]
    assert [call.request.headers["Authorization"] for call in responses.calls] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_rejected_twice_is_an_error(graph: GraphClient, tokens: Tokens) -> None:
    """The second 401 ends the call with an error of its own, so that a run can end and change no row."""
    responses.get(URL, status=401, json={"error": {"code": "InvalidAuthenticationToken"}})
    assert type(failing(graph)) is errors.GraphUnauthorized
    assert tokens.fresh == [False, True]


def test_no_content_is_an_empty_object(graph: GraphClient) -> None:
    """A DELETE returns 204."""
    responses.delete(URL, status=204)
    assert graph.call("DELETE", PATH) == {}


def test_every_call_can_be_traced(graph: GraphClient) -> None:
    """It has the relay's user agent and a client-request-id of its own; Prefer is sent only if given."""
    responses.get(URL, json={})
    graph.call("GET", PATH, prefer="x")
    graph.call("GET", PATH)
    first, second = (call.request.headers for call in responses.calls)
    assert first["User-Agent"] == f"calendar-relay/{VERSION}"
    assert first["Prefer"] == "x"
    assert "Prefer" not in second
    assert uuid.UUID(first["client-request-id"]) != uuid.UUID(second["client-request-id"])


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError("canary"), requests.Timeout("canary"), requests.exceptions.SSLError("canary")]
)
def test_no_response_is_unavailable(graph: GraphClient, failure: Exception) -> None:
    """A failed connection has status 0, and the client-request-id replaces Graph's request-id."""
    responses.get(URL, body=failure)
    error = failing(graph)
    assert isinstance(error, errors.GraphUnavailable)
    assert error.status == 0
    assert uuid.UUID(error.request_id)
    assert "canary" not in str(error)


def test_every_call_has_a_time_limit_and_follows_no_redirect(graph: GraphClient) -> None:
    """A redirect could send the token elsewhere; without a time limit a call could block a worker."""
    responses.get(URL, json={})
    graph.call("GET", PATH)
    sent: Any = responses.calls[0].request
    assert sent.req_kwargs["timeout"] == (3.05, 5.0)
    responses.get(f"{BASE}/moved", status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(errors.GraphUnavailable):
        graph.call("GET", "/moved")
    assert all("evil" not in str(call.request.url) for call in responses.calls)


def test_pages_are_followed_to_their_end(graph: GraphClient) -> None:
    """A nextLink is called unchanged, with the same Prefer."""
    link = f"{BASE}/things?$skiptoken=a%2Bb"
    responses.get(f"{BASE}/things?$top=2", json={"value": [{"n": 1}, {"n": 2}], "@odata.nextLink": link})
    responses.get(link, json={"value": [{"n": 3}]})
    assert [item["n"] for item in graph.pages("/things", {"$top": "2"}, prefer="p")] == [1, 2, 3]
    assert [call.request.headers["Prefer"] for call in responses.calls] == ["p", "p"]


def test_a_list_of_as_many_pages_is_read_to_its_end(graph: GraphClient) -> None:
    """The bound is no page too early."""
    link = f"{BASE}/things?page=1"
    responses.get(f"{BASE}/things?page=0", json={"value": [{"n": 1}], "@odata.nextLink": link})
    responses.get(link, json={"value": [{"n": 2}]})
    assert list(graph.pages("/things", {"page": "0"}, most=2)) == [{"n": 1}, {"n": 2}]


def test_a_list_ends_after_a_number_of_pages(graph: GraphClient) -> None:
    """Each page is full and names another one: the walk ends with an error, and no further call is made."""
    links = [f"{BASE}/things?page={number}" for number in range(5)]
    for number, link in enumerate(links[:-1]):
        responses.get(link, json={"value": [{"n": number}], "@odata.nextLink": links[number + 1]})
    walk = graph.pages("/things", {"page": "0"}, most=3)
    with pytest.raises(errors.GraphRejected, match="TooManyPages"):
        list(walk)
    assert len(responses.calls) == 3


def test_retries_are_few_short_and_never_of_a_post() -> None:
    """Two more attempts of reads, with Retry-After up to two seconds: longer waits are left to the queue."""
    adapter = graph_session(BASE).get_adapter(BASE)
    assert isinstance(adapter, HTTPAdapter)
    retry = adapter.max_retries
    assert retry.total == 2
    assert set(retry.status_forcelist) == {429, 502, 503, 504}
    assert set(retry.allowed_methods or ()) == {"GET"}
    assert retry.respect_retry_after_header
    assert retry.retry_after_max == 2
    assert not retry.raise_on_status
