"""Storage, vault and network: what is deleted is gone, and what is private stays so."""

from __future__ import annotations

import re

from tests.architecture.bicep_files import APP, BICEP, MAIN, modules, resources

STORAGE, VAULT = BICEP["modules/storage.bicep"], BICEP["modules/vault.bicep"]
NETWORK, ENDPOINTS = BICEP["modules/network.bicep"], BICEP["modules/private-endpoints.bicep"]
OWN = BICEP["modules/virtual-network.bicep"]
CALLS = {call.path: call for call in modules()}


def test_what_is_deleted_is_gone() -> None:
    """Neither soft delete nor versions keep it. Queues and tables have no such feature, and files are not used."""
    [blobs] = [resource for resource in resources() if resource.type.endswith("/blobServices")]
    assert "\n    deleteRetentionPolicy: { enabled: false }\n" in blobs.body
    assert "\n    containerDeleteRetentionPolicy: { enabled: false }\n" in blobs.body
    assert "\n    isVersioningEnabled: false\n" in blobs.body
    for word in ("restorePolicy", "changeFeed", "fileServices"):
        assert [file for file, text in BICEP.items() if word in text] == [], word


def test_a_removed_vault_is_kept_for_the_shortest_time() -> None:
    """Seven days, in which nobody can purge it."""
    assert "softDeleteRetentionInDays: 7 " in VAULT
    assert "enablePurgeProtection: true\n" in VAULT


def test_private_networking_closes_storage_and_vault() -> None:
    """To the public network altogether; the app stays open, because Graph has to reach it."""
    for text in (STORAGE, VAULT):
        assert "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'\n" in text
        assert "defaultAction: isPrivate ? 'Deny' : 'Allow'\n" in text
    for name in ("data", "network"):
        assert CALLS[f"modules/{name}.bicep"].parameters["isPrivate"] == "privateNetworking"
    for name in ("storage", "vault"):
        assert CALLS[f"modules/{name}.bicep"].parameters["isPrivate"] == "isPrivate"
    assert "publicNetworkAccess: 'Enabled'" in APP


def test_private_endpoints_are_created_singly() -> None:
    """A storage account refuses a second operation on its connections meanwhile."""
    kinds = {"Microsoft.Network/privateEndpoints", "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"}
    single = [resource.type for resource in resources() if resource.decorators == ["@batchSize(1)"]]
    assert sorted(single) == sorted(kinds)


def test_existing_subnets_and_zones_replace_our_own() -> None:
    """Nothing is created beside them: neither a network, nor a zone or its link."""
    assert "var isOwn = empty(appSubnetId) && (isPrivate || hasFixedAddress)\n" in NETWORK
    assert CALLS["modules/virtual-network.bicep"].condition == "isOwn"
    assert "subnetId: isOwn ? own!.outputs.endpointSubnetId : endpointSubnetId\n" in NETWORK
    assert "output appSubnetId string = isOwn ? own!.outputs.appSubnetId : appSubnetId\n" in NETWORK
    assert CALLS["modules/function-app.bicep"].parameters["subnetId"] == "network.outputs.appSubnetId"
    assert len(re.findall(r"in endpoints: if \(empty\(endpoint\.zoneId\)\) \{", ENDPOINTS)) == 2
    assert "privateDnsZoneId: empty(endpoint.zoneId) ? zones[i].id : endpoint.zoneId }" in ENDPOINTS


def test_the_app_states_its_fixed_outgoing_address() -> None:
    """A NAT gateway on the app's subnet, without private endpoints, too; setting and output are its address."""
    assert "natGateway: fixedOutgoingAddress ? { id: nat.id } : null\n" in OWN
    assert "publicIpAddresses: [{ id: outgoing.id }]" in OWN
    assert "output outgoingAddress string = fixedOutgoingAddress ? outgoing!.properties.ipAddress : ''\n" in OWN
    assert CALLS["modules/function-app.bicep"].parameters["outgoingAddress"] == "network.outputs.outgoingAddress"
    assert "\noutput RELAY_OUTGOING_ADDRESS string = network.outputs.outgoingAddress\n" in MAIN
    assert "\n  OUTGOING_ADDRESS: outgoingAddress\n" in APP


def test_a_subnet_that_may_be_in_use_is_always_declared() -> None:
    """Otherwise a deployment that ends private networking would try to remove it, and fail."""
    [network] = [resource for resource in resources() if resource.type == "Microsoft.Network/virtualNetworks"]
    assert re.findall(r"^        name: '(\w+)'", network.body, re.MULTILINE) == ["app", "endpoints"]
    assert not re.search(r"subnets: .*(union|concat|\?)", network.body)


def test_zone_redundancy_covers_app_and_storage() -> None:
    """The plan, and the storage that the app needs to start."""
    assert "zoneRedundant: isZoneRedundant }" in APP
    assert "sku: { name: isZoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }\n" in STORAGE
    for name in ("data", "function-app"):
        assert CALLS[f"modules/{name}.bicep"].parameters["isZoneRedundant"] == "zoneRedundant"
    assert CALLS["modules/storage.bicep"].parameters["isZoneRedundant"] == "isZoneRedundant"
