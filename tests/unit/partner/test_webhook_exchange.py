"""One exchange with a partner that is slow or sends too much ends in time and does no harm.

The sockets are real; the deadlines are short to keep the tests fast.
"""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from shared.partner.webhook import EXCHANGE_SECONDS, LARGEST_ANSWER, REST_SECONDS, NotDelivered
from tests.support.exchanges import HEAD, delivered, refused, seconds_of, webhook
from tests.support.scripted_server import Script, Scripted, answer, raw, served
from tests.support.slow_servers import dripping, dripping_handshake, never_accepting, reading_slowly, silence

pytestmark = pytest.mark.server

DEADLINE = 0.3
SLOW_MACHINE = 10  # times as long as here an exchange may take

SLOW: dict[str, Callable[[], AbstractContextManager[Scripted]]] = {
    "accepts nobody": never_accepting,
    "says nothing": lambda: served(silence),
    "drips its status line": lambda: served(dripping(b"HTTP/1.1 200 OK", b"HTTP/1.1 200 ")),
    "drips a header": lambda: served(dripping(b"x", HEAD + b"X-Long: ")),
    "drips headers": lambda: served(dripping(b"A: b\r\n", HEAD)),
    "says Continue for ever": lambda: served(dripping(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "drips its TLS handshake": dripping_handshake,
}


@pytest.mark.parametrize("kind", SLOW)
def test_the_deadline_covers_the_whole_exchange(kind: str) -> None:
    """It holds however the server spends the time; a limit for each byte would restart with each."""
    with SLOW[kind]() as server:
        endpoint = webhook(server, DEADLINE)
        took = seconds_of(lambda: refused(endpoint))
    assert DEADLINE * 0.9 < took < DEADLINE * SLOW_MACHINE
    assert EXCHANGE_SECONDS == 15.0


def test_an_aborted_exchange_frees_the_connection() -> None:
    """The next delivery over the same session starts immediately."""
    with served(silence) as slow:
        assert refused(webhook(slow, DEADLINE)).status == 0
        with served(answer("200 OK")) as good:
            webhook(good).deliver("msg_2", "{}")


def test_each_exchange_has_its_own_deadline() -> None:
    """A reused connection starts with the full time again."""

    def late(client: socket.socket) -> None:
        time.sleep(1.0)
        answer("200 OK")(client)

    with served(late, reads="many requests") as server:
        for number in range(3):
            webhook(server, 2.5).deliver(f"msg_{number}", "{}")  # three answers take longer than one may
        assert server.connections == 1


def test_an_exchange_with_a_server_that_reads_slowly_is_aborted() -> None:
    """Also on a connection that worked before."""
    with reading_slowly() as server:
        endpoint = webhook(server, DEADLINE)
        endpoint.deliver("msg_1", "{}")
        with pytest.raises(NotDelivered):
            endpoint.deliver("msg_2", "x" * 30_000_000)  # which the server would read in some seconds
        assert server.connections == 1


ENDLESS: dict[str, Script] = {
    "drips its body": dripping(b"x", HEAD + b"Content-Length: 1000000\r\n\r\n"),
    "drips a chunk": dripping(b"x", HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    "drips the size of a chunk": dripping(b"0", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "drips trailers": dripping(b"A: b\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
    "drips and names no end": dripping(b"x", HEAD + b"\r\n"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_status_counts_when_its_body_never_ends(kind: str) -> None:
    """The body gets half a second, however much of the deadline is left."""
    assert delivered(ENDLESS[kind]) < REST_SECONDS * SLOW_MACHINE


def test_the_wait_for_a_missing_body_is_short() -> None:
    """The status and headers have arrived, and nothing else is needed."""

    def script(client: socket.socket) -> None:
        client.sendall(HEAD + b"Content-Length: 10\r\n\r\n")
        silence(client)

    assert delivered(script) < REST_SECONDS * SLOW_MACHINE


def test_ten_gigabytes_are_not_read() -> None:
    """Beyond 20 kB the relay reads only what both systems had already buffered."""
    sent = 0

    def flood(client: socket.socket) -> None:
        nonlocal sent
        client.sendall(HEAD + b"Content-Length: 10000000000\r\n\r\n")
        while sent < 10_000_000_000:
            client.sendall(b"x" * 65_536)
            sent += 65_536

    delivered(flood)
    assert sent < 20_000_000
    assert LARGEST_ANSWER == 20_000


def test_a_compression_bomb_is_not_unpacked() -> None:
    """Ten megabytes in fifty kilobytes stay compressed."""
    bomb = gzip.compress(b"\0" * 10_000_000, 1)
    delivered(answer("200 OK", bomb, "Content-Encoding: gzip"))
    delivered(answer("200 OK", b"no gzip", "Content-Encoding: gzip, br, deflate"))


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def in_pieces(client: socket.socket) -> None:
    """Respond as many frameworks do: head, chunk and end as separate writes."""
    for piece in (CHUNKED, b"2\r\nok\r\n", b"0\r\n\r\n"):
        client.sendall(piece)
        time.sleep(0.02)


@pytest.mark.parametrize("script", [answer("204 No Content"), answer("200 OK", b"thanks"), raw(CHUNKED + b"0\r\n\r\n"),
    answer("503 No", b"x" * 19_000), in_pieces])  # fmt: skip
def test_a_connection_is_reused(script: Script) -> None:
    """A new TLS handshake would cost more than the delivery."""
    with served(script, reads="many requests") as server:
        for number in range(3):
            try:
                webhook(server).deliver(f"msg_{number}", "{}")
            except NotDelivered as error:
                assert error.status == 503  # noqa: PT017  (an answer like another)
        assert (server.connections, len(server.requests)) == (1, 3)
