"""The app settings of the deployment: one list in Bicep, code and docs, and no secret in it."""

from __future__ import annotations

import json
import re

from shared.config import UNSET, Settings
from tests.architecture.bicep_files import APP, BICEP, MAIN, ROOT, block

CHOICES = BICEP["modules/relay-choices.bicep"]
OF_THE_HOST = {"AZURE_FUNCTIONS_ENVIRONMENT"}  # set by the host, to Production in Azure
LOCAL_ONLY = {"FUNCTIONS_WORKER_RUNTIME", "AZURE_FUNCTIONS_ENVIRONMENT", "AzureWebJobsStorage"}
# "Azure Functions Flex Consumption plan hosting", Deprecated properties and settings; and settings of a remote build.
REFUSED = re.compile(
    r"FUNCTIONS_(WORKER_RUNTIME|EXTENSION_VERSION|WORKER_PROCESS_COUNT)|WEBSITE_(RUN_FROM_PACKAGE|CONTENT\w+|TIME_ZONE)|"
    r"SCM_DO_BUILD\w*|ENABLE_ORYX_BUILD|TZ"
)


def test_the_settings_are_the_same_everywhere() -> None:
    """In Bicep, in the code, in the example for local work, and on their page."""
    code = {name.upper() for name in Settings.model_fields} - OF_THE_HOST
    assert block(APP, "relaySettings").keys() == code
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    platform = block(APP, "platformSettings").keys()
    assert example.keys() - LOCAL_ONLY - platform == code
    page = (ROOT / "docs/settings.md").read_text()
    assert {name for name in {*code, *platform} if not re.search(rf"\b{name}\b", page)} == set()


def test_a_setting_without_a_parameter_has_the_codes_default() -> None:
    """Otherwise the page would be wrong for either Bicep or the code."""
    literal = {name: value.strip("'") for name, value in block(APP, "relaySettings").items() if value.startswith("'")}
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert len(literal) > 15
    assert not [name for name in literal if defaults[name] is UNSET]
    loaded = Settings.load(literal)
    assert {name: getattr(loaded, name.lower()) for name in literal} == {name: defaults[name] for name in literal}


def test_every_parameter_is_passed_on() -> None:
    """Every choice of main.bicep becomes the setting with the same name."""
    settings = block(APP, "relaySettings")
    chosen = {name for name, value in settings.items() if value == f"choices.{name}"}
    [body] = re.findall(r"choices: {\n(.*?)\n    }", MAIN, re.DOTALL)
    assert set(re.findall(r"^ +(\w+):", body, re.MULTILINE)) == chosen
    assert {name for name, value in settings.items() if value.startswith("choices.")} == chosen
    [declared] = re.findall(r"^type relayChoices = {\n(.*?)^}", CHOICES, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"^  (\w+): string$", declared, re.MULTILINE)) == chosen


def test_no_setting_is_refused_by_the_plan() -> None:
    """Flex Consumption refuses some settings, and others are for a build in Azure, which the package does not need."""
    names = [*block(APP, "relaySettings"), *block(APP, "platformSettings")]
    assert [name for name in names if REFUSED.fullmatch(name)] == []
    assert REFUSED.fullmatch("WEBSITE_CONTENTSHARE")
    assert REFUSED.fullmatch("SCM_DO_BUILD_DURING_DEPLOYMENT")


def test_no_setting_holds_a_secret() -> None:
    """Storage and logs are reached by identity; the only connection string is useless without a token."""
    platform = block(APP, "platformSettings")
    assert platform["AzureWebJobsStorage__credential"] == "'managedidentity'"
    assert "AzureWebJobsStorage" not in platform
    assert "allowSharedKeyAccess: false" in BICEP["modules/storage.bicep"]
    assert "DisableLocalAuth: true" in BICEP["modules/monitoring.bicep"]
    assert "Authorization=AAD" in platform["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


def test_the_platforms_page_is_off_and_its_settings_win() -> None:
    """The address / would name the platform. Other settings cannot replace those of the platform."""
    assert block(APP, "platformSettings")["AzureWebJobsDisableHomepage"] == "'true'"
    assert "  properties: union(relaySettings, otherSettings, platformSettings)\n" in APP
