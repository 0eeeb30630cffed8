"""Claims about the relay's call to itself, over real sockets."""

from __future__ import annotations

import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.graph.handshake_check import BLOCKED, HandshakeCheck
from shared.http.session import session_for
from tests.support.scripted_server import Script, answer, served

pytestmark = pytest.mark.server


def error(script: Script) -> str:
    """Return what is wrong with an answer."""
    with served(script) as server:
        url = server.url.removesuffix("/webhook")
        return HandshakeCheck(url, session_for(url)).error("/api/notifications")


@pytest.mark.parametrize(
    ("script", "text"),
    [(answer("401 Unauthorized"), "answers 401"), (answer("302 Found", b"", "Location: https://x.example"), "302"),
     (answer("200 OK", b"hello", "Content-Type: text/plain"), "somebody else"),
     (lambda client: client.close(), "does not answer")],
)  # fmt: skip
def test_a_wrong_answer_is_told(script: Script, text: str) -> None:
    """In a few words, with nothing of what was said."""
    assert text in error(script)


def test_a_filter_in_front_is_told_apart() -> None:
    """App Service answers 403 to addresses that it does not let in ("Azure App Service access restrictions")."""
    assert error(answer("403 Ip Forbidden")) == BLOCKED


def test_nobody_there_is_told() -> None:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    assert HandshakeCheck(url, session_for(url)).error("/api/lifecycle").startswith("does not answer")


def test_the_token_is_one_that_has_to_be_decoded() -> None:
    """It holds a blank, like Graph's own."""
    with served(answer("200 OK", b"", "Content-Type: text/plain")) as server:
        url = server.url.removesuffix("/webhook")
        HandshakeCheck(url, session_for(url)).error("/api/notifications")
        target = server.requests[0].split(b" ")[1].decode()
    assert " " in parse_qs(urlsplit(target).query)["validationToken"][0]
