// All Azure roles of the app's identity, each on one resource and with its reason, which the portal shows.
// Permissions in Graph and Exchange are granted by people: see permissions/.
param principalId string
param storageName string
param vaultName string
param insightsName string

var onStorage = [
  {
    name: 'Storage Blob Data Owner'
    id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
    reason: 'The Functions host creates containers for its leases and keys, and reads the package.'
  }
  {
    name: 'Storage Queue Data Contributor'
    id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
    reason: 'The host and the relay create the queues, and send, receive and delete messages.'
  }
  {
    name: 'Storage Table Data Contributor'
    id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
    reason: 'The relay creates its tables, and stores watches, the ledger and parked changes in them.'
  }
]

var onVault = {
  name: 'Key Vault Secrets User'
  id: '4633458b-17de-408a-b874-0445c86b69e6'
  reason: 'The relay reads its secrets. It can neither change them nor see who else has access.'
}

var onInsights = {
  name: 'Monitoring Metrics Publisher'
  id: '3913510d-42f4-4e42-8a64-420c390055eb'
  reason: 'The host writes logs with a token, because keys are disabled. It cannot read them.'
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onStorage: {
    name: guid(storage.id, principalId, role.id)
    scope: storage
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
      description: '${role.name}: ${role.reason}'
    }
  }
]

resource vaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, onVault.id)
  scope: vault
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', onVault.id)
    description: '${onVault.name}: ${onVault.reason}'
  }
}

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, onInsights.id)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', onInsights.id)
    description: '${onInsights.name}: ${onInsights.reason}'
  }
}
