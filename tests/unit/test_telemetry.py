"""Counters and fingerprints."""

from __future__ import annotations

import logging

import pytest

from shared import telemetry


def test_a_counter_is_a_line_with_fields(caplog: pytest.LogCaptureFixture) -> None:
    """The text has everything, because the host passes nothing else on."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        telemetry.count("changes", 3, end="told")
    assert caplog.messages == ["changes=3 end=told"]
    fields = vars(caplog.records[0])
    assert (fields["metric"], fields["number"]) == ("changes", 3)


def test_a_count_of_zero_is_not_written(caplog: pytest.LogCaptureFixture) -> None:
    """A line for 0 would cost money and say nothing."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        telemetry.count("changes", 0)
    assert caplog.records == []


def test_a_gauge_of_zero_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """It ends an alert."""
    with caplog.at_level(logging.INFO, "relay.metric"):
        telemetry.gauge("watches", 0, state="refused")
    assert caplog.messages == ["watches=0 state=refused"]


def test_a_fingerprint_is_short_stable_and_opaque() -> None:
    """The same id gives the same fingerprint, also an id that UTF-8 cannot encode."""
    assert telemetry.short("AAMk=") == telemetry.short("AAMk=") != telemetry.short("AAMk")
    assert len(telemetry.short("\ud800")) == 12
    assert "AAMk" not in telemetry.short("AAMk=")
