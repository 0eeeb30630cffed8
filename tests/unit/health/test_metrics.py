"""Claims about the figures that alerts watch."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import ServiceUnavailable
from shared.messages import ChangeMessage, write_changes
from shared.storage.parked import DEAD, WAITING, Parked
from tests.support.world import START, World


def told(world: World, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the figures' lines."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        caplog.clear()
        world.gauges.report_gauges()
    return [record.message.strip() for record in caplog.records if record.name == "relay.metric"]


def stored(message: ChangeMessage) -> str:
    """Return a message as it lies in the queue."""
    [text] = write_changes(message)
    return base64.b64encode(text.encode()).decode()


def test_a_relay_at_rest_tells_noughts(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Every figure is there, so that an alert can end; only what has no meaning yet is not."""
    assert told(world, caplog) == [
        "watches=0 state=pending", "watches=0 state=live", "watches=0 state=refused", "watches=0 state=gone",
        "watches=0 state=paused", "oldest_change_seconds=0", "queue_depth=0", "deliveries_held=0 state=flowing",
        "changes_parked=0", "dead_letters_kept=0",
    ]  # fmt: skip


def test_watches_are_told_by_state_with_the_first_end(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The end of a live one; one that is paused has none that matters."""
    world.watch(expires=START + timedelta(hours=30))
    world.watch("room2@contoso.com", expires=START + timedelta(hours=2))
    world.watch("room3@contoso.com", state="refused", expires=START + timedelta(hours=1))
    lines = told(world, caplog)
    assert {"watches=2 state=live", "watches=1 state=refused", "next_expiry_minutes=120"} <= set(lines)


def test_a_subscription_that_has_ended_is_told_below_nought(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """So the alert for one that ends soon covers it."""
    world.watch(expires=START - timedelta(minutes=5))
    assert "next_expiry_minutes=-5" in told(world, caplog)


def test_the_oldest_change_is_the_one_that_nobody_has_tried(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A retry that has just become due is hours old and no sign of trouble; what nobody can read is the host's."""
    hint = world.hint()
    world.changes.lying = [
        (stored(hint), START - timedelta(minutes=20)),
        (stored(replace(hint, attempt=3)), START - timedelta(hours=12)),
        ("no base64!", START - timedelta(days=1)),
        (base64.b64encode(b"{}").decode(), START - timedelta(days=1)),
    ]
    assert "oldest_change_seconds=1200" in told(world, caplog)


def test_what_waits_and_what_is_dead_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """With why nothing leaves."""
    world.breaker.transition("gone", "it answered 410")
    world.parked.put(WAITING, [Parked("w", "u", event, START, "endpoint") for event in "AB"])
    world.parked.put(DEAD, [Parked("w", "u", "C", START, "rejected")])
    assert told(world, caplog)[-3:] == ["deliveries_held=1 state=gone", "changes_parked=2", "dead_letters_kept=1"]


def test_what_cannot_be_read_hides_nothing_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does it end the timer's run."""
    world.changes.failure = ServiceUnavailable("storage")
    lines = told(world, caplog)
    assert "dead_letters_kept=0" in lines
    assert not [line for line in lines if line.startswith("oldest_change_seconds")]
    world.changes.failure = RuntimeError("canary")
    told(world, caplog)
    assert "canary" not in caplog.text
    assert "Figures are missing: RuntimeError" in caplog.messages
