"""infra/createUiDefinition.json, the portal's form: it gives what the template takes, and checks every answer.

Elements, properties and functions are those of Microsoft's pages "CreateUiDefinition.json file for portal pane",
"CreateUiDefinition elements" (with the page of each element) and "CreateUiDefinition functions".
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shared.config import Settings
from shared.features import BY_NAME
from tests.architecture.bicep_files import parameters
from tools.deploy_button import FORM
from tools.deployment.preflight import PROVIDERS

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = json.loads(FORM.read_text(encoding="utf-8"))
CONTENT = DOCUMENT["parameters"]
ELEMENTS = {element["name"]: element for element in CONTENT["basics"]}
QUESTIONS = {name: element for name, element in ELEMENTS.items() if element["type"] == "Microsoft.Common.TextBox"}
OF_MAIN = {parameter.name: parameter for parameter in parameters() if parameter.file == "main.bicep"}
VERSION = "0.1.2-preview"
PROPERTIES = {
    "Microsoft.Common.TextBox": {"name", "type", "label", "defaultValue", "toolTip", "constraints", "visible"},
    "Microsoft.Common.InfoBox": {"name", "type", "visible", "options"},
}
FUNCTIONS = {"basics": "string", "coalesce": "string", "location": "string", "bool": "bool"}
MATCHES = """
const [pattern, texts] = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => new RegExp(pattern).test(text))));
"""
LABEL = "a" * 63

ACCEPTED = {
    "partnerWebhookUrl": (
        "https://partner.example/webhook", "https://hooks.partner.example:8443/a/b?c=d&e=%20", "https://a.b",
        "https://partner.example:443", f"https://{LABEL}.example/", "https://xn--bcher-kva.example?x=1",
    ),
    "allowedMailboxes": (
        "room1@contoso.com", "room1@contoso.com, room2@contoso.com", "@contoso.com", "roomlist:building1@contoso.com",
        "o'neil+x@sub.contoso.co.uk,@contoso.com",
    ),
    "features": ("calendars", "calendars,scheduling,bookings", "scheduling , bookings"),
    "dataverseUrl": ("https://contoso.crm4.dynamics.com", "https://contoso.crm.dynamics.com/", "https://o.crm.dynamics.cn"),
    "dataverseResources": (
        "column:new_calendarrelay", "0b0b0b0b-0000-4000-8000-00000000000a",
        "0b0b0b0b-0000-4000-8000-00000000000a, 0b0b0b0b-0000-4000-8000-00000000000b",
    ),
    "dataverseDirection": ("to-outlook", "both", "to-dataverse"),
    "alertEmails": ("it@contoso.com", "it@contoso.com, operations@contoso.com"),
}  # fmt: skip
REFUSED = {
    "partnerWebhookUrl": (
        "", "partner.example/webhook", "http://partner.example/webhook", "https://", "https://partner", "https://10.0.0.1/x",
        "https://[::1]/x", "https://localhost/x", "https://relay.internal/x", "https://relay.local:8443/",
        "https://user:secret@partner.example/x", "https://partner.example/x#y", "https://partner.example./x",
        "https://partner.example:0/", "https://partner.example:25/", "https://partner.example:70000/",
        "https://partner.example/a b", "https://pärtner.example/", "https://0x7f.1/", "ftp://partner.example/",
        f"https://{LABEL}a.example/", "https://-a.example/",
    ),
    "allowedMailboxes": (
        "room1", "room1@contoso", "room1@contoso.com;room2@contoso.com", "room1@contoso.com room2@contoso.com",
        "room1@contoso.com,", "roomlist:@contoso.com", "roomlists:building1@contoso.com", "contoso.com", "@.com",
    ),
    "features": ("calendar", "calendars;scheduling", "relay,calendars", "Calendars", "calendars,"),
    "dataverseUrl": (
        "contoso.crm4.dynamics.com", "http://contoso.crm4.dynamics.com", "https://contoso", "https://c.crm4.dynamics.com/x",
        "https://contoso.crm4.dynamics.com/api/data/v9.2/", "https://user@contoso.crm4.dynamics.com", "https://o.d.com?a=b",
    ),
    "dataverseResources": (
        "new_calendarrelay", "column:", "column:New Relay", "column:a,column:b", "0b0b0b0b", "ola@contoso.com",
        "0b0b0b0b-0000-4000-8000-00000000000a;0b0b0b0b-0000-4000-8000-00000000000b",
    ),
    "dataverseDirection": ("both ways", "outlook", "To-Outlook", "to-outlook,to-dataverse", "from-outlook"),
    "alertEmails": ("it", "@contoso.com", "it@contoso.com;operations@contoso.com", "it@contoso"),
}  # fmt: skip


@cache
def matches(pattern: str, texts: tuple[str, ...]) -> list[bool]:
    """Return which texts match in JavaScript, as in the portal's page."""
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "-e", MATCHES],
        input=json.dumps([pattern, texts]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers: list[bool] = json.loads(done.stdout)
    return answers


def pattern_of(name: str) -> str:
    """Return the regular expression of a question."""
    [validation] = QUESTIONS[name]["constraints"]["validations"]
    assert validation["message"].endswith(".")
    return str(validation["regex"])


def expressions() -> dict[str, str]:
    """Return the outputs that are expressions, without their brackets."""
    return {name: value[1:-1] for name, value in CONTENT["outputs"].items() if value.startswith("[")}


def test_the_form_has_the_documented_outline() -> None:
    """The version is the schema's, and every element has properties of its page only."""
    schema = f"https://schema.management.azure.com/schemas/{VERSION}/CreateUIDefinition.MultiVm.json#"
    assert (DOCUMENT["$schema"], DOCUMENT["version"]) == (schema, VERSION)
    assert DOCUMENT["handler"] == "Microsoft.Azure.CreateUIDef"
    assert set(CONTENT) == {"config", "basics", "steps", "outputs"}
    assert next(iter(CONTENT)) == "config"
    assert CONTENT["config"]["basics"].keys() <= {"description", "subscription", "resourceGroup", "location"}
    assert len(ELEMENTS) == len(CONTENT["basics"])
    for name, element in ELEMENTS.items():
        assert element.keys() <= PROPERTIES[element["type"]], name


def test_it_has_seven_questions() -> None:
    """Beside subscription, group and region, which the portal asks; each has a label and says what to enter.

    Those of the feature dataverse are asked once it is named.
    """
    of_dataverse = ["dataverseUrl", "dataverseResources", "dataverseDirection"]
    assert list(QUESTIONS) == ["partnerWebhookUrl", "allowedMailboxes", "features", *of_dataverse, "alertEmails"]
    conditions = {name: element.get("visible") for name, element in QUESTIONS.items() if "visible" in element}
    assert conditions == dict.fromkeys(of_dataverse, "[contains(coalesce(basics('features'), ''), 'dataverse')]")
    for name, element in QUESTIONS.items():
        assert element["label"], name
        assert element["toolTip"].endswith("."), name
        assert element["constraints"].keys() == {"required", "validations"}, name
        assert element["constraints"]["required"] == (name in {"partnerWebhookUrl", "allowedMailboxes"}), name


def test_every_output_is_a_parameter_of_its_type() -> None:
    """Of the template; those without a default are given. None has a list of allowed values."""
    outputs = CONTENT["outputs"]
    assert outputs.keys() <= OF_MAIN.keys()
    assert {name for name, parameter in OF_MAIN.items() if parameter.default is None} <= outputs.keys()
    for name in outputs:
        given = FUNCTIONS[expressions()[name].partition("(")[0]] if name in expressions() else "string"
        assert OF_MAIN[name].type == given, name
        assert not any("@allowed" in decorator for decorator in OF_MAIN[name].decorators), name


def test_every_function_and_every_name_in_an_output_exists() -> None:
    """Each question is given; an empty one as an empty text, because an element without input can have no value."""
    for name, text in expressions().items():
        assert set(re.findall(r"(\w+)\(", text)) <= FUNCTIONS.keys(), name
    used = {name: re.findall(r"basics\('(\w+)'\)", text) for name, text in expressions().items()}
    assert {name: names for name, names in used.items() if names} == {name: [name] for name in QUESTIONS}
    optional = {name for name, element in QUESTIONS.items() if not element["constraints"]["required"]}
    assert {name for name, text in expressions().items() if text.startswith("coalesce(")} == optional


def test_a_new_deployment_has_the_groups_name_and_a_host_name_of_its_own() -> None:
    """Names derive from the group, so that the same answers name the same resources again."""
    assert CONTENT["outputs"].keys().isdisjoint({"environmentName", "suffix"})
    assert OF_MAIN["environmentName"].default == "resourceGroup().name"
    assert expressions()["uniqueHostName"] == "bool('true')"
    assert expressions()["location"] == "location()"


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_checked_before_the_deployment(name: str) -> None:
    """By a regular expression of JavaScript, which knows these examples apart."""
    accepted, refused = ACCEPTED[name], REFUSED[name]
    assert dict(zip(accepted, matches(pattern_of(name), accepted), strict=True)) == dict.fromkeys(accepted, True)
    assert dict(zip(refused, matches(pattern_of(name), refused), strict=True)) == dict.fromkeys(refused, False)


def test_the_relay_accepts_every_address_that_the_form_accepts() -> None:
    """The form is the stricter one, so that no deployment ends with a setting that the relay refuses."""
    for address in ACCEPTED["partnerWebhookUrl"]:
        assert Settings.load({"PARTNER_WEBHOOK_URL": address}).partner_webhook_url == address
    pattern = pattern_of("partnerWebhookUrl")
    by_relay = ("https://partner.example:80/", "https://PARTNER.example/", "https://203.0.114.1/")
    assert matches(pattern, by_relay) == [False] * 3
    assert all(Settings.load({"PARTNER_WEBHOOK_URL": each}).partner_webhook_url for each in by_relay)


def test_the_relay_accepts_what_the_form_accepts_of_dataverse() -> None:
    """So that no deployment ends with a setting that the relay refuses."""
    names = ("dataverseUrl", "dataverseResources", "dataverseDirection")
    for name, setting in zip(names, ("DATAVERSE_URL", "DATAVERSE_RESOURCES", "DATAVERSE_DIRECTION"), strict=True):
        for text in ACCEPTED[name]:
            assert Settings.load({"FEATURES": "dataverse", setting: text}).problems.get(setting) is None


def test_the_features_are_those_of_the_relay() -> None:
    """In the expression and in the text beside the field."""
    pairs = tuple(f"{first},{second}" for first in BY_NAME for second in BY_NAME)
    assert all(matches(pattern_of("features"), pairs))
    assert set(re.findall(r"[a-z]{4,}", pattern_of("features"))) == BY_NAME.keys()
    assert all(name in QUESTIONS["features"]["toolTip"] for name in BY_NAME)


def test_the_form_shows_what_the_deployment_would_lack() -> None:
    """Providers that are not registered, and both roles (docs/deployment-rights.md), before anything is created."""
    basics = CONTENT["config"]["basics"]
    assert tuple(basics["subscription"]["resourceProviders"]) == PROVIDERS
    permissions = [check["permission"] for check in basics["resourceGroup"]["constraints"]["validations"]]
    assert permissions == ["Microsoft.Web/sites/write", "Microsoft.Authorization/roleAssignments/write"]
    assert basics["resourceGroup"]["allowExisting"] is True


def test_the_form_leads_to_the_steps_after_it() -> None:
    """To a heading of the page."""
    address = ELEMENTS["afterwards"]["options"]["uri"]
    path, _, anchor = address.partition("/blob/vVERSION/")[2].partition("#")
    headings = re.findall(r"^## (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_the_description_of_packageuri_requires_a_version() -> None:
    """In the description that the portal's own form shows: a later deployment fetches the address again."""
    [description] = [text for text in OF_MAIN["packageUri"].decorators if text.startswith("@description(")]
    assert "one version, never of latest" in description
    assert OF_MAIN["packageUri"].default == "''"
