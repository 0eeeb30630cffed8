"""The command line calls the relay patiently, at one address only, and shows no secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from relay_admin.client import RelayClient
from relay_admin.errors import Refused, Unreachable, UsageError
from relay_admin.output import plain
from relay_admin.sign_in import ByKey, ByToken, credentials

URL = "https://relay.example"
KEY = "a-key-of-the-relay"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Stand in for the relay."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def slept() -> list[float]:
    """Return the list that records the waits."""
    return []


@pytest.fixture
def relay(slept: list[float]) -> RelayClient:
    """Return a client that calls the relay with a key."""
    return RelayClient(URL, ByKey(KEY), slept.append)


def test_a_429_is_repeated_after_its_retry_after(
    server: responses.RequestsMock, relay: RelayClient, slept: list[float]
) -> None:
    """Removing a thousand watches must not stop half way."""
    server.get(f"{URL}/api/relay", status=429, headers={"Retry-After": "7"})
    server.get(f"{URL}/api/relay", json={"state": "flowing"})
    assert (relay.call("GET", "/relay"), slept) == ({"state": "flowing"}, [7.0])


def test_pages_are_read_from_the_given_address(server: responses.RequestsMock, relay: RelayClient) -> None:
    """Only the parameters of a nextLink are used, so that no response can send the key elsewhere."""
    link = "https://elsewhere.example/api/subscriptions?pageSize=1000&after=abc"
    server.get(f"{URL}/api/subscriptions", json={"value": [{"id": "1"}], "nextLink": link})
    server.get(f"{URL}/api/subscriptions", json={"value": [{"id": "2"}], "nextLink": None})
    assert [item["id"] for item in relay.pages("/subscriptions")] == ["1", "2"]
    assert "after=abc" in str(server.calls[1].request.url).partition("?")[2].split("&")
    assert all(call.request.headers["x-functions-key"] == KEY for call in server.calls)


def test_a_redirect_is_not_followed(server: responses.RequestsMock, relay: RelayClient) -> None:
    """A redirect would carry the key along."""
    server.get(f"{URL}/api/relay", status=302, headers={"Location": "https://elsewhere.example"})
    with pytest.raises(Unreachable, match="302"):
        relay.call("GET", "/relay")


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [({"json": {"title": "Role missing", "detail": "…"}, "status": 403, "content_type": "application/problem+json"},
      Refused, "Role missing"),
     ({"status": 401}, Refused, "Not authenticated"), ({"status": 404}, Unreachable, "404"),
     ({"status": 502, "body": "<html>"}, Unreachable, "502"), ({"body": "<html>"}, Unreachable, "not a relay"),
     ({"body": requests.ConnectionError("canary")}, Unreachable, "ConnectionError")],
)  # fmt: skip
def test_a_failure_is_reported(
    server: responses.RequestsMock, relay: RelayClient, answer: dict[str, Any], kind: type[Exception], text: str
) -> None:
    """With the relay's own text if there is one, never with a library's."""
    server.get(f"{URL}/api/relay", **answer)
    with pytest.raises(kind, match=text) as error:
        relay.call("GET", "/relay")
    assert "canary" not in str(error.value)


def test_a_handshake_answered_by_another_service_fails(server: responses.RequestsMock, relay: RelayClient) -> None:
    """The response may be a login page; the request has no key."""
    server.post(f"{URL}/api/notifications", body="<html>", content_type="text/html")
    assert "200 text/html" in relay.handshake_error("/api/notifications")
    assert "x-functions-key" not in server.calls[0].request.headers


@pytest.mark.parametrize("url", ["", "relay.example", "http://relay.example", "https://u:p@relay.example", "ftp://x"])
def test_a_key_is_sent_over_https_only(url: str) -> None:
    """Plain HTTP is accepted for this computer only."""
    with pytest.raises(UsageError):
        RelayClient(url, ByKey(KEY))
    assert RelayClient("http://localhost:7071", ByKey(KEY)).url == "http://localhost:7071"


def test_credentials_are_chosen_by_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments take precedence over the environment, and there a token over a key."""
    monkeypatch.setenv("RELAY_KEY", KEY)
    monkeypatch.setenv("RELAY_AUDIENCE", "api://x")
    assert isinstance(credentials(None, None), ByToken)
    assert isinstance(credentials("another", None), ByKey)
    for key, audience in (("a b", None), ("a", "api://x")):
        with pytest.raises(UsageError):
            credentials(key, audience)


@pytest.mark.parametrize(
    ("failure", "text"),
    [(ClientAuthenticationError("AADSTS7000215: canary"), "AADSTS7000215"), (ValueError("canary"), "ValueError")],
)
def test_a_failed_login_is_reported_by_its_number(
    server: responses.RequestsMock, failure: Exception, text: str
) -> None:
    """Its text may quote what was sent. azure-identity raises ValueError if an identity endpoint gives no JSON."""

    class Failing:
        """A credential whose login fails."""

        def get_token(self, *_: str, **__: Any) -> AccessToken:
            """Fail."""
            raise failure

    relay = RelayClient(URL, ByToken("api://x", Failing()))
    with pytest.raises(Refused, match=text) as error:
        relay.call("GET", "/relay")
    assert "canary" not in str(error.value) + error.value.what_to_do
    assert len(server.calls) == 0


def test_control_characters_are_not_printed() -> None:
    """A reason or a name may come from other people."""
    assert plain("a\x1b[2Jb\nc\u202e") == "a?[2Jb\nc?"
