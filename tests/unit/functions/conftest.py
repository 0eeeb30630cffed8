"""The functions on a world in memory: what the host would give them, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import azure.functions as func
import pytest

from functions import auth, dead_letters, health, notifications, relay_state, renewal, resync, room_lists, subscriptions
from shared.auth.authenticator import Authenticator
from shared.auth.rate_limit import CallRateLimiter
from tests.support.minting import key_of
from tests.support.world import World


class Out:
    """An output binding: keeps what is set."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, messages: list[str]) -> None:
        """Keep the messages."""
        self.messages = messages


class HostWorld(World):
    """A world whose keys can be asked for without waiting, as the HTTP functions do.

    `known` says whether they have been read, `unreadable` is what reading them raises.
    """

    known: bool = True
    unreadable: Exception | None = None

    @cached_property
    def authenticator(self) -> Authenticator:
        """Return who lets callers in; login has the keys of the minting module."""
        rate = CallRateLimiter(lambda: self.time.timestamp())  # noqa: PLW0108  (the time moves)
        return Authenticator(self.settings, lambda: key_of, rate)

    @property
    def client_state_keys(self) -> Any:
        """Return what gives the keys."""
        return Keys(self)


class Keys:
    """Gives the keys of a world."""

    def __init__(self, world: HostWorld) -> None:
        self._world = world

    def __call__(self) -> list[Any]:
        """Return the keys, or raise."""
        if self._world.unreadable:
            raise self._world.unreadable
        return self._world.keys

    def cached(self) -> list[Any] | None:
        """Return them if they have been read."""
        return self._world.keys if self._world.known else None


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostWorld]:
    """Return a world that the functions take for the process's relay."""
    made = HostWorld()
    modules = (auth, notifications, subscriptions, room_lists, resync, relay_state, dead_letters, health, renewal)
    for module in modules:
        monkeypatch.setattr(module, "relay", lambda: made)
    monkeypatch.setattr(health, "_kept", (0.0, []))
    yield made
    made.end()


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
