"""Claims about the two health functions."""

from __future__ import annotations

import base64

from functions.health import health, health_checks
from tests.unit.functions.conftest import HostWorld, call, content_of


def test_anybody_learns_up_or_down_and_nothing_else(world: HostWorld) -> None:
    """A key holder learns what to do."""
    world.webhook.secrets = lambda: ""  # type: ignore[attr-defined]
    assert (call(health, "GET").status_code, content_of(call(health, "GET"))) == (503, {"status": "down"})
    answer = call(health_checks, "GET")
    assert answer.status_code == 503
    assert "partner-signing-secret" in content_of(answer)["checks"]["keyVault"]["detail"]


def test_all_is_well(world: HostWorld) -> None:
    """200 for both."""
    world.webhook.secrets = lambda: "whsec_" + base64.b64encode(b"x" * 32).decode()  # type: ignore[attr-defined]
    assert content_of(call(health, "GET")) == {"status": "up"}
    assert call(health_checks, "GET").status_code == 200


def test_the_checks_run_once_in_a_while(world: HostWorld) -> None:
    """Anonymous callers cannot make us call the vault for each request."""
    asked: list[bool] = []
    world.get_token = lambda **_: asked.append(True) or ""  # type: ignore[method-assign, func-returns-value]
    for _ in range(5):
        call(health, "GET")
    assert len(asked) == 1
