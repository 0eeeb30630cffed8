"""The relay's handshake with itself, over real sockets."""

from __future__ import annotations

import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.graph.handshake_check import BLOCKED, HandshakeCheck
from shared.http.session import session_for
from tests.support.scripted_server import Script, answer, served

pytestmark = pytest.mark.server


def error(script: Script) -> str:
    """Return the error for a response."""
    with served(script) as server:
        url = server.url.removesuffix("/webhook")
        return HandshakeCheck(url, session_for(url)).error("/api/notifications")


@pytest.mark.parametrize(
    ("script", "text"),
    [(answer("401 Unauthorized"), "answers 401"), (answer("302 Found", b"", "Location: https://x.example"), "302"),
     (answer("200 OK", b"hello", "Content-Type: text/plain"), "this is not the relay"),
     (lambda client: client.close(), "does not answer")],
)  # fmt: skip
def test_a_wrong_response_is_reported(script: Script, text: str) -> None:
    """The text is short and quotes nothing of the response."""
    assert text in error(script)


def test_an_address_filter_has_its_own_error() -> None:
    """App Service returns 403 to addresses that it blocks ("Azure App Service access restrictions")."""
    assert error(answer("403 Ip Forbidden")) == BLOCKED


def test_a_refused_connection_is_reported() -> None:
    """No process listens at the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    assert HandshakeCheck(url, session_for(url)).error("/api/lifecycle").startswith("does not answer")


def test_the_token_of_the_check_needs_decoding() -> None:
    """It contains a space, like Graph's own."""
    with served(answer("200 OK", b"", "Content-Type: text/plain")) as server:
        url = server.url.removesuffix("/webhook")
        HandshakeCheck(url, session_for(url)).error("/api/notifications")
        target = server.requests[0].split(b" ")[1].decode()
    assert " " in parse_qs(urlsplit(target).query)["validationToken"][0]
