"""The names of all resources are those of the template of subscription scope, so that a moved deployment keeps them."""

from __future__ import annotations

import re

from tests.architecture.bicep_files import BICEP, MAIN, ROOT, Resource, modules, parameters, resources

# Type and name of each resource that the template of subscription scope created in its group; S is the suffix.
BEFORE = {
    ("Microsoft.Authorization/roleAssignments", "guid(insights.id, principalId, onInsights.id)"),
    ("Microsoft.Authorization/roleAssignments", "guid(storage.id, principalId, role.id)"),
    ("Microsoft.Authorization/roleAssignments", "guid(vault.id, principalId, onVault.id)"),
    ("Microsoft.Consumption/budgets", "'calendar-relay'"),
    ("Microsoft.Insights/actionGroups", "'ag-calendar-relay'"),
    ("Microsoft.Insights/components", "'appi-relay-S'"),
    ("Microsoft.Insights/diagnosticSettings", "'audit'"),
    ("Microsoft.Insights/scheduledQueryRules", "'relay-${rule.name}'"),
    ("Microsoft.Insights/workbooks", "guid(insights.id, 'calendar-relay')"),
    ("Microsoft.KeyVault/vaults", "'kv-relay-S'"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "'id-relay-S'"),
    ("Microsoft.Network/networkSecurityGroups", "'nsg-relay-S'"),
    ("Microsoft.Network/privateDnsZones", "endpoint.zone"),
    ("Microsoft.Network/privateDnsZones/virtualNetworkLinks", "'relay'"),
    ("Microsoft.Network/privateEndpoints", "'pe-${endpoint.name}-S'"),
    ("Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "'default'"),
    ("Microsoft.Network/virtualNetworks", "'vnet-relay-S'"),
    ("Microsoft.OperationalInsights/workspaces", "'log-relay-S'"),
    ("Microsoft.Storage/storageAccounts", "'strelayS'"),
    ("Microsoft.Storage/storageAccounts/blobServices", "'default'"),
    ("Microsoft.Storage/storageAccounts/blobServices/containers", "'package'"),
    ("Microsoft.Web/serverfarms", "'plan-relay-S'"),
    ("Microsoft.Web/sites", "'func-relay-S'"),
    ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "'ftp'"),
    ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", "'scm'"),
    ("Microsoft.Web/sites/config", "'appsettings'"),
}
BY_HOOK = {
    ("Microsoft.KeyVault/vaults/secrets", "'client-state-key'"),
    ("Microsoft.KeyVault/vaults/secrets", "'partner-signing-secret'"),
}  # a hook created these
ADDED = {
    ("Microsoft.Insights/metricAlerts", "'relay-health'"),
    ("Microsoft.Insights/scheduledQueryRules", "'relay-log-quota'"),
    ("Microsoft.Insights/webtests", "'health-relay-S'"),
    ("Microsoft.Insights/diagnosticSettings", "'platform-team'"),
    ("Microsoft.KeyVault/vaults/secrets", "'identifier-key'"),
    ("Microsoft.Network/natGateways", "'ng-relay-S'"),
    ("Microsoft.Network/publicIPAddresses", "'pip-relay-S'"),
    ("Microsoft.Web/sites/extensions", "'onedeploy'"),
}

ALERTS = [
    "changes-parked", "dataverse-held", "dataverse-hints", "dataverse-token", "dead-letters", "errors-to-graph",
    "forged-notifications", "no-data", "no-notifications", "oldest-change", "relay-stopped", "slow-answers",
    "subscription-expiring", "timer-silent", "watches-refused",
]  # fmt: skip


def name_of(resource: Resource) -> str:
    """Return the expression of a resource's name, with what main.bicep passes for its parameters."""
    passed = {call.path: call.parameters for call in modules()}.get(resource.file, {})
    expression = passed["name"] if resource.name == "name" else resource.name
    return expression.replace("${suffix}", "S").replace("${ending}", "S")


def test_a_moved_deployment_keeps_every_name() -> None:
    """Another name would create a second resource beside the first, silently."""
    assert {(resource.type, name_of(resource)) for resource in resources()} == BEFORE | BY_HOOK | ADDED


def test_the_suffix_is_computed_as_before_and_passed_unchanged() -> None:
    """From the subscription, the environment's name and the region, as they are spelt; a given one is used as it is."""
    computed = "uniqueString(subscription().id, environmentName, location)"
    assert f"\nparam suffix string = {computed}\n" in MAIN
    assert f"\nvar ending = empty(suffix) ? {computed} : suffix\n" in MAIN
    passed = {
        (call.file == "main.bicep", call.parameters["suffix"]) for call in modules() if "suffix" in call.parameters
    }
    assert passed == {(True, "ending"), (False, "suffix")}
    declared = {parameter.file for parameter in parameters() if parameter.name == "suffix"}
    assert declared == {call.path for call in modules() if "suffix" in call.parameters} | {"main.bicep"}


def test_what_names_consist_of_is_the_same() -> None:
    """The rules of alerts, the zones and the subnets."""
    endpoints, network = BICEP["modules/private-endpoints.bicep"], BICEP["modules/virtual-network.bicep"]
    assert "var storageSuffix = environment().suffixes.storage\n" in endpoints
    zones = re.findall(r"{ name: '(\w+)', target: \w+, zone: (.+?), zoneId: zoneIds\.\?(\w+) \?\? '' }", endpoints)
    assert zones == [
        ("blob", "'privatelink.blob.${storageSuffix}'", "blob"),
        ("queue", "'privatelink.queue.${storageSuffix}'", "queue"),
        ("table", "'privatelink.table.${storageSuffix}'", "table"),
        ("vault", "vaultZone", "vault"),
    ]
    alerts = re.findall(r"^    name: '([a-z-]+)'$", BICEP["modules/alerts.bicep"], re.MULTILINE)
    assert sorted(alerts) == ALERTS
    vault = "replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')"
    assert f"var vaultZone = {vault}\n" in endpoints
    assert re.findall(r"^        name: '(\w+)'", network, re.MULTILINE) == ["app", "endpoints"]


def test_the_page_about_moving_lists_every_name() -> None:
    """That is no expression; of alerts their number."""
    table = (ROOT / "docs/moving.md").read_text().partition("\n## The names\n")[2].partition("\n## ")[0]
    names = {name.strip("'") for _, name in BEFORE | BY_HOOK | ADDED if re.fullmatch(r"'[\w-]+'", name)}
    assert len(names) > 20
    missing = {name for name in names if not re.search(rf"\b{re.sub('S$', 'SUFFIX', name)}\b", table)}
    assert missing == set()
    assert f"scheduledQueryRules ({len(ALERTS)})" in table
