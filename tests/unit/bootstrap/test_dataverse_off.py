"""The feature dataverse while it is off: nothing of it takes part in the relay's work."""

from __future__ import annotations

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
