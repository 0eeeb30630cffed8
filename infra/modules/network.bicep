// The network of app, storage and vault: none, the relay's own, or existing subnets. The app itself stays public,
// because Graph has to reach it.
import { addressRanges } from 'virtual-network.bicep'
import { dnsZoneIds } from 'private-endpoints.bicep'

param location string
param tags { *: string }
param suffix string
param prefixes addressRanges
param isPrivate bool
param hasFixedAddress bool
param appSubnetId string
param endpointSubnetId string
param zoneIds dnsZoneIds
param storageId string
param vaultId string

var isOwn = empty(appSubnetId) && (isPrivate || hasFixedAddress)

module own 'virtual-network.bicep' = if (isOwn) {
  name: 'virtual-network'
  params: { location: location, tags: tags, suffix: suffix, prefixes: prefixes, fixedOutgoingAddress: hasFixedAddress }
}

module endpoints 'private-endpoints.bicep' = if (isPrivate) {
  name: 'private-endpoints'
  params: {
    location: location
    tags: tags
    suffix: suffix
    subnetId: isOwn ? own!.outputs.endpointSubnetId : endpointSubnetId
    storageId: storageId
    vaultId: vaultId
    zoneIds: zoneIds
  }
}

output appSubnetId string = isOwn ? own!.outputs.appSubnetId : appSubnetId
output outgoingAddress string = isOwn ? own!.outputs.outgoingAddress : ''
