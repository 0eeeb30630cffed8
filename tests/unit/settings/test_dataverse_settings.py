"""The settings of the feature dataverse: their values, and what is required while it is on."""

from __future__ import annotations

import pytest

from shared.config import Settings
from shared.errors import ConfigurationError
from tests.unit.test_config import GOOD

URL = "https://contoso.crm4.dynamics.com"
ID = "11111111-aaaa-4bbb-8ccc-222222222222"
COMPLETE = GOOD | {"FEATURES": "dataverse", "DATAVERSE_URL": URL, "DATAVERSE_RESOURCES": "column:new_calendarrelay"}
REFUSED = [
    ("DATAVERSE_URL", "http://contoso.crm4.dynamics.com"), ("DATAVERSE_URL", "contoso.crm4.dynamics.com"),
    ("DATAVERSE_URL", f"{URL}/api/data/v9.2"), ("DATAVERSE_URL", f"{URL}/main.aspx?appid=canary"),
    ("DATAVERSE_URL", "https://user:canary@contoso.crm4.dynamics.com"), ("DATAVERSE_URL", "https://["),
    ("DATAVERSE_URL", f"{URL}?canary"), ("DATAVERSE_RESOURCES", "canary"), ("DATAVERSE_RESOURCES", "column:"),
    ("DATAVERSE_RESOURCES", "column:new x"), ("DATAVERSE_RESOURCES", f"column:new_x,{ID}"),
    ("DATAVERSE_RESOURCES", f"{ID};{ID}"), ("DATAVERSE_RESOURCES", ","), ("DATAVERSE_DIRECTION", "outlook"),
    ("DATAVERSE_SHOW_AS", "busy,canary"), ("DATAVERSE_SHOW_AS", ","), ("DATAVERSE_SHOW_AS", "Busy"),
    ("DATAVERSE_PROPOSED", "busy"), ("DATAVERSE_TITLES", "canary"), ("DATAVERSE_CONFLICT", "newest"),
    ("DATAVERSE_WORK_ORDERS", "none"),
]  # fmt: skip


def test_a_complete_feature_has_no_problem() -> None:
    """The defaults are those of the page."""
    settings = Settings.load(COMPLETE)
    assert settings.problems == {}
    assert (settings.dataverse_direction, settings.dataverse_show_as) == ("to-outlook", "busy,oof")
    assert (settings.dataverse_proposed, settings.dataverse_titles) == ("out", "busy")
    assert (settings.dataverse_conflict, settings.dataverse_work_orders) == ("birth", "auto")


@pytest.mark.parametrize("name", ["DATAVERSE_URL", "DATAVERSE_RESOURCES"])
@pytest.mark.parametrize(("features", "is_missing"), [("relay,Dataverse", True), ("relay", False), ("", False)])
def test_what_is_required_is_required_while_the_feature_is_on(name: str, features: str, is_missing: bool) -> None:  # noqa: FBT001
    """Reading it names it; an app without the feature knows nothing of it."""
    settings = Settings.load({key: value for key, value in COMPLETE.items() if key != name} | {"FEATURES": features})
    assert settings.problems == ({name: "is not set"} if is_missing else {})
    if is_missing:
        with pytest.raises(ConfigurationError, match=name):
            getattr(settings, name.lower())
    else:
        assert getattr(settings, name.lower()) == ""


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_value_that_does_not_fit_is_named_alone(name: str, value: str) -> None:
    """Reading it raises; no value is shown."""
    settings = Settings.load(COMPLETE | {name: value})
    assert list(settings.problems) == [name]
    assert "canary" not in str(settings.problems)
    with pytest.raises(ConfigurationError, match=name):
        getattr(settings, name.lower())


@pytest.mark.parametrize("direction", ["to-outlook", "both", "to-dataverse"])
def test_each_direction_is_accepted(direction: str) -> None:
    """It is read as it is written."""
    settings = Settings.load(COMPLETE | {"DATAVERSE_DIRECTION": direction})
    assert "DATAVERSE_DIRECTION" not in settings.problems
    assert settings.dataverse_direction == direction


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("DATAVERSE_URL", f"{URL}/", URL), ("DATAVERSE_URL", "HTTPS://Contoso.CRM4.dynamics.com", URL),
        ("DATAVERSE_RESOURCES", "COLUMN:New_CalendarRelay", "column:new_calendarrelay"),
        ("DATAVERSE_RESOURCES", f" {ID.upper()} , {ID},", ID),
        ("DATAVERSE_SHOW_AS", " oof , busy ", "busy,oof"),
        ("DATAVERSE_SHOW_AS", "workingElsewhere", "workingElsewhere"),
    ],
)  # fmt: skip
def test_other_spellings_are_the_same(name: str, given: str, read: str) -> None:
    """The address is part of the token's scope, and ids are compared."""
    assert getattr(Settings.load(COMPLETE | {name: given}), name.lower()) == read
