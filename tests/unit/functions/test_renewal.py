"""Claims about a run of the timer."""

from __future__ import annotations

import logging

import azure.functions as func
import pytest

from functions.renewal import renew_subscriptions
from shared.errors import ServiceUnavailable
from tests.unit.functions.conftest import HostWorld


def run() -> None:
    """Let the timer fire, as the host does."""
    renew_subscriptions._function.get_user_function()(func.TimerRequest)


def test_a_run_ends_with_the_figures(world: HostWorld, caplog: pytest.LogCaptureFixture) -> None:
    """As they are after it."""
    world.watch(state="pending", subscription_id="", expires=None)
    with caplog.at_level(logging.INFO, "relay.metric"):
        run()
    assert "watches=1 state=live" in caplog.messages


def test_a_run_that_fails_tells_them_all_the_same(world: HostWorld, caplog: pytest.LogCaptureFixture) -> None:
    """And it fails, as the host has to see."""
    world.watch()
    world.unreadable = ServiceUnavailable("Key Vault")
    with caplog.at_level(logging.INFO, "relay.metric"), pytest.raises(ServiceUnavailable):
        run()
    assert "watches=1 state=live" in caplog.messages
