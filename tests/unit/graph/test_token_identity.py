"""Tokens of a managed identity, with azure-identity itself and an identity endpoint as App Service has it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest
from azure.identity import ManagedIdentityCredential

from shared.errors import ServiceUnavailable
from shared.graph.token import IdentityToken
from tests.support.scripted_server import Scripted, answer, served

pytestmark = pytest.mark.server


class Endpoint:
    """The identity endpoint: issues another token at each call, or always `same`, or none while it is `broken`."""

    def __init__(self) -> None:
        self.issued = 0
        self.same = ""
        self.broken = False

    def __call__(self, client: socket.socket) -> None:
        """Answer a request."""
        self.issued += 1
        token = {"access_token": self.same or f"token-{self.issued}", "expires_on": str(int(time.time()) + 86_400),
                 "resource": "https://graph.microsoft.com", "token_type": "Bearer"}  # fmt: skip
        status, content = ("500 Error", {"message": "broken"}) if self.broken else ("200 OK", token)
        answer(status, json.dumps(content).encode(), "Content-Type: application/json", "Connection: close")(client)


@pytest.fixture
def endpoint() -> Endpoint:
    """Return the endpoint."""
    return Endpoint()


@pytest.fixture
def server(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """Serve the endpoint, and name it as App Service does."""
    with served(endpoint) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", server.url)
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        yield server


@pytest.fixture
def token(server: Scripted) -> IdentityToken:
    """Return the object under test."""
    return IdentityToken(ManagedIdentityCredential(retry_total=0), "https://graph.microsoft.com/v1.0")


def test_a_rejected_token_is_not_taken_from_the_cache(token: IdentityToken) -> None:
    """MSAL keeps a token of a day for hours. `fresh` asks the platform, and what it returns is kept."""
    assert [token(), token(), token(fresh=True), token()] == ["token-1", "token-1", "token-2", "token-2"]


def test_the_platform_may_return_the_same_token(token: IdentityToken, endpoint: Endpoint) -> None:
    """Its own cache cannot be bypassed: the call to Graph then fails with GraphUnauthorized."""
    endpoint.same = "token"
    assert [token(), token(fresh=True)] == ["token", "token"]
    assert endpoint.issued == 2


def test_a_failing_endpoint_does_not_lose_the_token(token: IdentityToken, endpoint: Endpoint) -> None:
    """Only the caller that asked for a fresh one fails; others use the old one, which may be good."""
    assert token() == "token-1"
    endpoint.broken = True
    with pytest.raises(ServiceUnavailable):
        token(fresh=True)
    assert token() == "token-1"


def test_no_claims_reach_the_platform(token: IdentityToken, server: Scripted) -> None:
    """They only tell MSAL to ask again."""
    token(fresh=True)
    assert b"claims" not in server.requests[0]
