"""The proxy passes bytes on as they are, and does to an exchange exactly what a fault says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.chaos.proxy import Exchange, ExchangeFault, Proxy, Trap

pytestmark = pytest.mark.server

SECONDS = 5.0


class _Handler(BaseHTTPRequestHandler):
    """Answers 200 with what was posted; a GET with chunks; remembers every request's line and body."""

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
        """Say nothing."""


class Served:
    """A proxy before a server, and a client of it."""

    def __init__(self, proxy: Proxy, seen: list[tuple[str, bytes]]) -> None:
        self.proxy, self.seen = proxy, seen
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method: str, path: str = "/x", body: bytes | None = None) -> requests.Response:
        """Call the server through the proxy."""
        return self.session.request(method, f"http://127.0.0.1:{self.proxy.port}{path}", data=body, timeout=SECONDS)


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve."""
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


def test_what_is_asked_and_answered_passes_unaltered(served: Served) -> None:
    """Bodies of a told length, in chunks, and none at all, on one connection."""
    assert served.call("POST", "/a?b=%2F", b"\x00body\xff").content == b"\x00body\xff"
    assert served.call("GET").content == b"one two"
    assert served.call("DELETE").status_code == 204
    assert served.seen == [("POST /a?b=%2F HTTP/1.1", b"\x00body\xff"), ("GET /x HTTP/1.1", b""),
                           ("DELETE /x HTTP/1.1", b"")]  # fmt: skip


def test_a_listener_gets_every_request_and_its_response(served: Served) -> None:
    """The exchange has method, path, query and, once answered, the answer without its chunks."""
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


def test_a_refused_request_is_never_done(served: Served) -> None:
    """The refusal is storage's own, and the next request goes through."""
    served.proxy.fault_for = lambda _exchange: ExchangeFault(status=503)
    answer = served.call("POST", body=b"x")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (503, "ServerBusy")
    served.proxy.fault_for = lambda _exchange: ExchangeFault()
    assert served.call("POST", body=b"y").status_code == 200
    assert [body for _, body in served.seen] == [b"y"]


@pytest.mark.parametrize(("cut", "done"), [("before", []), ("after", [b"x"])])
def test_a_line_is_cut_before_or_after_the_work(served: Served, cut: str, done: list[bytes]) -> None:
    """The caller cannot tell the difference, the server can."""
    served.proxy.fault_for = lambda _exchange: ExchangeFault(cut=cut)  # type: ignore[arg-type]
    with pytest.raises(requests.ConnectionError):
        served.call("POST", body=b"x")
    assert [body for _, body in served.seen] == done


def test_a_fault_is_for_the_exchanges_that_it_names(served: Served) -> None:
    """Each exchange is decided by itself."""
    served.proxy.fault_for = lambda exchange: ExchangeFault(status=500) if exchange.path == "/bad" else ExchangeFault()
    assert [served.call("POST", path, b"x").status_code for path in ("/bad", "/good")] == [500, 200]


@pytest.mark.parametrize(("step", "done"), [("request", []), ("response", [b"x"])])
def test_a_trap_holds_one_exchange_and_no_other(served: Served, step: str, done: list[bytes]) -> None:
    """Held before the work or after it; whoever waits for the trap knows at once, and others pass meanwhile."""
    trap = Trap(step, lambda exchange: exchange.path == "/held")  # type: ignore[arg-type]
    served.proxy.traps.append(trap)
    with pytest.raises(requests.ReadTimeout):
        served.session.post(f"http://127.0.0.1:{served.proxy.port}/held", data=b"x", timeout=(1, 0.3))
    assert trap.caught.is_set()
    assert [body for _, body in served.seen] == done
    assert served.call("POST", "/held", b"second").content == b"second"


def test_a_request_can_be_rewritten(served: Served) -> None:
    """What the server gets is what the rewriting makes of it."""
    served.proxy.rewrite = lambda request: request.with_start("POST /other HTTP/1.1").with_header("X-Mark", "2")
    served.session.headers["X-Mark"] = "1"
    assert served.call("POST", "/this", b"x").status_code == 200
    assert served.seen[0][0] == "POST /other HTTP/1.1"
