"""The feature dataverse while it is off: nothing of it takes part in the relay's work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.bootstrap.app import App

URL = "https://contoso.crm4.dynamics.com"


@pytest.mark.parametrize("features", ["", "relay", "relay,calendars,scheduling,bookings"])
def test_a_feature_that_is_off_takes_no_part(features: str) -> None:
    """No listener, no policy of titles and no nightly work, whatever its settings are; so no row and no call."""
    app = App({"FEATURES": features, "DATAVERSE_URL": URL, "DATAVERSE_RESOURCES": "column:new_calendarrelay"})
    assert (dict(app.change_listeners), list(app.title_policies)) == ({}, [])
    app.nightly_checks.run()  # would need storage


def test_a_feature_that_is_on_takes_part() -> None:
    """By its name, so that the watches that it holds are led to it."""
    app = App({"FEATURES": "Dataverse", "DATAVERSE_URL": URL, "DATAVERSE_RESOURCES": "column:new_calendarrelay"})
    assert (list(app.change_listeners), len(app.title_policies)) == (["dataverse"], 1)


def after_work(features: str) -> dict[str, Any]:
    """Return what a process knows of the feature after all of its work."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.unit.bootstrap.dataverse_off", features], cwd=Path(__file__).parents[3],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    return found


def test_a_feature_that_is_off_is_absent() -> None:
    """After deliveries, the timer, the night and the checks: no function, timer, queue, module, check or row."""
    assert after_work("relay,calendars,scheduling,bookings,rooms") == {
        "imported": [], "rows": 0, "checks": [], "functions": [],
    }  # fmt: skip


def test_a_feature_that_is_on_is_there() -> None:
    """So that the test above can see it."""
    found = after_work("relay,dataverse")
    assert {"follow_dataverse", "settle_pairs", "keep_poisoned_pairs", "get_dataverse"} <= {*found["functions"]}
    assert found["checks"] == ["dataverseReading", "dataverseHints", "dataverseHeld"]
    assert "shared.dataverse.operation.gauges" in found["imported"]
