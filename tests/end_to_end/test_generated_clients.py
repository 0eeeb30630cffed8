"""Clients generated from the document compile, and work on the running stack with a key and with a token."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import workshop
from tests.support.example_server import Answer, Scenario, prepared
from tests.support.generated_clients import NODE_MODULES, SOURCES, output_of, python_client, typescript_client, used
from tests.support.openapi import DOCUMENT
from tests.support.pages import blocks
from tests.support.relay import Relay
from tests.support.scheduling_calls import agent, at

pytestmark = pytest.mark.usefixtures("shared_relay")  # all tests in one group, so that each client is generated once


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the Python client and a program that uses it."""
    folder = tmp_path_factory.mktemp("python")
    printed = python_client(folder)
    assert "warning" not in printed.lower(), printed
    for program in ("use_client.py", "refuse_page.py"):
        shutil.copy(SOURCES / program, folder)
    (folder / "page.py").write_text(blocks("clients", "python")[0])
    return folder


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the generated types, and a program that uses them, compiled."""
    folder = tmp_path_factory.mktemp("typescript")
    printed = typescript_client(folder)
    assert "warn" not in printed.lower(), printed
    for program in ("use_client.ts", "refuse_page.ts"):
        shutil.copy(SOURCES / program, folder)
    (folder / "page.ts").write_text(blocks("clients", "ts")[0])
    output_of([str(NODE_MODULES / ".bin" / "tsc")], folder)
    return folder


def given(relay: Relay, base: str) -> dict[str, Any]:
    """Return what a program needs: addresses of its own, and a credential for the base."""
    relay.tenant.control("POST", "/bookings", workshop.BUSINESS)
    credential = relay.token("Relay.Setup") if base == "api/entra" else relay.api.keys["function"]
    return {
        "base": f"{relay.api.url}/{base}", "credential": credential, "ca": str(relay.stack.certificates.ca_pem),
        "watched": relay.mailbox(), "other": relay.mailbox(), "agent": agent(relay), "from": at(0), "to": at(24),
        "business": workshop.ADDRESS, "appointment": workshop.appointment_at(12), "late": workshop.appointment_at(20),
    }  # fmt: skip


def expected(needs: dict[str, Any]) -> dict[str, Any]:
    """Return what the calls of each guide give."""
    watches = {"statuses": [201, 204], "again": True, "notWatched": [needs["other"]], "listed": True,
               "read": needs["watched"], "gone": "subscription_not_found"}  # fmt: skip
    return {
        "watches": watches, "refusals": [403, "mailbox_not_allowed", 401], "calendars": [True, "Kick-off", 204],
        "slots": [True, True, "slot_taken", 5], "bookings": [True, "business_rule", 1],
        "rooms": [[needs["agent"]], ["mailbox_not_watched"], "listed"],
    }  # fmt: skip


bases = pytest.mark.parametrize("base", ["api", "api/entra"])


@bases
def test_the_python_client_works(relay: Relay, python: Path, base: str) -> None:
    """Of openapi-python-client: the calls of each guide succeed, and a refusal is a problem with its code."""
    needs = given(relay, base)
    assert used([sys.executable, "use_client.py"], python, needs) == expected(needs)


@bases
def test_the_typescript_client_works(relay: Relay, typescript: Path, base: str) -> None:
    """Of openapi-typescript and openapi-fetch: the same, by the compiled program."""
    needs = given(relay, base)
    node = shutil.which("node")
    assert node is not None
    assert used([node, "out/use_client.js"], typescript, needs) == expected(needs)


def test_the_python_client_compiles(python: Path) -> None:
    """Every module."""
    output_of([sys.executable, "-m", "compileall", "-q", "relay_client"], python)


def test_the_python_client_reads_what_a_later_version_adds(python: Path) -> None:
    """A watch with a new field and a state that this version does not have."""
    page = DOCUMENT["paths"]["/subscriptions"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    watch = json.dumps(page["value"][0] | {"state": "resting", "color": "blue"})
    lines = (
        "import json, sys; from relay_client.models import Subscription\n"
        "print(Subscription.from_dict(json.loads(sys.argv[1])).state)"
    )
    assert output_of([sys.executable, "-c", lines, watch], python) == "resting\n"


def problem(status: int, code: str) -> Answer:
    """Return a refusal of the relay."""
    body = {"type": f"/api/problems/{code}", "title": "Refused", "status": status, "code": code, "detail": "Do this."}
    return Answer(status, json.dumps(body))


HTML = "text/html"
REFUSED = {
    "401": (problem(401, "unauthenticated"), "status 401", "unauthenticated"),
    "403": (problem(403, "mailbox_not_allowed"), "mailbox_not_allowed", ""),
    "409": (problem(409, "delivery_differs"), "delivery_differs", ""),
    "422": (problem(422, "invalid_request"), "invalid_request", ""),
    "429": (problem(429, "too_many_calls"), "too_many_calls", ""),
    "503": (problem(503, "relay_unavailable"), "relay_unavailable", ""),
    "401 of the host": (Answer(401), "status 401", ""),
    "404 of the host": (Answer(404), "status 404", ""),
    "413 of the host": (Answer(413), "no JSON", "status 413"),
    "500 of the host": (Answer(500), "status 500", ""),
    "503 of the host": (Answer(503), "no JSON", "status 503"),
    "403 of a gateway": (Answer(403, "<html>", content_type=HTML), "no JSON", "status 403"),
    "502 of a gateway": (Answer(502, "<html>", content_type=HTML), "no JSON", "status 502"),
    "504 of a gateway": (Answer(504, "<html>", content_type=HTML), "status 504", ""),
}


def ends_of(command: list[str], folder: Path) -> dict[str, str]:
    """Return how the page's lines end for each refusal."""
    scenarios = {str(number): Scenario([refused[0]]) for number, refused in enumerate(REFUSED.values())}
    with prepared(scenarios) as origin:
        urls = json.dumps([f"{origin}/{number}" for number in scenarios])
        return dict(zip(REFUSED, json.loads(output_of([*command, urls], folder)), strict=True))


def test_the_lines_for_python_end_with_each_refusal(python: Path) -> None:
    """With the problem's code or the status; the client cannot read a body without JSON where it expects a problem."""
    ends = ends_of([sys.executable, "refuse_page.py"], python)
    assert ends == {name: end for name, (_, end, _) in REFUSED.items()}


def test_the_lines_for_typescript_end_with_each_refusal(typescript: Path) -> None:
    """With the problem's code, or the status."""
    node = shutil.which("node")
    assert node is not None
    ends = ends_of([node, "out/refuse_page.js"], typescript)
    assert ends == {name: in_node or end for name, (_, end, in_node) in REFUSED.items()}
