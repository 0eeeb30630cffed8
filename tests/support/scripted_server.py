"""A small HTTP server in a thread whose responses are written byte by byte, valid or not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass
class Scripted:
    """A running server: its address, the number of connections, and the requests it got, as raw bytes."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    talking: socket.socket | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the first request, names in lower case."""
        lines = self.requests[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> str:
        """The body of the first request."""
        return self.requests[0].partition(b"\r\n\r\n")[2].decode()


def answer(status: str, body: bytes = b"", *headers: str) -> Script:
    """Return a script that sends an ordinary response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]

    def script(client: socket.socket) -> None:
        client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    return script


def raw(content: bytes) -> Script:
    """Return a script that sends these bytes and closes."""

    def script(client: socket.socket) -> None:
        client.sendall(content)

    return script


@contextmanager
def served(
    script: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", *, reads: str = "one request"
) -> Iterator[Scripted]:
    """Serve a script on a free port until left, one caller after the other.

    The script handles "one request" of a connection, each of its "many requests", or reads the "bytes" itself. With
    `tls` the address is https; `host` is its host name.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(f"{'https' if tls else 'http'}://{host}:{listener.getsockname()[1]}/webhook")
        talk = {"one request": _once, "many requests": _again_and_again, "bytes": _plainly}[reads](script, server)
        thread = threading.Thread(target=_serve, args=(listener, talk, server, tls), daemon=True)
        thread.start()
        yield server
        for end in (listener, server.talking):
            with suppress(OSError):
                if end:
                    end.shutdown(socket.SHUT_RDWR)
    thread.join(60)


def _serve(listener: socket.socket, talk: Script, server: Scripted, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        with client, suppress(OSError):
            client.settimeout(180)
            with tls.wrap_socket(client, server_side=True) if tls else client as spoken:
                server.talking = spoken
                talk(spoken)


def _plainly(script: Script, _: Scripted) -> Script:
    return script


def _once(script: Script, server: Scripted) -> Script:
    def respond(client: socket.socket) -> None:
        server.requests.append(_request(client))
        script(client)

    return respond


def _again_and_again(script: Script, server: Scripted) -> Script:
    respond = _once(script, server)

    def many(client: socket.socket) -> None:
        while True:
            respond(client)

    return many


def _request(client: socket.socket) -> bytes:
    """Read a request with its body, so that closing afterwards causes no reset. Raises OSError when there is none."""
    content = b""
    while b"\r\n\r\n" not in content:
        more = client.recv(65536)
        if not more:
            raise ConnectionResetError
        content += more
    head, _, body = content.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = client.recv(65536)
        content, body = content + more, body + more
    return content
