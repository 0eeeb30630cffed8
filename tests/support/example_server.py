"""A relay of prepared answers for the examples: the first part of a path names the scenario."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An answer; `status` 0 closes the connection without any, and with `is_silent` none ever comes.

    Of the body only the share `sent` comes before the connection is closed. `retry_at`: Retry-After names the moment
    so many seconds after the answer.
    """

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/problem+json"
    sent: float = 1
    is_silent: bool = False
    retry_at: float | None = None

    def all_headers(self) -> dict[str, str]:
        """Return the headers as they are sent now."""
        moment = {} if self.retry_at is None else {"Retry-After": formatdate(time.time() + self.retry_at, usegmt=True)}
        return {"Content-Type": self.content_type, "Connection": "close", **self.headers, **moment}


@dataclass(frozen=True)
class Request:
    """A request that came."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Scenario:
    """Answers in turn, the last of them for ever; and the requests that came."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)

    def answer_to(self, request: Request) -> Answer:
        """Return the answer for the next request."""
        self.requests.append(request)
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


def success(content: Any) -> Answer:
    """Return an answer with JSON, or with nothing for None."""
    return Answer(204) if content is None else Answer(200, json.dumps(content), {}, "application/json")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        """Answer by the scenario that the path names."""
        scenario, _, path = self.path.removeprefix("/").partition("/")
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.scenarios[scenario].answer_to(Request(self.command, f"/{path}", body, headers))
        self.close_connection = True
        if answer.is_silent:
            self.rfile.read(1)  # returns when the caller gives up
        elif answer.status:
            self.send(answer, answer.body.replace("{origin}", f"{self.server.origin}/{scenario}").encode())

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815  (the library's names)

    def send(self, answer: Answer, body: bytes) -> None:
        """Send an answer with its length."""
        self.send_response(answer.status)
        length = {} if answer.status == 204 else {"Content-Length": str(len(body))}
        for name, value in (answer.all_headers() | length).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: int(answer.sent * len(body))])

    def log_message(self, *_: Any) -> None:
        """Write no log."""


class _Server(ThreadingHTTPServer):
    def __init__(self, scenarios: Mapping[str, Scenario]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scenarios, self.origin = scenarios, f"http://127.0.0.1:{self.server_port}"


@contextmanager
def prepared(scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    """Serve scenarios at a free port; yield the origin."""
    with _Server(scenarios) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.origin
        finally:
            server.shutdown()
            thread.join()
