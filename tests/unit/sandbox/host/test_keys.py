"""Access keys, the host's own routes, timers and TLS."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from tests.support.host_process import RunningHost, StartHost, eventually

pytestmark = pytest.mark.server

APP = """
import json, time
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
runs = {"failing": [], "slow": [], "startup": [], "at_start": [], "by_hand": []}

@app.route("open", auth_level=func.AuthLevel.ANONYMOUS)
async def open_(req: func.HttpRequest) -> str:
    return ""

@app.route("keyed")
async def keyed(req: func.HttpRequest) -> str:
    return ""

@app.route("administered", auth_level=func.AuthLevel.ADMIN)
async def administered(req: func.HttpRequest) -> str:
    return ""

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def failing(timer: func.TimerRequest) -> None:
    runs["failing"].append([timer.past_due, timer.schedule_status["Next"]])
    raise ValueError("no")

@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def slow(timer: func.TimerRequest) -> None:
    started = time.monotonic()
    time.sleep(1.1)
    runs["slow"].append([started, time.monotonic()])

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
async def startup(timer: func.TimerRequest) -> None:
    runs["startup"].append("ran")

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
async def at_start(timer: func.TimerRequest) -> None:
    runs["at_start"].append("ran")

@app.queue_trigger(arg_name="msg", queue_name="by-hand", connection="AzureWebJobsStorage")
async def by_hand(msg: func.QueueMessage) -> None:
    runs["by_hand"].append(msg.get_body().decode())

@app.route("runs", auth_level=func.AuthLevel.ANONYMOUS)
async def told(req: func.HttpRequest) -> str:
    return json.dumps(runs)
"""
HTTP_ONLY, _, _ = APP.partition("@app.timer_trigger")


@pytest.fixture(scope="module")
def host(start_host: StartHost, storage: str) -> RunningHost:
    """Start one host for all tests here, with both keys."""
    return start_host(APP, "--function-key", "f", "--master-key", "m", AzureWebJobsStorage=storage)


@pytest.mark.parametrize(
    ("path", "header", "code", "status"),
    [
        ("/api/open", None, None, 200),
        ("/api/open", "wrong", None, 200),
        ("/api/keyed", None, None, 401),
        ("/api/keyed", "f", None, 200),
        ("/api/keyed", None, "f", 200),
        ("/api/keyed", "m", None, 200),
        ("/api/keyed", "wrong", "f", 401),
        ("/api/keyed", "", "f", 401),
        ("/api/keyed", "f", "wrong", 200),
        ("/api/keyed", "ø", None, 401),
        ("/api/keyed", "\udcff", None, 401),
        ("/api/administered", "f", None, 401),
        ("/api/administered", None, "m", 200),
        ("/admin/functions", "f", None, 401),
        ("/admin/functions", None, None, 401),
        ("/admin/functions", "m", None, 200),
        ("/admin/host/status", "m", None, 200),
        ("/admin/unknown", "m", None, 404),
    ],
)
def test_keys(host: RunningHost, path: str, header: str | None, code: str | None, status: int) -> None:
    """The header wins over the code, even when it is wrong; the master key opens everything, a function key only
    functions.
    """
    headers = {} if header is None else {"x-functions-key": header.encode("utf-8", "surrogateescape")}
    answer = host.call("GET", path, headers=headers, params={} if code is None else {"code": code})
    assert answer.status_code == status


def runs(host: RunningHost, name: str) -> list[Any]:
    """Return the runs that a function recorded."""
    recorded: list[Any] = host.call("GET", "/api/runs").json()[name]
    return recorded


@pytest.mark.parametrize(
    ("key", "name", "body", "status"),
    [
        ("m", "startup", {}, 202),
        ("m", "STARTUP", {}, 202),
        ("f", "startup", {}, 401),
        ("m", "unknown", {}, 404),
        ("m", "keyed", {}, 400),
        ("m", "startup", [], 400),
        ("m", "startup", None, 415),
    ],
)
def test_a_function_is_run_by_hand_with_the_master_key(
    host: RunningHost, key: str, name: str, body: object, status: int
) -> None:
    """The body must be a JSON object; HTTP functions have their own address."""
    answer = host.call("POST", f"/admin/functions/{name}", headers={"x-functions-key": key}, json=body)
    assert answer.status_code == status


def test_a_run_by_hand_runs(host: RunningHost) -> None:
    """A timer runs once more, a queue function gets the input as its message."""
    before = len(runs(host, "startup"))
    for name, body in (("startup", {}), ("by_hand", {"input": "given by hand"})):
        host.call("POST", f"/admin/functions/{name}", headers={"x-functions-key": "m"}, json=body)
    eventually(lambda: len(runs(host, "startup")) > before)
    eventually(lambda: runs(host, "by_hand") == ["given by hand"])


def test_the_listing_names_every_function(host: RunningHost) -> None:
    """The listing equals the host's ready line, with the bindings."""
    listed = host.call("GET", "/admin/functions", headers={"x-functions-key": "m"}).json()
    assert [function["name"] for function in listed] == host.functions
    assert {function["isDisabled"] for function in listed} == {False}
    assert "timerTrigger" in {binding["type"] for function in listed for binding in function["config"]["bindings"]}


def test_timers_keep_their_schedule(host: RunningHost) -> None:
    """An error does not stop the timer, no run overlaps another, and runOnStartup runs immediately."""
    eventually(lambda: len(runs(host, "failing")) >= 2 and len(runs(host, "slow")) >= 2)
    slow = runs(host, "slow")
    assert all(ended <= started for (_, ended), (started, _) in pairwise(slow))
    past_due, following = runs(host, "failing")[0]
    assert (past_due, following[-6:]) == (False, "+00:00")
    assert runs(host, "at_start") == ["ran"]


def test_tls_is_served_with_the_given_certificate(start_host: StartHost, tmp_path: Path) -> None:
    """The address is https://localhost; without a given key none is checked, as in Core Tools."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    source = HTTP_ONLY.replace('return ""', "return req.url")
    host = start_host(source, "--tls", str(tmp_path / "server.pem"))
    for path in ("/api/open", "/api/administered"):
        answer = requests.get(host.url + path, verify=str(tmp_path / "ca.pem"), timeout=180)
        assert (answer.status_code, answer.text) == (200, host.url + path)
    assert host.url.startswith("https://localhost:")
