"""The two health functions."""

from __future__ import annotations

import base64
import time

import pytest

from functions import health as module
from functions.health import OLD_SECONDS, health, health_checks
from shared.health.checks import Check
from tests.unit.functions.conftest import HostWorld, call, content_of


def test_the_anonymous_route_says_only_up_or_down(world: HostWorld) -> None:
    """The route with a key says what to do."""
    world.webhook.secret = ""
    assert (call(health, "GET").status_code, content_of(call(health, "GET"))) == (503, {"status": "down"})
    answer = call(health_checks, "GET")
    assert answer.status_code == 503
    assert "partner-signing-secret" in content_of(answer)["checks"]["keyVault"]["detail"]


def test_all_is_well(world: HostWorld) -> None:
    """Both routes return 200."""
    world.webhook.secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    assert content_of(call(health, "GET")) == {"status": "up"}
    assert call(health_checks, "GET").status_code == 200


def test_the_results_of_the_checks_are_cached(world: HostWorld) -> None:
    """Anonymous callers cannot cause a call of the vault with each request."""
    tokens: list[bool] = []
    world.on_token = lambda: tokens.append(True)
    for _ in range(5):
        call(health, "GET")
    assert len(tokens) == 1


class Lock:
    """A lock that another thread holds: it records whether the caller would wait, and is free if so."""

    def __init__(self) -> None:
        self.waited: list[bool] = []

    def acquire(self, *, blocking: bool) -> bool:
        """Return whether the caller gets the lock."""
        self.waited.append(blocking)
        return blocking

    def release(self) -> None:
        """Release the lock."""


@pytest.mark.parametrize(("age", "waits"), [(OLD_SECONDS - 5, False), (OLD_SECONDS, True)])
def test_old_results_are_not_shown_while_the_checks_run(
    world: HostWorld,
    monkeypatch: pytest.MonkeyPatch,
    age: float,
    waits: bool,  # noqa: FBT001  (a table's cell)
) -> None:
    """An idle process does not report what it saw hours ago."""
    world.webhook.secret = ""
    lock = Lock()
    monkeypatch.setattr(module, "_lock", lock)
    monkeypatch.setattr(module, "_cached", (time.monotonic() - age, [Check("keyVault", ok=True, text="ok")]))
    assert call(health, "GET").status_code == (503 if waits else 200)
    assert lock.waited == [waits]
