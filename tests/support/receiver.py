"""An app's endpoint for tests: real https, in a thread, with responses that a test sets."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Post:
    """A POST that arrived."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        """Return the decoded validation token if the POST is a handshake."""
        return parse_qs(self.query).get("validationToken", [None])[0]

    @property
    def items(self) -> list[dict[str, Any]]:
        """Return the notifications in it."""
        return list(json.loads(self.body)["value"])


@dataclass(frozen=True)
class Reply:
    """The response to a POST; `before` runs first, for late responses."""

    status: int = 202
    text: str = ""
    content_type: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] = bool


def echo(post: Post) -> Reply:
    """Respond to a handshake as Graph requires."""
    return Reply(200, post.token or "", "text/plain; charset=utf-8")


class Receiver:
    """The POSTs that arrived, and how to respond: `handshake` and `notification` are functions of the POST."""

    def __init__(self) -> None:
        self.url = ""
        self.handshake: Callable[[Post], Reply] = echo
        self.notification: Callable[[Post], Reply] = lambda _post: Reply()
        self.posts: list[Post] = []
        self._arrived = threading.Condition()

    @property
    def handshakes(self) -> list[Post]:
        """Return the handshakes that arrived."""
        return [post for post in self.posts if post.token is not None]

    @property
    def notifications(self) -> list[Post]:
        """Return the POSTs of notifications that arrived."""
        return [post for post in self.posts if post.token is None]

    @property
    def items(self) -> list[dict[str, Any]]:
        """Return all notifications that arrived."""
        return [item for post in self.notifications for item in post.items]

    def answer(self, post: Post) -> Reply:
        """Keep a POST and return the response to it."""
        with self._arrived:
            self.posts.append(post)
            self._arrived.notify_all()
        return self.notification(post) if post.token is None else self.handshake(post)

    def wait(self, until: Callable[[], bool], seconds: float = 180.0) -> None:
        """Wait for a condition on the POSTs that arrived."""
        with self._arrived:
            assert self._arrived.wait_for(until, seconds), f"{len(self.posts)} POSTs arrived: {self.items}"


@contextmanager
def receiving(folder: Path) -> Iterator[Receiver]:
    """Serve an endpoint with the folder's certificate on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        """Passes every POST to the receiver."""

        def do_POST(self) -> None:
            """Send the receiver's response."""
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            reply = receiver.answer(Post(parts.path, parts.query, dict(self.headers.items()), body))
            reply.before()
            content = reply.text.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    # The TLS handshake runs in the connection's own thread; otherwise a stalled one would block all others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    receiver.url = f"https://localhost:{server.server_address[1]}/notify"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
