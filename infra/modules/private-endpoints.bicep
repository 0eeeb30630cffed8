// Private endpoints of storage and vault with their names in DNS: in zones of the relay's own, or in existing ones.
@export()
@description('Ids of existing private DNS zones. For a missing one a zone is created, and linked to the network.')
type dnsZoneIds = { blob: string?, queue: string?, table: string?, vault: string? }

param location string
param tags { *: string }
param suffix string
param subnetId string
param storageId string
param vaultId string
param zoneIds dnsZoneIds

var storageSuffix = environment().suffixes.storage
var vaultZone = replace('privatelink${environment().suffixes.keyvaultDns}', '.vault.', '.vaultcore.')
var endpoints = [
  { name: 'blob', target: storageId, zone: 'privatelink.blob.${storageSuffix}', zoneId: zoneIds.?blob ?? '' }
  { name: 'queue', target: storageId, zone: 'privatelink.queue.${storageSuffix}', zoneId: zoneIds.?queue ?? '' }
  { name: 'table', target: storageId, zone: 'privatelink.table.${storageSuffix}', zoneId: zoneIds.?table ?? '' }
  { name: 'vault', target: vaultId, zone: vaultZone, zoneId: zoneIds.?vault ?? '' }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for endpoint in endpoints: if (empty(endpoint.zoneId)) {
    name: endpoint.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (endpoint, i) in endpoints: if (empty(endpoint.zoneId)) {
    parent: zones[i]
    name: 'relay'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: split(subnetId, '/subnets/')[0] }
    }
  }
]

// One at a time: a storage account refuses a second operation meanwhile (StorageAccountOperationInProgress).
@batchSize(1)
resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.name] }
        }
      ]
    }
  }
]

@batchSize(1)
resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, i) in endpoints: {
    parent: privateEndpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.name
          properties: { privateDnsZoneId: empty(endpoint.zoneId) ? zones[i].id : endpoint.zoneId }
        }
      ]
    }
  }
]
