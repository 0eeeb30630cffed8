"""Responses that are truncated, invalid or redirect: a status with complete headers is what counts."""

from __future__ import annotations

import logging
import socket
import struct
import time

import pytest

from shared.http.checked_session import checked_session
from shared.http.resolver import Resolver
from shared.partner.webhook import Webhook
from shared.telemetry import quiet_libraries
from tests.support.exchanges import HEAD, SECRET, delivered, refused, webhook
from tests.support.scripted_server import Script, answer, raw, served

pytestmark = pytest.mark.server


def reset_after(content: bytes) -> Script:
    """Return a script that sends some bytes and then resets the connection."""

    def script(client: socket.socket) -> None:
        client.sendall(content)
        time.sleep(0.05)  # a reset overtakes what was not read yet
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    return script


def test_a_reset_after_the_headers_is_success() -> None:
    """The partner has confirmed the delivery."""
    delivered(reset_after(HEAD + b"Content-Length: 10\r\n\r\nabc"))


@pytest.mark.parametrize("content", [b"", b"HTTP/1.1 200", HEAD])
def test_a_reset_within_the_headers_is_a_failure(content: bytes) -> None:
    """The change is delivered again with the same webhook-id."""
    with served(reset_after(content)) as server:
        assert refused(webhook(server)).status == 0


@pytest.mark.parametrize("content", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", HEAD, HEAD + b"X: y"])
def test_truncated_headers_are_a_failure(content: bytes) -> None:
    """A server that dies while it responds may not have stored the delivery."""
    with served(raw(content)) as server:
        assert refused(webhook(server)).status == 0


@pytest.mark.parametrize("headers", [b"", b"Content-Length: 0\r\n", b"Connection: close\r\n"])
def test_a_connection_closed_after_the_headers_is_success(headers: bytes) -> None:
    """HTTP/1.0 ends a response this way."""
    delivered(raw(b"HTTP/1.0 200 OK\r\n" + headers + b"\r\n"))


@pytest.mark.parametrize(
    "headers",
    [b"no colon", b": no name", b"X\0Y: z", b"X: \xff\xfe", b"X: a\r\n folded", b"Content-Length: canary",
     b"Content-Length: -5", b"Retry-After: canary", b"Set-Cookie: =;=;=", b"Transfer-Encoding: canary",
     b"Content-Type: canary; charset=canary", b"Connection: canary", b"X: " + b"y" * 60_000],
)  # fmt: skip
def test_malformed_headers_are_ignored_and_not_logged(headers: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The status line counts. urllib3 would log a warning with the URL, whose query may hold a key."""
    quiet_libraries()
    with caplog.at_level(logging.WARNING):
        delivered(raw(HEAD + headers + b"\r\n\r\n"))
    assert caplog.text == ""


@pytest.mark.parametrize("headers", [b"Content-Length: 1, 2", b"X: " + b"y" * 70_000, b"A: b\r\n" * 200])
def test_invalid_or_oversized_headers_are_a_failure(headers: bytes) -> None:
    """The error repeats nothing of them."""
    with served(raw(HEAD + headers + b"\r\n\r\n")) as server:
        assert refused(webhook(server)).status == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://169.254.169.254/metadata/identity", "https://partner.example/x", "//x", ""])
def test_a_redirect_is_a_failure_and_never_followed(status: int, target: str) -> None:
    """Its host is not even looked up: only the partner's own is."""
    asked: list[str] = []

    def lookup(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    session = checked_session(Resolver(lambda _: True, lookup), roots=None)
    with served(answer(f"{status} Moved", b"", f"Location: {target}"), host="partner.example") as server:
        assert refused(Webhook(lambda: server.url, lambda: SECRET, lambda: "name", lambda: session, 5)).status == status
        assert (asked, server.connections) == (["partner.example"], 1)
