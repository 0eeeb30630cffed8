"""The doctor's check of writing calendars, with the feature dataverse: its direction decides what it needs."""

from __future__ import annotations

import pytest

from shared.config import Settings
from shared.doctor.calendars import CalendarWriteCheck
from shared.doctor.finding import Finding
from shared.doctor.request import DoctorRequest
from shared.errors import GraphForbidden
from tests.support.doctor_world import OUTSIDE, DoctorWorld
from tests.support.world import MAILBOX


def examined(features: str, direction: str) -> Finding:
    """Return the finding where the mailbox can be read, and not written."""
    world = DoctorWorld(ALLOWED_MAILBOXES=MAILBOX)
    world.probe.writes[MAILBOX] = GraphForbidden(403, "ErrorAccessDenied")
    settings = Settings.load({"FEATURES": features, "DATAVERSE_DIRECTION": direction})
    check = CalendarWriteCheck(settings, world.graph_diagnostics, world.watches)
    [finding] = check.run(DoctorRequest((MAILBOX,), (OUTSIDE,), ping=False))
    world.end()
    return finding


@pytest.mark.parametrize("direction", ["to-outlook", "both"])
def test_a_direction_that_writes_events_needs_the_right(direction: str) -> None:
    """It is named with its script."""
    finding = examined("dataverse", direction)
    assert finding.ok is False
    assert "Grant-RelayMailboxAccess.ps1 -Feature dataverse." in finding.remedy


def test_to_dataverse_reads_calendars_alone() -> None:
    """Nothing has to be granted, and the finding says why."""
    finding = examined("dataverse", "to-dataverse")
    assert (finding.ok, finding.remedy) == (True, "")
    assert "Calendars.Read is enough" in finding.detail


def test_another_feature_needs_the_right_all_the_same() -> None:
    """Only those that write are named."""
    finding = examined("calendars,dataverse", "to-dataverse")
    assert finding.ok is False
    assert "FEATURES includes calendars, but" in finding.detail
    assert "-Feature calendars." in finding.remedy


def test_an_unknown_direction_is_no_right_that_is_missing() -> None:
    """The setting is named."""
    finding = examined("dataverse", "from-outlook")
    assert finding.ok is False
    assert "DATAVERSE_DIRECTION" in finding.detail
