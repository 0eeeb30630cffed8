"""What a stranger's request costs: lines of the log, their bytes, bytes of the response, calls of storage, CPU.

The functions run in this process, with the app's own parts on the sandbox, as in Azure (Production). A record is a line
of the app or the host's own of the request. The host's is known by host.json: one for each request, and at most half a
one a second from sampling on; its other lines about anonymous functions are switched off.
"""

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import azure.functions as func

from sandbox.stack import Stack
from tests.bench.costs import Count, counting
from tests.bench.report import Row

RATES = {"one a minute": (60.0, 20), "a hundred a second": (0.01, 6_000)}  # seconds between requests, and their number
SAMPLED = 0.5  # the host's records of requests a second (host.json, maxTelemetryItemsPerSecond)
FORGED = json.dumps({"value": [{"clientState": "x" * 100, "changeType": "updated", "tenantId": "t"}]}).encode()
Work = Callable[[], Any]


class _Lines(logging.Handler):
    """Counts the app's lines, and their bytes."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.number = self.size = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        if record.name.startswith("relay"):
            self.number += 1
            self.size += len(self.format(record).encode())


class _Clock:
    """A clock that the measurement moves."""

    seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


class _Out(func.Out[list[str]]):
    def set(self, val: list[str]) -> None:
        """Drop the messages."""

    def get(self) -> list[str]:
        """Return none."""
        return []


def measure(folder: Path) -> Iterator[Row]:
    """Start a separate stack without a host, with counting proxies before its storage."""
    seen: Count = Count()
    settings = {"AZURE_FUNCTIONS_ENVIRONMENT": "Production", "PUBLIC_BASE_URL": "https://relay.example"}
    with Stack(folder, settings, host=False) as stack:
        proxies = [counting(stack, name, seen) for name in ("Queue", "Table")]
        os.environ.update(stack.env)
        yield from _measured(seen)
    for proxy in proxies:
        proxy.close()


def _measured(seen: Count) -> Iterator[Row]:
    from shared.bootstrap.app import relay
    from shared.health.request_metrics import RequestMetrics

    lines, root = _Lines(), logging.getLogger()
    root.addHandler(lines)
    root.setLevel(logging.INFO)
    for name, work in _requests().items():
        work()  # reads secrets and settings
        for rate, (pause, number) in RATES.items():
            clock = _Clock()
            relay().request_metrics = RequestMetrics(clock)
            relay().__dict__.pop("authenticator", None)  # it has the metrics of before
            lines.number = lines.size = 0
            seen.clear()
            began = time.process_time()
            for _ in range(number):
                size = len(work().get_body())
                clock.seconds += pause
            cpu = time.process_time() - began
            host = min(1.0, SAMPLED * pause)
            goal = 2 if pause > 1 else 0.01
            yield Row(f"{name}, {rate}: records", lines.number / number + host, goal, lower=True)
            yield Row(f"{name}, {rate}: bytes of our lines", lines.size / number, None)
        yield Row(f"{name}: bytes sent", size, 20_000, lower=True)
        yield Row(f"{name}: calls of storage", sum(seen.values()) / number, 0.01, lower=True)
        yield Row(f"{name}: CPU", cpu / number * 1_000, None, "ms")
    root.removeHandler(lines)


def _requests() -> dict[str, Work]:
    from functions.booking_hooks import receive as receive_hook
    from functions.health import health
    from functions.notifications import receive
    from functions.openapi import openapi
    from functions.problem_pages import get_problem
    from functions.unknown_paths import zz_unknown
    from functions.version import version
    from shared.bootstrap.app import relay

    def hooked() -> func.HttpResponse:
        headers = {"x-calendar-relay-secret": "x" * 43}  # as long as the right one: the vault is asked
        request = func.HttpRequest("POST", "https://relay.example/api/x", headers=headers, body=b"{}")
        return receive_hook(request, relay())

    def posted(body: bytes, query: str = "") -> Work:
        url = f"https://relay.example/api/notifications{query}"
        request = func.HttpRequest("POST", url, headers={"content-type": "application/json"}, body=body)
        return lambda: asyncio.run(receive(request, _Out(), _Out()))

    def called(function: Any, parts: Mapping[str, str] | None = None, **headers: str) -> Work:
        url = "https://relay.example/api/x"
        request = func.HttpRequest("GET", url, headers=headers, params={}, route_params=parts, body=b"")
        return lambda: function._function.get_user_function()(request)

    def unknown(path: str) -> Work:
        work = called(zz_unknown, {"path": path})
        return lambda: asyncio.run(work())

    return {
        "a forged notification": posted(FORGED),
        "an empty collection": posted(b'{"value":[]}'),
        "a handshake": posted(b"", "?validationToken=x"),
        "a 401": called(version, None, authorization="Bearer x"),
        "a forged webhook of Dataverse": hooked,
        "health": called(health),
        "an unknown path": unknown("x"),
        "a feature that is off": unknown("calendars/room1@contoso.com/events"),
        "the page of a problem": called(get_problem, {"code": "stopped"}),
        "the OpenAPI document": called(openapi, None, **{"accept-encoding": "gzip"}),
    }
