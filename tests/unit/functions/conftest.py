"""The functions on a world in memory: what the host would give them, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import azure.functions as func
import pytest

from functions import health, notifications, subscriptions
from tests.unit.relay.fakes import World


class Out:
    """An output binding: keeps what is set."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, messages: list[str]) -> None:
        """Keep the messages."""
        self.messages = messages


class HostWorld(World):
    """A world with the two answers about keys that the HTTP functions need."""

    known: bool = True

    def known_client_state_keys(self) -> Any:
        """Return the keys, or None before they were read."""
        return self.keys if self.known else None


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostWorld]:
    """Return a world that the functions take for the process's relay."""
    made = HostWorld()
    for module in (notifications, subscriptions, health):
        monkeypatch.setattr(module, "relay", lambda: made)
    monkeypatch.setattr(health, "_kept", (0.0, []))
    yield made
    made.workers.shutdown()


def call(function: Any, method: str = "POST", path: str = "", body: object = b"", **given: Any) -> func.HttpResponse:
    """Call a function as the host does, by what it registered."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = func.HttpRequest(
        method, f"https://relay.example/api/{path}", headers=given.get("headers", {}), params=given.get("params", {}),
        route_params=given.get("route_params", {}), body=content,
    )  # fmt: skip
    user_function: Callable[..., func.HttpResponse] = function._function.get_user_function()
    return user_function(request)


def content_of(response: func.HttpResponse) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    parsed = json.loads(response.get_body())
    assert isinstance(parsed, dict)
    return parsed
