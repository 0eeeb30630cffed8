// The resources of the resource group, by module.
param location string
param tags object
param suffix string
param choices object
param clientId string
param otherSettings object
param instanceMemoryMB int
param maximumInstanceCount int
param privateNetworking bool
param addressPrefixes object
param inboundAddressRanges array
param alertEmails array
param budgetAmount int
param budgetStart string
param logRetentionDays int
param recoverVault bool

// For storage and vault. The app itself is public, because Graph has to reach it.
var publicNetworkAccess = privateNetworking ? 'Disabled' : 'Enabled'

// The app's identity: a separate resource, so that it has its roles before the app first starts.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-relay-${suffix}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: { location: location, tags: tags, suffix: suffix, retentionDays: logRetentionDays }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: { location: location, tags: tags, name: 'strelay${suffix}', publicNetworkAccess: publicNetworkAccess }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    location: location
    tags: tags
    name: 'kv-relay-${suffix}'
    publicNetworkAccess: publicNetworkAccess
    isRecovered: recoverVault
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    location: location
    tags: tags
    suffix: suffix
    prefixes: addressPrefixes
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    principalId: identity.properties.principalId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  dependsOn: [roles] // otherwise the first start fails for missing roles
  params: {
    location: location
    tags: tags
    suffix: suffix
    identityName: identity.name
    storageName: storage.outputs.name
    packageContainer: storage.outputs.packageContainer
    vaultUri: vault.outputs.uri
    insightsName: monitoring.outputs.insightsName
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    inboundAddressRanges: inboundAddressRanges
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    choices: choices
    clientId: empty(clientId) ? identity.properties.clientId : clientId
    otherSettings: otherSettings
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: { location: location, tags: tags, insightsName: monitoring.outputs.insightsName, emails: alertEmails }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: { location: location, tags: tags, insightsName: monitoring.outputs.insightsName }
}

module budget 'modules/budget.bicep' = if (budgetAmount > 0) {
  name: 'budget'
  params: { amount: budgetAmount, start: budgetStart, emails: alertEmails }
}

output appName string = app.outputs.name
output url string = app.outputs.url
output vaultName string = vault.outputs.name
output clientId string = empty(clientId) ? identity.properties.clientId : clientId
output identityName string = identity.name
output identityPrincipalId string = identity.properties.principalId
