"""The deployment: one list of settings, few roles, no secrets. The tests read the text that an auditor reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

from shared.config import UNSET, Settings

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
BICEP = {str(path.relative_to(INFRA)): path.read_text() for path in sorted(INFRA.rglob("*.bicep"))}
APP = BICEP["modules/function-app.bicep"]
assert len(BICEP) > 8
OF_THE_HOST = {"AZURE_FUNCTIONS_ENVIRONMENT"}  # set by the host, to Production in Azure
LOCAL_ONLY = {"FUNCTIONS_WORKER_RUNTIME", "AZURE_FUNCTIONS_ENVIRONMENT", "AzureWebJobsStorage"}
ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}  # "Azure built-in roles"


def block(text: str, name: str) -> dict[str, str]:
    """Return the names and values of a variable that is an object with one line each."""
    [body] = re.findall(rf"^var {name} = {{\n(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^  (\w+): (.+?)$", body, re.MULTILINE))


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
    [body] = re.findall(r"choices: {\n(.*?)\n    }", BICEP["main.bicep"], re.DOTALL)
    assert set(re.findall(r"^ +(\w+):", body, re.MULTILINE)) == chosen
    assert {name for name, value in settings.items() if value.startswith("choices.")} == chosen


def test_no_setting_holds_a_secret() -> None:
    """Storage and logs are reached by identity; the only connection string is useless without a token."""
    platform = block(APP, "platformSettings")
    assert platform["AzureWebJobsStorage__credential"] == "'managedidentity'"
    assert "AzureWebJobsStorage" not in platform
    assert "allowSharedKeyAccess: false" in BICEP["modules/storage.bicep"]
    assert "DisableLocalAuth: true" in BICEP["modules/monitoring.bicep"]
    assert "Authorization=AAD" in platform["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


def test_every_parameter_can_be_set_by_azd() -> None:
    """A parameter without a default has a value in main.parameters.json, and each value there has a parameter."""
    asked = dict(re.findall(r"^param (\w+) \w+( = )?", BICEP["main.bicep"], re.MULTILINE))
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert given.keys() <= asked.keys()
    assert {name for name, default in asked.items() if not default} <= given.keys()
    described = len(re.findall(r"^@description\(", BICEP["main.bicep"], re.MULTILINE))
    assert described == len(asked)


def test_the_roles_are_few_and_narrow() -> None:
    """Five, each on a single resource and with a reason; no Contributor, Owner for blobs only, nothing wider."""
    text = BICEP["modules/roles.bicep"]
    found = re.findall(r"name: '([^']+)'\n +id: '([0-9a-f-]{36})'\n +reason: '(.{40,})'|"
                       r"name: '([^']+)'\n  id: '([0-9a-f-]{36})'\n  reason: '(.{40,})'", text)  # fmt: skip
    assert {one[0] or one[3]: one[1] or one[4] for one in found} == ROLES
    assert set(re.findall(r"^  scope: (\w+)$", text, re.MULTILINE)) == {"storage", "vault", "insights"}
    elsewhere = {name: body for name, body in BICEP.items() if name != "modules/roles.bicep"}
    for name, body in elsewhere.items():
        assert "roleAssignments" not in body, name
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", body), name
    assignments = len(re.findall(r"roleAssignments@", text))
    assert assignments == len(re.findall(r"principalId: principalId", text)) == 3


def test_the_subscription_gets_only_the_resource_group() -> None:
    """And a deployment into it."""
    scoped = [name for name, body in BICEP.items() if "targetScope" in body]
    assert scoped == ["main.bicep"]
    made = re.findall(r"^resource \w+ '(.+?)@", BICEP["main.bicep"], re.MULTILINE)
    assert made == ["Microsoft.Resources/resourceGroups"]
    assert re.findall(r"^module \w+ '(.+?)'", BICEP["main.bicep"], re.MULTILINE) == ["resources.bicep"]


def test_no_secret_is_a_parameter_or_an_output() -> None:
    """The history of deployments would show it. Nothing lists keys, and outputs are names and addresses."""
    for name, body in BICEP.items():
        assert not re.search(r"\blist\w*\(|getSecret\(|@secure", body), name
        assert "vaults/secrets" not in body, name
        for line in re.findall(r"^(?:output|param) .+$", body, re.MULTILINE):
            assert not re.search(r"secret|password|token|connection|accountkey", line, re.IGNORECASE), line
    ends = re.findall(r"^output \w+ string = (.+)$", BICEP["main.bicep"], re.MULTILINE)
    assert len(ends) == 11
    for end in ends:
        assert re.fullmatch(r"location|tenant\(\)\.tenantId|subscription\(\)\.subscriptionId|group\.name|graphSignIn|"
                            r"resources\.outputs\.(\w*Name|url|clientId|identityPrincipalId)", end), end  # fmt: skip


def test_typed_symbols_have_a_literal_name() -> None:
    """The compiler derives property types from it; a loop variable causes warning BCP225, and CI stops there."""
    kinds = "basicPublishingCredentialsPolicies|sites/config"
    for name, body in BICEP.items():
        made = re.findall(rf"({kinds})@[\d-]+' = {{\n  parent: \w+\n  name: '\w+'\n", body)
        assert len(made) == len(re.findall(rf"({kinds})@", body)), name
    assert APP.count("basicPublishingCredentialsPolicies@") == APP.count("{ allow: false }") == 2


def test_address_lists_are_split_by_a_single_module() -> None:
    """With or without blanks, and with a trailing comma: alerts and budget use the same list."""
    cut = "filter(split(replace(alertEmails, ' ', ''), ','), address => !empty(address))"
    assert f"alertEmails: {cut}\n" in BICEP["main.bicep"]
    assert [name for name, body in BICEP.items() if re.search(r"\b(split|trim)\(", body)] == ["main.bicep"]
    assert BICEP["modules/budget.bicep"].count("contactEmails: emails\n") == 2
    assert "emailAddress: address\n" in BICEP["modules/alerts.bicep"]


def test_modules_are_local_and_files_short() -> None:
    """A registry's modules could not be reviewed here."""
    for name, body in BICEP.items():
        assert len(body.splitlines()) <= 250, name
        assert not re.search(r"'(br|ts)[:/]", body), name


def test_graph_meets_no_cold_start() -> None:
    """One HTTP instance is always ready, with as many concurrent requests as the worker has threads."""
    assert "alwaysReady: [{ name: 'http', instanceCount: 1 }]" in APP
    threads = block(APP, "platformSettings")["PYTHON_THREADPOOL_THREAD_COUNT"].strip("'")
    assert f"perInstanceConcurrency: {threads}" in APP
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    assert example["PYTHON_THREADPOOL_THREAD_COUNT"] == threads
