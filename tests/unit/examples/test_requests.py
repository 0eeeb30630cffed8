"""What the examples of docs/examples send, and how long they wait for an answer."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import replace

import pytest

from tests.support.example_calls import CALLS, CREDENTIALS
from tests.support.example_runs import called, ended, in_language
from tests.support.example_server import Answer, Scenario, prepared, success

pytestmark = pytest.mark.server
PATHS = {
    "subscriptions.unwatch": "/subscriptions/{}", "calendars.book": "/calendars/{}/events",
    "calendars.rename": "/calendars/{}/events/{}", "calendars.shown": "/calendars/{}/events",
    "scheduling.slots": "/schedules/{}/slots/query", "scheduling.book": "/schedules/{}/bookings",
    "bookings.booked": "/bookings/{}/appointments",
}  # fmt: skip
languages = pytest.mark.parametrize("language", ["python", "node"])


@languages
def test_silence_ends_each_try(language: str) -> None:
    """After the timeout the call is repeated, five tries in all; then it is the error of the library."""
    hasty = CREDENTIALS["/api/"] | {"timeout": 0.2}
    with prepared({"silent": Scenario([Answer(200, is_silent=True)])}) as origin:
        silent = called(language, CALLS[0], f"{origin}/silent", hasty)
        (end,) = in_language(language, [silent], limit=100)
    assert end["error"] in ("ReadTimeout", "ConnectTimeout", "TimeoutError")
    assert end["waits"] == [5] * 4


@languages
def test_a_closed_port_is_an_error_of_the_library(language: str) -> None:
    """After five tries. The port is bound, so that nobody else can listen there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        closed = called(language, CALLS[0], f"http://127.0.0.1:{bound.getsockname()[1]}", CREDENTIALS["/api/"])
        (end,) = in_language(language, [closed])
    assert (end["error"] in ("ConnectionError", "TypeError"), end["waits"]) == (True, [5] * 4)


@languages
def test_an_id_of_yours_is_the_idempotency_key(language: str) -> None:
    """So a program that was ended may call again, and nothing is created twice."""
    booking = [call for call in CALLS if call.python == "book"]
    for run in ended(language, [(call, Scenario([success({})]), CREDENTIALS["/api/"]) for call in booking]):
        assert run.scenario.requests[0].headers["idempotency-key"] == run.call.arguments[-1]


@languages
def test_what_is_in_a_path_is_escaped(language: str) -> None:
    """An address and an id may have a slash; and the address of the relay may end with one."""
    calls = [replace(call, arguments=json.loads(re.sub(r'"[^"]+"', '"a/b c@d"', json.dumps(call.arguments))))
             for call in CALLS if call.name in PATHS]  # fmt: skip
    scenarios = {call.name: Scenario([success(content) for content in call.answers]) for call in calls}
    with prepared(scenarios) as origin:
        urls = [f"{origin}/{call.name}/" for call in calls]
        in_language(
            language, [called(language, call, url, {"key": "k"}) for call, url in zip(calls, urls, strict=True)]
        )
    paths = {name: scenario.requests[0].path.partition("?")[0] for name, scenario in scenarios.items()}
    assert paths == {name: "/api" + path.replace("{}", "a%2Fb%20c%40d") for name, path in PATHS.items()}
