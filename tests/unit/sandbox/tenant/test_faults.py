"""Planted faults, in front of a small site that counts the work it does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import ValidationError

from sandbox.tenant.faults import Fault, Faults, fault_middleware

pytestmark = pytest.mark.server

Client = TestClient[web.Request, web.Application]


def fault(**keys: Any) -> Fault:
    """Return a fault from its JSON form."""
    return Fault.model_validate(keys)


def play(faults: Faults, script: Callable[[Client], Awaitable[None]]) -> list[str]:
    """Run a script against the site, and return the paths whose work was done."""
    worked: list[str] = []

    async def work(request: web.Request) -> web.Response:
        worked.append(request.path)
        if request.path == "/gone":
            raise web.HTTPGone
        return web.Response(text="real")

    async def run() -> None:
        app = web.Application(middlewares=[fault_middleware(faults)])
        app.add_routes([web.route("*", "/{path:.*}", work)])
        async with TestClient(TestServer(app)) as client:
            await script(client)

    asyncio.run(run())
    return worked


def test_a_fault_replaces_the_response_and_the_work() -> None:
    """A planted status is returned with its headers and JSON body."""
    faults = Faults()
    body = {"error": {"code": "x"}}
    faults.plant(fault(match="^GET /v1", status=429, headers={"Retry-After": "7"}, body=body))

    async def script(client: Client) -> None:
        async with client.get("/v1.0/users?x=1") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
            assert await answer.json() == body

    assert play(faults, script) == []


def test_a_text_body_is_sent_as_it_is() -> None:
    """A body of text, such as a proxy's HTML page, has the planted content type."""
    faults = Faults()
    html = {"Content-Type": "text/html"}
    faults.plant(fault(match=".", status=502, headers=html, body="<h1>Bad Gateway</h1>"))

    async def script(client: Client) -> None:
        async with client.get("/x") as answer:
            assert (answer.status, answer.content_type) == (502, "text/html")
            assert await answer.text() == "<h1>Bad Gateway</h1>"

    play(faults, script)


def test_a_fault_without_a_body_has_an_empty_body() -> None:
    """The response has no content."""
    faults = Faults()
    faults.plant(fault(match=".", status=503))

    async def script(client: Client) -> None:
        async with client.get("/x") as answer:
            assert (answer.status, await answer.read()) == (503, b"")

    play(faults, script)


def test_only_matching_requests_meet_the_fault() -> None:
    """The expression sees method and path; other requests pass."""
    faults = Faults()
    faults.plant(fault(match="^POST /a$", status=500))

    async def script(client: Client) -> None:
        statuses = [(await client.get("/a")).status, (await client.post("/b")).status, (await client.post("/a")).status]
        assert statuses == [200, 200, 500]

    assert play(faults, script) == ["/a", "/b"]


def test_times_counts_down_and_the_next_fault_follows() -> None:
    """A fault with two times meets two requests, then the next fault applies, then none."""
    faults = Faults()
    faults.plant(fault(match=".", status=503, times=2))
    faults.plant(fault(match=".", status=500, times=1))

    async def script(client: Client) -> None:
        assert [(await client.get("/x")).status for _ in range(4)] == [503, 503, 500, 200]

    play(faults, script)


def test_without_times_it_lasts_until_it_is_cleared() -> None:
    """After it is cleared by its id, requests pass again."""
    faults = Faults()
    fault_id = faults.plant(fault(match=".", status=503))

    async def script(client: Client) -> None:
        assert [(await client.get("/x")).status for _ in range(3)] == [503] * 3
        assert faults.clear(fault_id)
        assert not faults.clear(fault_id)
        assert (await client.get("/x")).status == 200

    play(faults, script)


def test_a_broken_connection_gives_no_response() -> None:
    """With `cut` the caller sees a broken connection, and the work is not done."""
    faults = Faults()
    faults.plant(fault(match="/cut", cut=True))

    async def script(client: Client) -> None:
        with pytest.raises(aiohttp.ClientError):
            await client.post("/cut")
        assert (await client.get("/next")).status == 200

    assert play(faults, script) == ["/next"]


@pytest.mark.parametrize("keys", [{"cut": True}, {"status": 500}])
def test_after_loses_only_the_response(keys: dict[str, Any]) -> None:
    """With `after` the work is done, and the caller gets no result."""
    faults = Faults()
    faults.plant(fault(match=".", after=True, **keys))

    async def script(client: Client) -> None:
        try:
            assert (await client.post("/work")).status == 500
        except aiohttp.ClientError:
            assert "cut" in keys

    assert play(faults, script) == ["/work"]


def test_after_hides_an_error_of_the_work_too() -> None:
    """A real 410 is replaced like any other response."""
    faults = Faults()
    faults.plant(fault(match=".", after=True, status=503))

    async def script(client: Client) -> None:
        assert (await client.get("/gone")).status == 503

    assert play(faults, script) == ["/gone"]


@pytest.mark.parametrize(("path", "status"), [("/slow", 200), ("/gone", 410)])
def test_a_delay_alone_delays_the_real_response(path: str, status: int) -> None:
    """Without a status the real response follows after the delay."""
    faults = Faults()
    faults.plant(fault(match=".", delaySeconds=0.1))

    async def script(client: Client) -> None:
        start = time.monotonic()
        assert (await client.get(path)).status == status
        assert time.monotonic() - start >= 0.1

    assert play(faults, script) == [path]


def test_control_routes_are_exempt() -> None:
    """They work under a fault that matches everything."""
    faults = Faults()
    faults.plant(fault(match=".", status=503))

    async def script(client: Client) -> None:
        assert (await client.delete("/_control/faults")).status == 200

    assert play(faults, script) == ["/_control/faults"]


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"match": "("},
        {"match": "x", "status": 99},
        {"match": "x", "times": 0},
        {"match": "x", "delaySeconds": -1},
        {"match": "x", "delay_seconds": 1},
        {"match": "x", "colour": "red"},
        {"match": "x", "headers": {"a": 1}},
    ],
)
def test_an_invalid_fault_is_refused(keys: dict[str, Any]) -> None:
    """A missing or broken expression, a number out of range and an unknown key are errors."""
    with pytest.raises(ValidationError):
        Fault.model_validate(keys)
