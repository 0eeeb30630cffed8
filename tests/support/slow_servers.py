"""Slow servers, which a worker must not wait for."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.scripted_server import Script, Scripted, served

PATIENCE = 180.0  # seconds for which a slow server continues: far more than any deadline of a test
TLS_RECORD = b"\x16\x03\x03\x40\x00"  # announces 16 kB of a handshake


def dripping(content: bytes, beginning: bytes = b"") -> Script:
    """Return a script that sends a beginning immediately, and then the content repeatedly, byte by byte."""

    def script(client: socket.socket) -> None:
        client.sendall(beginning)
        drip(client, content)

    return script


def drip(client: socket.socket, content: bytes) -> None:
    """Send the content byte by byte, repeatedly, until the patience ends or the caller disconnects."""
    end, position = time.monotonic() + PATIENCE, 0
    while time.monotonic() < end:
        client.sendall(content[position % len(content)].to_bytes())
        position += 1
        time.sleep(0.02)


def silence(client: socket.socket) -> None:
    """Send nothing more, until the caller disconnects."""
    client.settimeout(PATIENCE)
    client.recv(1)


@contextmanager
def reading_slowly(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Scripted]:
    """Serve one response, and then read slowly from the same connection: each send makes some progress."""
    over = threading.Event()

    def script(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not over.wait(0.002):
            client.recv(16_384)

    with served(script, tls, host) as server:
        yield server
        over.set()


@contextmanager
def never_accepting() -> Iterator[Scripted]:
    """Yield the address of a server that accepts no connection: the operating system connects, and nothing follows."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}/webhook")


@contextmanager
def dripping_handshake() -> Iterator[Scripted]:
    """Serve the start of a TLS handshake, and then drip."""

    def script(client: socket.socket) -> None:
        client.sendall(TLS_RECORD)
        drip(client, b"\0")

    with served(script, reads="bytes") as server:
        server.url = server.url.replace("http://", "https://")
        yield server


@contextmanager
def dripping_record(tls: ssl.SSLContext, host: str) -> Iterator[Scripted]:
    """Serve a normal response over TLS whose encrypted bytes drip: a record takes longer than any deadline."""

    def script(client: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        spoken = tls.wrap_bio(incoming, outgoing, server_side=True)
        heard = b""
        while not heard.endswith(b"{}"):
            try:
                heard += spoken.read(65_536)
            except ssl.SSLWantReadError:
                client.sendall(outgoing.read())
                incoming.write(client.recv(65_536))
        spoken.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + b" " * 10_000)
        drip(client, outgoing.read())

    with served(script, reads="bytes") as server:
        server.url = server.url.replace("http://127.0.0.1", f"https://{host}")
        yield server
