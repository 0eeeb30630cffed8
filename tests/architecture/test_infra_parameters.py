"""What the template asks for and gives back: typed parameters that a form can show, and names as outputs."""

from __future__ import annotations

import json
import re

from tests.architecture.bicep_files import BICEP, INFRA, MAIN, ROOT, parameters

OF_MAIN = {parameter.name: parameter for parameter in parameters() if parameter.file == "main.bicep"}
BY_AZD = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
SNAPSHOTS = {path.stem: path.read_text() for path in sorted((INFRA / "snapshots").glob("*.bicepparam"))}
OUTPUTS = dict(re.findall(r"^output (\w+) string = (.+?)(?: //.*)?$", MAIN, re.MULTILINE))
# Not by azd: the address of a release's package, since azd has the code, and ranges that one seldom changes.
NOT_BY_AZD = {"packageUri", "addressPrefixes", "graphAddressRanges"}


def test_every_parameter_has_a_type() -> None:
    """A bare object or array would accept anything, and Azure would refuse it minutes later."""
    declared = parameters()
    assert len(declared) == sum(len(re.findall(r"^param ", text, re.MULTILINE)) for text in BICEP.values())
    bare = [(parameter.file, parameter.name) for parameter in declared if parameter.type in {"object", "array"}]
    assert bare == []
    assert [
        line for text in BICEP.values() for line in text.splitlines() if re.match(r"output \w+ (object|array)", line)
    ] == []


def test_every_parameter_is_used() -> None:
    """In its file, outside comments and descriptions: a choice of main.bicep reaches its module and its resource."""
    used = {
        file: re.sub(r"^(?:@description\(.*\)|param (\w+) [^=\n]+)|//.*$", "", text, flags=re.MULTILINE)
        for file, text in BICEP.items()
    }
    keys = {file: re.sub(r"^ +\w+:", "", text, flags=re.MULTILINE) for file, text in used.items()}
    declared = [(parameter.file, parameter.name) for parameter in parameters()]
    assert [(file, name) for file, name in declared if not re.search(rf"(?<!\.)\b{name}\b", keys[file])] == []


def test_a_form_can_show_every_parameter() -> None:
    """Each has a description of its own, of one sentence at least; only the partner's address is required."""
    texts = {
        name: re.findall(r"^@description\('(.+)'\)$", "\n".join(OF_MAIN[name].decorators), re.MULTILINE)
        for name in OF_MAIN
    }
    assert [name for name, text in texts.items() if len(text) != 1 or not text[0].endswith(".")] == []
    assert len({text[0] for text in texts.values()}) == len(OF_MAIN)
    assert [name for name, parameter in OF_MAIN.items() if parameter.default is None] == ["partnerWebhookUrl"]
    silent = {
        name for name, parameter in OF_MAIN.items()
        if parameter.default == "''" and not re.search("[Ee]mpty", texts[name][0])
    }  # fmt: skip
    assert silent == set()


def test_a_number_has_limits() -> None:
    """A form refuses what is outside."""
    for name, parameter in OF_MAIN.items():
        if parameter.type == "int":
            decorators = " ".join(parameter.decorators)
            assert "@allowed(" in decorators or ("@minValue(" in decorators and "@maxValue(" in decorators), name


def test_every_parameter_can_be_set_by_azd() -> None:
    """By a variable of its environment, or in main.parameters.json; each value there has a parameter."""
    assert BY_AZD.keys() == OF_MAIN.keys() - NOT_BY_AZD
    for name, given in BY_AZD.items():
        value = given["value"]
        default = OF_MAIN[name].default
        if not isinstance(value, str):
            assert value == ([] if OF_MAIN[name].type.endswith("[]") else {}), name
        elif match := re.fullmatch(r"\$\{[A-Z_]+=(.+)\}", value):
            assert (default or "").strip("'") == match[1], name
        else:  # azd passes an empty text for an unset variable
            assert re.fullmatch(r"\$\{[A-Z_]+\}", value), name
            assert default in {"''", None} or name in {"environmentName", "location", "suffix"}, name


def test_what_azd_keeps_is_what_it_passes_again() -> None:
    """Names stay although the region is spelt otherwise; a vault is recovered once; a budget keeps its start."""
    kept = {
        "suffix": "RELAY_SUFFIX",
        "recoverVault": "RECOVER_VAULT",
        "budgetStart": "BUDGET_START",
        "location": "AZURE_LOCATION",
    }
    for name, variable in kept.items():
        assert BY_AZD[name]["value"].startswith(f"${{{variable}"), name
        assert variable in OUTPUTS
    assert OUTPUTS["RECOVER_VAULT"] == "'false'"


def test_outputs_are_names_and_addresses() -> None:
    """The hooks and the docs read them by these names."""
    assert OUTPUTS.keys() == {
        "AZURE_LOCATION", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "AZURE_RESOURCE_GROUP", "RELAY_APP_NAME",
        "RELAY_URL", "RELAY_VAULT_NAME", "RELAY_GRAPH_CREDENTIAL", "RELAY_CLIENT_ID", "RELAY_IDENTITY_NAME",
        "RELAY_IDENTITY_PRINCIPAL_ID", "RELAY_SUFFIX", "RECOVER_VAULT", "BUDGET_START", "RELAY_RESTRICT_INBOUND",
        "RELAY_OUTGOING_ADDRESS",
    }  # fmt: skip
    scopes = r"tenant\(\)\.tenantId|subscription\(\)\.subscriptionId|resourceGroup\(\)\.name"
    for name, value in OUTPUTS.items():
        addresses = r"\w+\.outputs\.(\w*[Nn]ame|url|clientId|identityPrincipalId|budgetStart|outgoingAddress)"
        assert re.fullmatch(
            rf"location|ending|graphSignIn|'false'|{scopes}|restrictInbound \? 'true' : 'false'|{addresses}", value
        ), name


def test_the_parameter_files_of_the_snapshots_use_every_parameter() -> None:
    """So the compiler's snapshots show what each of them changes. A budget without a start differs each month."""
    assert SNAPSHOTS.keys() == {"plain", "private-network", "existing-network", "restricted", "budget", "client-secret"}
    used = {name for text in SNAPSHOTS.values() for name in re.findall(r"^param (\w+) = ", text, re.MULTILINE)}
    assert OF_MAIN.keys() - used == {"graphAddressRanges"}
    for name, text in SNAPSHOTS.items():
        assert re.search(r"^using '\.\./main\.bicep'$", text, re.MULTILINE), name
        assert ("budgetAmount" in text) == ("budgetStart" in text), name


def test_the_page_explains_what_platform_teams_choose() -> None:
    """Every parameter whose description alone does not say what follows from it."""
    page = (ROOT / "docs/template.md").read_text()
    rows = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert rows <= OF_MAIN.keys()
    assert {
        "suffix", "tags", "appSubnetId", "endpointSubnetId", "privateDnsZoneIds", "workspaceId", "actionGroupId",
        "fixedOutgoingAddress", "zoneRedundant", "diagnosticsWorkspaceId", "diagnosticsEventHubRuleId",
        "updateStrategy",     "diagnosticsEventHubName", "uniqueHostName", "deliverAlwaysReady", "logDailyQuotaGb",
        "packageUri", "budgetStart", "privateNetworking", "recoverVault", "budgetAmount",
    } <= rows  # fmt: skip
