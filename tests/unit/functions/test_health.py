"""The two health functions."""

from __future__ import annotations

import base64

from functions.health import health, health_checks
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
