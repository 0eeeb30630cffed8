"""Retries of the HTTP client for Graph: few and short ones of reads, none of writes, none before Retry-After."""

from __future__ import annotations

import socket

import pytest
import responses
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError
from urllib3.util import Retry

from shared.errors import GraphError, GraphUnavailable
from shared.graph.client import GraphClient, graph_session
from tests.support.scripted_server import raw, served

BASE = "https://graph.microsoft.com/v1.0"
URL, PATH = f"{BASE}/subscriptions/s-1", "/subscriptions/s-1"


def retry_of(base: str = BASE) -> Retry:
    """Return what decides about retries."""
    adapter = graph_session(base).get_adapter(base)
    assert isinstance(adapter, HTTPAdapter)
    return adapter.max_retries


def client(base: str = BASE) -> GraphClient:
    """Return a client on the real session."""
    return GraphClient(lambda: base, lambda **_: "token", lambda: graph_session(base))


def failing(method: str, base: str = BASE) -> GraphError:
    """Return the error that a call raises."""
    with pytest.raises(GraphError) as caught:
        client(base).call(method, PATH)
    return caught.value


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_write_is_sent_once(method: str, status: int) -> None:
    """A repeated one could meet its own effect, and a repeated POST could create a second object."""
    with responses.RequestsMock() as mock:
        mock.add(method, URL, status=status, headers={"Retry-After": "0"}, json={"error": {"code": "TooManyRequests"}})
        assert failing(method).retry_after == 0
        assert len(mock.calls) == 1


@pytest.mark.server
@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_a_write_without_a_response_is_sent_once(method: str) -> None:
    """Its outcome is unknown (status 0): only a read can tell."""
    with served(raw(b"")) as server:
        error = failing(method, server.url)
    assert isinstance(error, GraphUnavailable)
    assert (error.status, server.connections) == (0, 1)


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_a_write_is_sent_once_also_if_the_connection_fails(method: str) -> None:
    """The time of a write is bounded by one attempt; a read gets another."""
    failure = ConnectTimeoutError()
    with pytest.raises(MaxRetryError):
        retry_of().increment(method, "/", error=failure)
    assert retry_of().increment("GET", "/", error=failure).total == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", ["3", "6", "2.001", "Fri, 31 Dec 2100 00:00:00 GMT"])
def test_nothing_is_sent_before_a_longer_retry_after(status: int, wait: str) -> None:
    """A call that comes too early counts against the limit as well. The error has the full wait."""
    with responses.RequestsMock() as mock:
        mock.get(URL, status=status, headers={"Retry-After": wait}, json={"error": {"code": "ApplicationThrottled"}})
        error = failing("GET")
        assert len(mock.calls) == 1
    assert error.retry_after is None if "2100" in wait else error.retry_after == float(wait)


@pytest.mark.parametrize("wait", ["0", "0.4", "2"])
def test_a_read_is_repeated_after_a_short_retry_after(wait: str) -> None:
    """The wait is rounded up to whole seconds."""
    assert retry_of().parse_retry_after(wait) == (float(wait) if wait != "0.4" else 1)
    with responses.RequestsMock() as mock:
        mock.get(URL, status=429, headers={"Retry-After": "0"}, json={})
        mock.get(URL, json={"id": "s-1"})
        assert client().call("GET", PATH) == {"id": "s-1"}


@pytest.mark.server
def test_an_unreachable_server_is_unavailable() -> None:
    """No exception of urllib3 leaves the client."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for method in ("PATCH", "POST"):
        assert failing(method, base).status == 0
