"""The proxy passes bytes on unchanged, and applies a fault to the exchanges that it names."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.chaos.proxy import Exchange, ExchangeFault, Proxy, Step, Trap

pytestmark = pytest.mark.server

SECONDS = 5.0


class _Handler(BaseHTTPRequestHandler):
    """Returns what was posted, and chunks for a GET; records every request's line and body."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    seen: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.seen.append((self.requestline, body))
        self._answer(body)

    def do_GET(self) -> None:
        self.seen.append((self.requestline, b""))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in (b"one ", b"two"):
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def do_DELETE(self) -> None:
        self.seen.append((self.requestline, b""))
        self.send_response(204)
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class Served:
    """A proxy in front of a server, and a client of it."""

    def __init__(self, proxy: Proxy, seen: list[tuple[str, bytes]]) -> None:
        self.proxy, self.seen = proxy, seen
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str = "/x", body: bytes | None = None) -> requests.Response:
        """Send a request to the server through the proxy."""
        return self.session.request(method, f"http://127.0.0.1:{self.proxy.port}{path}", data=body, timeout=SECONDS)


@pytest.fixture
def served() -> Iterator[Served]:
    """Start a server with a proxy in front, and stop both after the test."""
    seen: list[tuple[str, bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"seen": seen}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    proxy = Proxy("queue", server.server_address[1])
    try:
        yield Served(proxy, seen)
    finally:
        proxy.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_requests_and_responses_pass_unchanged(served: Served) -> None:
    """Bodies with a length, in chunks, and empty ones pass on one connection."""
    assert served.call("POST", "/a?b=%2F", b"\x00body\xff").content == b"\x00body\xff"
    assert served.call("GET").content == b"one two"
    assert served.call("DELETE").status_code == 204
    assert served.seen == [("POST /a?b=%2F HTTP/1.1", b"\x00body\xff"), ("GET /x HTTP/1.1", b""),
                           ("DELETE /x HTTP/1.1", b"")]  # fmt: skip


def test_a_listener_gets_every_request_and_its_response(served: Served) -> None:
    """The exchange has method, path and query and, later, the response without its chunk framing."""
    exchanges: list[Exchange] = []
    served.proxy.listeners.append(exchanges.append)
    served.call("GET", "/queue/messages?numofmessages=16")
    (exchange,) = exchanges
    assert (exchange.service, exchange.method, exchange.path, exchange.query) == (
        "queue", "GET", "/queue/messages", {"numofmessages": "16"}
    )  # fmt: skip
    assert exchange.status == 200
    assert exchange.response is not None
    assert exchange.response.content == b"one two"


def test_a_refused_request_does_not_reach_the_server(served: Served) -> None:
    """The refusal looks like storage's own, and the next request passes."""
    served.proxy.fault_for = lambda _exchange: ExchangeFault(status=503)
    answer = served.call("POST", body=b"x")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (503, "ServerBusy")
    served.proxy.fault_for = lambda _exchange: ExchangeFault()
    assert served.call("POST", body=b"y").status_code == 200
    assert [body for _, body in served.seen] == [b"y"]


@pytest.mark.parametrize(
    ("fault", "done"),
    [(ExchangeFault(cut="before"), []), (ExchangeFault(cut="after"), [b"x"])],
    ids=["before", "after"],
)
def test_a_connection_is_cut_before_or_after_the_work(served: Served, fault: ExchangeFault, done: list[bytes]) -> None:
    """The client sees the same error; only the server knows whether the request was processed."""
    served.proxy.fault_for = lambda _exchange: fault
    with pytest.raises(requests.ConnectionError):
        served.call("POST", body=b"x")
    assert [body for _, body in served.seen] == done


def test_a_fault_is_chosen_for_each_exchange(served: Served) -> None:
    """`fault_for` decides for each exchange."""
    served.proxy.fault_for = lambda exchange: ExchangeFault(status=500) if exchange.path == "/bad" else ExchangeFault()
    assert [served.call("POST", path, b"x").status_code for path in ("/bad", "/good")] == [500, 200]


@pytest.mark.parametrize(("step", "done"), [("request", []), ("response", [b"x"])])
def test_a_trap_holds_a_single_exchange(served: Served, step: Step, done: list[bytes]) -> None:
    """The exchange is held before or after the work, `caught` is set immediately, and other exchanges pass."""
    trap = Trap(step, lambda exchange: exchange.path == "/held")
    served.proxy.traps.append(trap)
    with pytest.raises(requests.ReadTimeout):
        served.session.post(f"http://127.0.0.1:{served.proxy.port}/held", data=b"x", timeout=(1, 0.3))
    assert trap.caught.is_set()
    assert [body for _, body in served.seen] == done
    assert served.call("POST", "/held", b"second").content == b"second"


def test_a_request_can_be_rewritten(served: Served) -> None:
    """The server gets the rewritten request."""
    served.proxy.rewrite = lambda request: request.with_start("POST /other HTTP/1.1").with_header("X-Mark", "2")
    served.session.headers["X-Mark"] = "1"
    assert served.call("POST", "/this", b"x").status_code == 200
    assert served.seen[0][0] == "POST /other HTTP/1.1"
