"""HTTP in front of the functions."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.support.host_process import RunningHost, StartHost

pytestmark = pytest.mark.server

APP = """
import json, threading
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("echo/{room}/{day:int?}", methods=["POST"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {"url": req.url, "params": dict(req.params), "route": dict(req.route_params),
            "headers": dict(req.headers), "body": req.get_body().decode(), "method": req.method}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")

@app.route("plain", methods=["GET"])
def plain(req: func.HttpRequest) -> str:
    return "blåbær"

@app.route("mapped")
async def mapped(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("sær", status_code=418, headers={"X-Trace": "1", "Set-Cookie": "a=b"},
                             mimetype="text/calendar", charset="latin-1")

@app.route("raises")
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("private words")

@app.route("nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None

@app.route("number")
def number(req: func.HttpRequest) -> func.HttpResponse:
    return 42

@app.function_name("NamedOtherwise")
@app.route()
async def unrouted(req: func.HttpRequest, context: func.Context) -> str:
    return context.function_name + " " + context.invocation_id

released = threading.Event()

@app.route("block")
def block(req: func.HttpRequest) -> str:
    return str(released.wait(180))

@app.route("release")
async def release(req: func.HttpRequest) -> str:
    released.set()
    return "released"
"""


@pytest.fixture(scope="module")
def host(start_host: StartHost) -> RunningHost:
    """Start one host for all tests here."""
    return start_host(APP, PYTHON_THREADPOOL_THREAD_COUNT="1")


def test_a_function_gets_the_request_as_the_worker_passes_it(host: RunningHost) -> None:
    """The url is complete and raw, header names are lower-case, repeated ones joined, empty query values dropped."""
    query = "?a=1&a=2&empty=&q=%C3%A5+x"
    headers = {"X-Mixed-Case": "Kept"}
    answer = host.call("POST", "/api/ECHO/room%20one%2F2/7" + query, data=b"text", headers=headers)
    seen = answer.json()
    assert seen["url"] == f"{host.url}/api/ECHO/room%20one%2F2/7{query}"
    assert seen["params"] == {"a": "1,2", "q": "å x"}
    assert seen["route"] == {"room": "room one%2F2", "day": "7"}
    assert seen["headers"]["x-mixed-case"] == "Kept"
    assert (seen["method"], seen["body"]) == ("POST", "text")
    assert answer.headers["content-type"] == "application/json"


def test_an_optional_parameter_may_be_absent(host: RunningHost) -> None:
    """An absent parameter is not among the route parameters."""
    assert host.call("POST", "/api/echo/one").json()["route"] == {"room": "one"}


def test_repeated_headers_are_joined(host: RunningHost) -> None:
    """Two headers with the same name arrive as one, joined by a comma."""
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc, timeout=180)
    connection.putrequest("POST", "/api/echo/one")
    for name, value in (("X-Twice", "1"), ("x-twice", "2"), ("Content-Length", "0")):
        connection.putheader(name, value)
    connection.endheaders()
    seen = json.load(connection.getresponse())
    connection.close()
    assert seen["headers"]["x-twice"] == "1,2"


def test_a_body_without_a_length_arrives_empty(host: RunningHost) -> None:
    """A chunked request gets a response, but the function gets no body; the connection stays open."""
    assert host.call("POST", "/api/echo/one", data=iter([b"chunk"])).json()["body"] == ""
    assert host.call("POST", "/api/echo/one", data=b"whole").json()["body"] == "whole"


def test_a_body_over_a_hundred_mebibytes_is_refused(host: RunningHost) -> None:
    """The declared length decides: 413."""
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc, timeout=180)
    connection.putrequest("POST", "/api/echo/one")
    connection.putheader("Content-Length", str(100 * 1024 * 1024 + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_over_a_mebibyte_arrives_complete(host: RunningHost) -> None:
    """The server's own limit of one MiB is lifted."""
    body = b"x" * 2_000_000
    assert len(host.call("POST", "/api/echo/one", data=body).json()["body"]) == len(body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/unknown", 404),
        ("GET", "/echo/one", 404),
        ("GET", "/api/echo/one", 404),
        ("POST", "/api/echo/one/two", 404),
        ("HEAD", "/api/echo/one", 405),
        ("HEAD", "/api/plain", 200),
        ("GET", "/api/plain/", 200),
        ("PATCH", "/api/mapped", 418),
        ("GET", "/api/unrouted", 404),
        ("GET", "/api/namedotherwise", 200),
    ],
)
def test_routes_and_methods(host: RunningHost, method: str, path: str, status: int) -> None:
    """An unlisted method is 404, HEAD is allowed with GET, no list means every method, no route means the function's
    name.
    """
    assert host.call(method, path).status_code == status


def test_a_client_that_waits_for_100_continue_gets_it(host: RunningHost) -> None:
    """The body is requested once the route and the length are accepted."""
    address = urlsplit(host.url)
    head = f"POST /api/echo/one HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=180) as connection:
        connection.sendall(head.encode())
        answer = connection.makefile("rb")
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        connection.sendall(b"text")
        assert answer.readline() == b"\r\n"
        assert answer.readline().startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "start",
    [
        *("OPTIONS * HTTP/1.1", "GET //plain HTTP/1.1", "GET /api/%ff%zz%00 HTTP/1.1", "GET /api/../plain HTTP/1.1"),
        *("GET /?a=%&b=%ff HTTP/1.1", "GET http://other/api/unknown HTTP/1.1", "BREW /api/unknown HTTP/1.1"),
        *("nonsense", "GET / HTTP/9.9", "GET /" + "x" * 10_000 + " HTTP/1.1"),
    ],
)
def test_a_malformed_request_gets_a_4xx_and_the_next_a_200(host: RunningHost, start: str) -> None:
    """No malformed request makes the host fail."""
    address = urlsplit(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=180) as connection:
        connection.sendall(f"{start}\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        first_line = connection.makefile("rb").readline()
    assert first_line.split()[1][:1] == b"4"
    assert host.call("GET", "/api/plain").status_code == 200


def test_text_is_the_body(host: RunningHost) -> None:
    """A returned str becomes a 200 with UTF-8 text."""
    answer = host.call("GET", "/api/plain")
    assert answer.content.decode() == "blåbær"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_response_is_mapped_completely(host: RunningHost) -> None:
    """Status, headers, cookies, mimetype and charset are the function's."""
    answer = host.call("GET", "/api/mapped")
    assert (answer.status_code, answer.content) == (418, "sær".encode("latin-1"))
    assert answer.headers["content-type"] == "text/calendar; charset=latin-1"
    assert (answer.headers["x-trace"], answer.cookies["a"]) == ("1", "b")


@pytest.mark.parametrize("path", ["raises", "nothing", "number"])
def test_a_failure_gives_an_empty_body(host: RunningHost, path: str) -> None:
    """An exception, None and a value that is no response give a 500 without a body; the log has the reason."""
    answer = host.call("GET", f"/api/{path}")
    assert (answer.status_code, answer.content) == (500, b"")
    assert f"'Functions.{path}' (Failed" in host.log.read_text()


def test_the_context_names_function_and_call(host: RunningHost) -> None:
    """The function's name is constant, the invocation id is new each time."""
    answers = [host.call("GET", "/api/NamedOtherwise").text.split() for _ in range(2)]
    assert [name for name, _ in answers] == ["NamedOtherwise"] * 2
    assert answers[0][1] != answers[1][1]


def test_a_blocked_thread_does_not_stop_the_loop(host: RunningHost) -> None:
    """While a `def` uses the only thread, an `async def` still responds."""
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc, timeout=180)
    connection.request("GET", "/api/block")
    assert host.call("GET", "/api/release").text == "released"
    assert connection.getresponse().read() == b"True"
    connection.close()
