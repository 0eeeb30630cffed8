"""Claims about counters and fingerprints."""

from __future__ import annotations

import logging

import pytest

from shared import telemetry


def test_a_counter_is_a_line_with_fields(caplog: pytest.LogCaptureFixture) -> None:
    """The text alone says all, because the host passes nothing else on."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        telemetry.count("changes", 3, end="told")
    assert caplog.messages == ["changes=3 end=told"]
    assert (caplog.records[0].metric, caplog.records[0].number) == ("changes", 3)  # type: ignore[attr-defined]


def test_nothing_is_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A line for 0 would only cost."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        telemetry.count("changes", 0)
    assert caplog.records == []


def test_a_gauge_of_nought_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """It is what ends an alert."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        telemetry.gauge("watches", 0, state="refused")
    assert caplog.messages == ["watches=0 state=refused"]


def test_a_fingerprint_is_short_steady_and_says_nothing() -> None:
    """The same for the same id, also for one that UTF-8 cannot hold."""
    assert telemetry.short("AAMk=") == telemetry.short("AAMk=") != telemetry.short("AAMk")
    assert len(telemetry.short("\ud800")) == 12
    assert "AAMk" not in telemetry.short("AAMk=")
