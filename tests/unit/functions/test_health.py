"""The two health functions."""

from __future__ import annotations

import base64
import logging
import threading

import pytest

from functions.health import health, health_checks
from functions.version import version
from shared.health.check_memory import UNFINISHED, CheckMemory
from shared.health.checks import Check
from shared.health.request_metrics import EVERY, RequestMetrics
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


def test_a_storage_that_hangs_is_answered_with_503(world: HostWorld) -> None:
    """Within the limit, on both routes, and never with a 500."""
    may_end = threading.Event()

    def hang() -> list[Check]:
        assert may_end.wait(30)
        return []

    world.vital_memory = world.check_memory = CheckMemory(hang, wait=0.01)
    try:
        answer = call(health, "GET")
        assert (answer.status_code, content_of(answer)) == (503, {"status": "down"})
        answer = call(health_checks, "GET")
        assert answer.status_code == 503
        assert content_of(answer)["checks"][UNFINISHED]["detail"].startswith("unknown since ")
    finally:
        may_end.set()


@pytest.mark.parametrize("function", [health, health_checks, version], ids=["health", "checks", "version"])
def test_a_call_of_health_writes_the_last_minute_of_a_burst(
    world: HostWorld, caplog: pytest.LogCaptureFixture, function: object
) -> None:
    """After the burst no other request comes; the test from outside calls health."""
    now = 0.0
    world.request_metrics = RequestMetrics(lambda: now)
    for _ in range(1000):
        world.request_metrics.refused("missing")
    with caplog.at_level(logging.INFO, "relay.metric"):
        call(function, "GET")
        assert caplog.messages == []
        now = EVERY
        call(function, "GET")
        call(function, "GET")
    assert [message.strip() for message in caplog.messages] == ["callers_refused=999 reason=missing"]
