"""What `doctor` and `status` show beside the checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from relay_admin.__main__ import main
from relay_admin.client import HANDSHAKES
from relay_admin.errors import OK

URL = "https://relay.example"
STATE = {"state": "flowing", "since": None, "reason": None, "waiting": 0, "deadLetters": 0, "countedTo": 1000}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Stand in for the relay."""
    with responses.RequestsMock() as mock:
        yield mock


def run(*arguments: str) -> int:
    """Run a command with a key."""
    return main([*arguments, "--url", URL, "--key", "a-key"])


def finding(name: str, *, ok: bool | None, step: str | None) -> dict[str, Any]:
    """Return a finding of the doctor."""
    return {"name": name, "ok": ok, "detail": name, "whatToDo": step}


def answer_handshake(request: Any) -> tuple[int, dict[str, str], str]:
    """Answer as Graph expects."""
    return 200, {}, request.params["validationToken"]


def test_a_good_check_may_recommend_a_step(server: responses.RequestsMock, capsys: pytest.CaptureFixture[str]) -> None:
    """After what is wrong and what is not known; it does not change the exit code."""
    checks = [
        finding("a", ok=True, step="rotate"),
        finding("b", ok=None, step="try again"),
        finding("c", ok=True, step=None),
    ]
    server.post(f"{URL}/api/doctor", json={"ok": True, "checks": checks})
    for path in HANDSHAKES:
        server.add_callback("POST", f"{URL}{path}", answer_handshake, content_type="text/plain")
    server.get(f"{URL}/api/subscriptions", json={"value": [{}]})
    assert run("doctor", "--json") == OK
    assert json.loads(capsys.readouterr().out)["next"][:2] == ["b: try again", "a: rotate"]


@pytest.mark.parametrize(
    ("state", "is_shown"), [({}, False), ({"outgoingAddress": None}, False), ({"outgoingAddress": "20.50.2.1"}, True)]
)
def test_the_status_shows_the_outgoing_address(
    server: responses.RequestsMock, capsys: pytest.CaptureFixture[str], state: dict[str, Any], *, is_shown: bool
) -> None:
    """A relay of an earlier version has none."""
    server.get(f"{URL}/api/health/checks", json={"checks": {"clock": {"ok": True, "detail": "ok"}}})
    server.get(f"{URL}/api/relay", json=STATE | state)
    assert run("status") == OK
    assert ("from the address 20.50.2.1" in capsys.readouterr().out) == is_shown
