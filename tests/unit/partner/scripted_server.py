"""A little HTTP server in a thread whose answers are written byte by byte, as no good server would write them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass
class Scripted:
    """A running server: its address and the requests it got, as raw bytes."""

    url: str
    requests: list[bytes] = field(default_factory=list)

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
    """Return a script that gives one ordinary answer."""
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
def served(script: Script) -> Iterator[Scripted]:
    """Serve a script on a free port until left."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}/webhook")
        thread = threading.Thread(target=_serve, args=(listener, script, server), daemon=True)
        thread.start()
        yield server
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _serve(listener: socket.socket, script: Script, server: Scripted) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, suppress(OSError):
            client.settimeout(5)
            server.requests.append(_request(client))
            script(client)


def _request(client: socket.socket) -> bytes:
    """Read a request with its body, so that closing afterwards is no reset."""
    content = b""
    while b"\r\n\r\n" not in content:
        content += client.recv(65536)
    head, _, body = content.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = client.recv(65536)
        content, body = content + more, body + more
    return content
