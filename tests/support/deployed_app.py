"""The public routes of a deployed app, as the hook of azd calls them: four, each with a list of answers.

The last answer of a list repeats. A handshake is answered only for a request like Graph's: a POST with a length, and a
token that was encoded for the URL.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from urllib.parse import parse_qs, urlsplit

HANDSHAKES = ("/api/notifications", "/api/lifecycle")
ROUTES = (*HANDSHAKES, "/api/health", "/api/version")


@dataclass
class Reply:
    """An answer. `{token}` in the body is the validation token.

    `hold` waits before it until the app ends; `drip` waits some seconds before each third of the body.
    """

    status: int = 200
    body: str = ""
    kind: str = "application/json; charset=utf-8"
    location: str = ""
    hold: bool = False
    drip: float = 0.0


ECHO = Reply(body="{token}", kind="text/plain; charset=utf-8")
UP = Reply(body='{"status": "up"}')
STARTING = Reply(503, "Function host is not running.", "text/plain")


def runs(package: str | None) -> Reply:
    """Return the answer of GET /api/version for an anonymous caller."""
    return Reply(body=json.dumps({"package": package}))


@dataclass
class DeployedApp:
    """An app that is well and runs the package 0a1b2c3d. Tests change its replies."""

    url: str = ""
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.replies = {
            **{path: [ECHO] for path in HANDSHAKES},
            "/api/health": [UP],
            "/api/version": [runs("0a1b2c3d")],
        }

    def all(self, *replies: Reply) -> None:
        """Answer on every route alike."""
        self.replies = {path: list(replies) for path in ROUTES}

    def next_reply(self, path: str) -> Reply:
        """Return the next answer of a route."""
        replies = self.replies[path]
        return replies.pop(0) if len(replies) > 1 else replies[0]


def _write(stream: BufferedIOBase, content: bytes, wait: Callable[[], object]) -> None:
    """Write a third after each wait."""
    length = len(content) // 3 + 1
    for start in range(0, len(content), length):
        wait()
        stream.write(content[start : start + length])


@contextmanager
def app_served(app: DeployedApp, tls: ssl.SSLContext | None = None) -> Iterator[DeployedApp]:
    """Serve until left."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond("")

        def do_POST(self) -> None:
            tokens = parse_qs(urlsplit(self.path).query, strict_parsing=True).get("validationToken", [])
            if self.headers["Content-Length"] != "0" or len(tokens) != 1:
                self.send_error(411)
                return
            self._respond(tokens[0])

        def _respond(self, token: str) -> None:
            path = urlsplit(self.path).path
            app.requests.append(f"{self.command} {path}")
            assert "Authorization" not in self.headers
            reply = app.next_reply(path)
            if reply.hold:
                app.ended.wait()
            content = reply.body.replace("{token}", token).encode()
            with suppress(OSError):  # the caller does not wait for ever
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(content)))
                if reply.location:
                    self.send_header("Location", reply.location)
                self.end_headers()
                _write(self.wfile, content, lambda: app.ended.wait(reply.drip))

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Print nothing: a handshake of TLS that the caller ends is expected."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        app.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield app
        app.ended.set()
        server.shutdown()
