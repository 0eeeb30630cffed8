"""Login answers with JSON of another shape, such as a gateway's: MSAL itself, over loopback."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from shared.bootstrap.app import App
from shared.errors import ConfigurationError, RelayError, ServiceUnavailable
from tests.support import authority
from tests.support.scripted_server import Scripted, answer, served
from tests.unit.http.test_user_agents import Signing, app

pytestmark = pytest.mark.server

SHAPES = [b"[]", b"null", b'"text"', b"{}", b'{"error": "invalid_client", "error_codes": 5}']


def error_of(monkeypatch: pytest.MonkeyPatch, folder: Path, *, discovery: bytes | None, token: bytes) -> RelayError:
    """Return the error of a token whose discovery (None: the right one) and request get these bodies."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.roots(folder))
    certificate = authority.authority().issue_cert("localhost")
    script = _Login(discovery, token)
    with served(script, authority.serving(certificate), "localhost") as script.server:
        settings = app(azure_authority_host=script.server.url.removesuffix("/webhook")).settings
        with pytest.raises(RelayError) as caught:
            App({}, settings=settings, secrets=Signing()).get_token()
        return caught.value


class _Login:
    """Login, which answers with these bodies."""

    server: Scripted

    def __init__(self, discovery: bytes | None, token: bytes) -> None:
        self._discovery, self._token = discovery, token

    def __call__(self, client: socket.socket) -> None:
        """Answer a request."""
        is_discovery = b"openid-configuration" in self.server.requests[-1]
        body = (self._right() if self._discovery is None else self._discovery) if is_discovery else self._token
        answer("200 OK", body, "Content-Type: application/json", "Connection: close")(client)

    def _right(self) -> bytes:
        url = self.server.url
        names = {"authorization_endpoint": url, "token_endpoint": url, "issuer": url.replace("/webhook", "/t/v2.0")}
        return json.dumps(names).encode()


@pytest.mark.parametrize("body", SHAPES)
def test_an_unreadable_discovery_is_unavailable(body: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A RelayError, so that a message goes back on the queue, and a call is answered 503."""
    assert isinstance(error_of(monkeypatch, tmp_path, discovery=body, token=b""), ServiceUnavailable)


@pytest.mark.parametrize("body", SHAPES)
def test_an_unreadable_answer_is_an_error_of_the_relay(
    body: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An object without a token is a rejection, whose number is unknown if it cannot be read."""
    error = error_of(monkeypatch, tmp_path, discovery=None, token=body)
    assert isinstance(error, ConfigurationError if body.startswith(b"{") else ServiceUnavailable)
