"""Calls of the functions as the host makes them, on a world in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import azure.functions as func
import pytest

from functions import (
    auth,
    dead_letters,
    forget,
    health,
    many_subscriptions,
    notifications,
    relay_state,
    renewal,
    resync,
    room_lists,
    subscriptions,
    unknown_paths,
    unknown_subscriptions,
    version,
    watch_views,
)
from shared.auth.authenticator import Authenticator
from shared.auth.rate_limit import CallRateLimiter
from shared.graph.client_state import Key
from shared.health.request_metrics import RequestMetrics
from tests.support.minting import key_of
from tests.support.world import FakeKeys, World


class Out(func.Out[list[str]]):
    """An output binding that keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, val: list[str]) -> None:
        """Keep the messages."""
        self.messages = val

    def get(self) -> list[str]:
        """Return the messages."""
        return self.messages


class HostWorld(World):
    """A world for the HTTP functions.

    `keys_cached` says whether the keys of the clientState were read before; `unreadable` is the error of reading them.
    `seconds` pass while a notification is answered.
    """

    keys_cached: bool = True
    unreadable: Exception | None = None
    seconds: float = 0.0

    def __init__(self, parts: dict[str, Any] | None = None, /, **settings: str) -> None:
        sums = RequestMetrics(lambda: self.time.timestamp())  # noqa: PLW0108  (the time moves)
        super().__init__({"client_state_keys": HostKeys(self), "request_metrics": sums, **(parts or {})}, **settings)

    @cached_property
    def authenticator(self) -> Authenticator:
        """Return an authenticator; Entra ID has the keys of tests/support/minting.py."""
        rate = CallRateLimiter(lambda: self.time.timestamp())  # noqa: PLW0108  (the time moves)
        return Authenticator(self.settings, lambda: key_of, rate)


class HostKeys(FakeKeys):
    """The keys of a world, which may be unread or unreadable."""

    def __init__(self, world: HostWorld) -> None:
        super().__init__(lambda: world.keys)
        self._world = world

    def __call__(self) -> list[Key]:
        """Return the keys, or raise."""
        if self._world.unreadable:
            raise self._world.unreadable
        return super().__call__()

    def cached(self) -> list[Key] | None:
        """Return the keys if they were read before."""
        self._world.pass_by(self._world.seconds)
        return super().cached() if self._world.keys_cached else None


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[HostWorld]:
    """Return a world that the functions use as the process's relay."""
    host = HostWorld()
    modules = (
        auth, notifications, subscriptions, many_subscriptions, room_lists, resync, relay_state, dead_letters, health,
        renewal, forget, unknown_paths, unknown_subscriptions, version, watch_views,
    )  # fmt: skip
    for module in modules:
        monkeypatch.setattr(module, "relay", lambda: host)
    yield host
    host.end()


def call(function: Any, method: str = "POST", path: str = "", body: object = b"", **given: Any) -> func.HttpResponse:
    """Call a registered function as the host does."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = func.HttpRequest(
        method, f"https://relay.example/api/{path}", headers=given.get("headers", {}), params=given.get("params", {}),
        route_params=given.get("route_params", {}), body=content,
    )  # fmt: skip
    user_function: Callable[..., func.HttpResponse] = function._function.get_user_function()
    return user_function(request)


def content_of(response: func.HttpResponse) -> dict[str, Any]:
    """Return the JSON object of a response."""
    parsed = json.loads(response.get_body())
    assert isinstance(parsed, dict)
    return parsed
