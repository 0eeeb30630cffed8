"""What is deployed: one list of settings, few roles, no secrets. What the text says is what an auditor reads."""

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
OF_THE_HOST = {"AZURE_FUNCTIONS_ENVIRONMENT"}  # which sets it itself, to Production in Azure
LOCAL_ONLY = {"FUNCTIONS_WORKER_RUNTIME", "AZURE_FUNCTIONS_ENVIRONMENT", "AzureWebJobsStorage"}
ROLES = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}  # "Azure built-in roles"


def block(text: str, name: str) -> dict[str, str]:
    """Return the names and values of a variable that is an object of one line each."""
    [body] = re.findall(rf"^var {name} = {{\n(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^  (\w+): (.+?)$", body, re.MULTILINE))


def test_the_settings_are_one_list() -> None:
    """In Bicep, in the code, in the example for local work, and on their page: none is missing, and none too many."""
    code = {name.upper() for name in Settings.model_fields} - OF_THE_HOST
    assert block(APP, "relaySettings").keys() == code
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    platform = block(APP, "platformSettings").keys()
    assert example.keys() - LOCAL_ONLY - platform == code
    page = (ROOT / "docs/settings.md").read_text()
    assert {name for name in {*code, *platform} if not re.search(rf"\b{name}\b", page)} == set()


def test_what_bicep_does_not_ask_for_is_as_the_code_has_it() -> None:
    """A default that differs would make the page lie to one of the two."""
    literal = {name: value.strip("'") for name, value in block(APP, "relaySettings").items() if value.startswith("'")}
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert len(literal) > 15
    assert not [name for name in literal if defaults[name] is UNSET]
    loaded = Settings.load(literal)
    assert {name: getattr(loaded, name.lower()) for name in literal} == {name: defaults[name] for name in literal}


def test_what_bicep_asks_for_arrives() -> None:
    """Every choice of main.bicep is a setting of the same name, and none is asked for in vain."""
    settings = block(APP, "relaySettings")
    chosen = {name for name, value in settings.items() if value == f"choices.{name}"}
    [body] = re.findall(r"choices: {\n(.*?)\n    }", BICEP["main.bicep"], re.DOTALL)
    assert set(re.findall(r"^ +(\w+):", body, re.MULTILINE)) == chosen
    assert {name for name, value in settings.items() if value.startswith("choices.")} == chosen


def test_no_setting_holds_a_secret() -> None:
    """Storage and logs are reached by identity; the one connection string opens nothing without a token."""
    platform = block(APP, "platformSettings")
    assert platform["AzureWebJobsStorage__credential"] == "'managedidentity'"
    assert "AzureWebJobsStorage" not in platform
    assert "allowSharedKeyAccess: false" in BICEP["modules/storage.bicep"]
    assert "DisableLocalAuth: true" in BICEP["modules/monitoring.bicep"]
    assert "Authorization=AAD" in platform["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


def test_every_parameter_can_be_set_by_azd() -> None:
    """What has no default has a value in main.parameters.json; what stands there exists."""
    asked = dict(re.findall(r"^param (\w+) \w+( = )?", BICEP["main.bicep"], re.MULTILINE))
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    assert given.keys() <= asked.keys()
    assert {name for name, default in asked.items() if not default} <= given.keys()
    described = len(re.findall(r"^@description\(", BICEP["main.bicep"], re.MULTILINE))
    assert described == len(asked)


def test_the_roles_are_few_and_narrow() -> None:
    """Five, each on one resource and with its reason; no Contributor, no Owner but of blobs, nothing wider."""
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


def test_nothing_is_made_in_the_subscription_but_the_group() -> None:
    """And a deployment into it."""
    scoped = [name for name, body in BICEP.items() if "targetScope" in body]
    assert scoped == ["main.bicep"]
    made = re.findall(r"^resource \w+ '(.+?)@", BICEP["main.bicep"], re.MULTILINE)
    assert made == ["Microsoft.Resources/resourceGroups"]
    assert re.findall(r"^module \w+ '(.+?)'", BICEP["main.bicep"], re.MULTILINE) == ["resources.bicep"]


def test_no_secret_is_a_parameter_or_an_output() -> None:
    """They would stand in the history of deployments. Nothing lists keys, and only names and addresses come out."""
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


def test_what_a_name_tells_the_type_of_has_a_literal_one() -> None:
    """By it the compiler tells their properties; with a loop's variable it warns (BCP225), and CI stops there."""
    kinds = "basicPublishingCredentialsPolicies|sites/config"
    for name, body in BICEP.items():
        made = re.findall(rf"({kinds})@[\d-]+' = {{\n  parent: \w+\n  name: '\w+'\n", body)
        assert len(made) == len(re.findall(rf"({kinds})@", body)), name
    assert APP.count("basicPublishingCredentialsPolicies@") == APP.count("{ allow: false }") == 2


def test_addresses_are_cut_at_commas_in_one_place() -> None:
    """With or without spaces, and a comma too many: alerts and budget take the list as it is."""
    cut = "filter(split(replace(alertEmails, ' ', ''), ','), address => !empty(address))"
    assert f"alertEmails: {cut}\n" in BICEP["main.bicep"]
    assert [name for name, body in BICEP.items() if re.search(r"\b(split|trim)\(", body)] == ["main.bicep"]
    assert BICEP["modules/budget.bicep"].count("contactEmails: emails\n") == 2
    assert "emailAddress: address\n" in BICEP["modules/alerts.bicep"]


def test_modules_are_our_own_and_the_files_short() -> None:
    """A registry's modules could not be read here."""
    for name, body in BICEP.items():
        assert len(body.splitlines()) <= 250, name
        assert not re.search(r"'(br|ts)[:/]", body), name


def test_graph_meets_no_cold_start() -> None:
    """One HTTP instance is always ready, with as many requests at once as the worker has threads."""
    assert "alwaysReady: [{ name: 'http', instanceCount: 1 }]" in APP
    threads = block(APP, "platformSettings")["PYTHON_THREADPOOL_THREAD_COUNT"].strip("'")
    assert f"perInstanceConcurrency: {threads}" in APP
    example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
    assert example["PYTHON_THREADPOOL_THREAD_COUNT"] == threads
