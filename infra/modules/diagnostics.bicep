// Diagnostic settings to a workspace or an event hub that is not the relay's: logs of vault, storage services and app.
param vaultName string
param storageName string
param appName string
param workspaceId string
param eventHubRuleId string
param eventHubName string
@description('Where the vault\'s log goes already. Azure refuses a second setting with the same destination.')
param auditWorkspaceId string

var logs = [{ categoryGroup: 'allLogs', enabled: true }]
var hub = empty(eventHubRuleId)
  ? {}
  : { eventHubAuthorizationRuleId: eventHubRuleId, eventHubName: empty(eventHubName) ? null : eventHubName }
var settings = union({ logs: logs }, hub, empty(workspaceId) ? {} : { workspaceId: workspaceId })
var isAudited = toLower(workspaceId) == toLower(auditWorkspaceId)
var hasVaultLogs = !isAudited || !empty(eventHubRuleId)

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource vaultLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (hasVaultLogs) {
  name: 'platform-team'
  scope: vault
  properties: isAudited ? union({ logs: logs }, hub) : settings
}

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'platform-team'
  scope: blobs
  properties: settings
}

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'platform-team'
  scope: queues
  properties: settings
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'platform-team'
  scope: tables
  properties: settings
}

resource appLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'platform-team'
  scope: app
  properties: settings
}
