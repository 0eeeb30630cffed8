"""The timer that renews subscriptions."""

from __future__ import annotations

import logging

import azure.functions as func
import pytest

from functions.renewal import renew_subscriptions
from shared.errors import ServiceUnavailable
from tests.unit.functions.conftest import HostWorld


def run() -> None:
    """Call the timer function as the host does."""
    renew_subscriptions._function.get_user_function()(func.TimerRequest)


def test_a_run_reports_the_gauges(world: HostWorld, caplog: pytest.LogCaptureFixture) -> None:
    """They show the state after the run."""
    world.watch(state="pending", subscription_id="", expires=None)
    with caplog.at_level(logging.INFO, "relay.metric"):
        run()
    assert "watches=1 state=live" in caplog.messages


def test_a_failed_run_reports_the_gauges_too(world: HostWorld, caplog: pytest.LogCaptureFixture) -> None:
    """The run still fails, so that the host sees it."""
    world.watch()
    world.unreadable = ServiceUnavailable("Key Vault")
    with caplog.at_level(logging.INFO, "relay.metric"), pytest.raises(ServiceUnavailable):
        run()
    assert "watches=1 state=live" in caplog.messages
