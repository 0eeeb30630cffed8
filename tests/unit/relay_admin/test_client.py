"""Claims about how the command line calls the relay: patiently, to one address only, and showing no secret."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import responses
from azure.core.exceptions import ClientAuthenticationError

from relay_admin.client import RelayClient
from relay_admin.errors import Refused, Unreachable, UsageError
from relay_admin.output import plain
from relay_admin.sign_in import ByKey, ByToken, credentials

URL = "https://relay.example"
KEY = "a-key-of-the-relay"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Stand for the relay."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def slept() -> list[float]:
    """Return where the waits are noted."""
    return []


@pytest.fixture
def relay(slept: list[float]) -> RelayClient:
    """Return a relay called with a key."""
    return RelayClient(URL, ByKey(KEY), slept.append)


def test_who_calls_too_often_waits_as_it_is_told(
    server: responses.RequestsMock, relay: RelayClient, slept: list[float]
) -> None:
    """And then goes on: removing a thousand watches must not end half way."""
    server.get(f"{URL}/api/relay", status=429, headers={"Retry-After": "7"})
    server.get(f"{URL}/api/relay", json={"state": "flowing"})
    assert (relay.call("GET", "/relay"), slept) == ({"state": "flowing"}, [7.0])


def test_pages_are_followed_at_the_address_that_was_given(server: responses.RequestsMock, relay: RelayClient) -> None:
    """Of a nextLink only its parameters count, so that no answer can send the key elsewhere."""
    link = "https://elsewhere.example/api/subscriptions?pageSize=1000&after=abc"
    server.get(f"{URL}/api/subscriptions", json={"value": [{"id": "1"}], "nextLink": link})
    server.get(f"{URL}/api/subscriptions", json={"value": [{"id": "2"}], "nextLink": None})
    assert [item["id"] for item in relay.pages("/subscriptions")] == ["1", "2"]
    assert server.calls[1].request.params["after"] == "abc"
    assert all(call.request.headers["x-functions-key"] == KEY for call in server.calls)


def test_a_redirect_is_not_followed(server: responses.RequestsMock, relay: RelayClient) -> None:
    """It would take the key with it."""
    server.get(f"{URL}/api/relay", status=302, headers={"Location": "https://elsewhere.example"})
    with pytest.raises(Unreachable, match="302"):
        relay.call("GET", "/relay")


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [({"json": {"title": "Role missing", "detail": "…"}, "status": 403, "content_type": "application/problem+json"},
      Refused, "Role missing"),
     ({"status": 401}, Refused, "Not let in"), ({"status": 404}, Unreachable, "404"),
     ({"status": 502, "body": "<html>"}, Unreachable, "502"), ({"body": "<html>"}, Unreachable, "Something else"),
     ({"body": requests.ConnectionError("canary")}, Unreachable, "ConnectionError")],
)  # fmt: skip
def test_what_is_no_success_is_told(
    server: responses.RequestsMock, relay: RelayClient, answer: dict[str, Any], kind: type[Exception], text: str
) -> None:
    """In the relay's words if it has any; never in those of a library."""
    server.get(f"{URL}/api/relay", **answer)
    with pytest.raises(kind, match=text) as error:
        relay.call("GET", "/relay")
    assert "canary" not in str(error.value)


def test_a_handshake_that_somebody_else_answers_is_wrong(server: responses.RequestsMock, relay: RelayClient) -> None:
    """A login page, for instance; it is asked without the key."""
    server.post(f"{URL}/api/notifications", body="<html>", content_type="text/html")
    assert "200 text/html" in relay.handshake_error("/api/notifications")
    assert "x-functions-key" not in server.calls[0].request.headers


@pytest.mark.parametrize("url", ["", "relay.example", "http://relay.example", "https://u:p@relay.example", "ftp://x"])
def test_a_key_goes_over_https_alone(url: str) -> None:
    """But on this computer."""
    with pytest.raises(UsageError):
        RelayClient(url, ByKey(KEY))
    assert RelayClient("http://localhost:7071", ByKey(KEY)).url == "http://localhost:7071"


def test_a_way_to_sign_in_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said goes before the environment, and there a token before a key."""
    monkeypatch.setenv("RELAY_KEY", KEY)
    monkeypatch.setenv("RELAY_AUDIENCE", "api://x")
    assert isinstance(credentials(None, None), ByToken)
    assert isinstance(credentials("another", None), ByKey)
    for key, audience in (("a b", None), ("a", "api://x")):
        with pytest.raises(UsageError):
            credentials(key, audience)


def test_a_login_that_fails_is_told_by_its_number(server: responses.RequestsMock) -> None:
    """Its text may quote what was sent."""

    def fails(_: str) -> None:
        raise ClientAuthenticationError("AADSTS7000215: canary")

    relay = RelayClient(URL, ByToken("api://x", SimpleNamespace(get_token=fails)))  # type: ignore[arg-type]  # all it needs
    with pytest.raises(Refused, match="AADSTS7000215") as error:
        relay.call("GET", "/relay")
    assert "canary" not in str(error.value) + error.value.what_to_do
    assert len(server.calls) == 0


def test_nothing_moves_the_cursor() -> None:
    """A reason or a name comes from others."""
    assert plain("a\x1b[2Jb\nc\u202e") == "a?[2Jb\nc?"
