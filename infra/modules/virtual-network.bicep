// The relay's own virtual network: a subnet of the app, whose calls leave from one address if there is a NAT gateway,
// and a subnet of private endpoints.
@export()
@description('Address ranges (CIDR) of the network and of its two subnets.')
type addressRanges = { network: string, app: string, endpoints: string }

param location string
param tags { *: string }
param suffix string
param prefixes addressRanges
param fixedOutgoingAddress bool

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-relay-${suffix}'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'app-to-endpoints'
        properties: {
          description: 'The app reaches storage and vault over TLS.'
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: prefixes.app
          sourcePortRange: '*'
          destinationAddressPrefix: prefixes.endpoints
          destinationPortRange: '443'
        }
      }
      {
        name: 'nothing-else'
        properties: {
          description: 'All other traffic is denied.'
          priority: 4096
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource outgoing 'Microsoft.Network/publicIPAddresses@2025-05-01' = if (fixedOutgoingAddress) {
  name: 'pip-relay-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource nat 'Microsoft.Network/natGateways@2025-05-01' = if (fixedOutgoingAddress) {
  name: 'ng-relay-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: outgoing.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-relay-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [prefixes.network] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: prefixes.app
          natGateway: fixedOutgoingAddress ? { id: nat.id } : null
          delegations: [
            { name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
      {
        name: 'endpoints' // always: a later deployment without private endpoints could not remove a subnet in use
        properties: {
          addressPrefix: prefixes.endpoints
          privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
          networkSecurityGroup: { id: endpointRules.id }
        }
      }
    ]
  }
}

output appSubnetId string = '${network.id}/subnets/app'
output endpointSubnetId string = '${network.id}/subnets/endpoints'
output outgoingAddress string = fixedOutgoingAddress ? outgoing!.properties.ipAddress : ''
