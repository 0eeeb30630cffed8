// Existing subnets, zones, workspace and action group; logs to an event hub, too; the platform team's tags.
using '../main.bicep'

param environmentName = 'calendar-relay-prod'
param location = 'westeurope'
param suffix = 'abcdefghijklm'
param partnerWebhookUrl = 'https://partner.example/webhook'
param allowedMailboxes = 'room1@contoso.com,room2@contoso.com,roomlist:building1@contoso.com'
var platform = '/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/rg-platform/providers'
param privateNetworking = true
param appSubnetId = '${platform}/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/relay-app'
param endpointSubnetId = '${platform}/Microsoft.Network/virtualNetworks/vnet-spoke/subnets/endpoints'
param privateDnsZoneIds = {
  blob: '${platform}/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
  queue: '${platform}/Microsoft.Network/privateDnsZones/privatelink.queue.core.windows.net'
  table: '${platform}/Microsoft.Network/privateDnsZones/privatelink.table.core.windows.net'
}
param workspaceId = '${platform}/Microsoft.OperationalInsights/workspaces/log-platform'
param actionGroupId = '${platform}/Microsoft.Insights/actionGroups/ag-platform'
param diagnosticsWorkspaceId = '${platform}/Microsoft.OperationalInsights/workspaces/log-platform'
param diagnosticsEventHubRuleId = '${platform}/Microsoft.EventHub/namespaces/evhns-platform/authorizationRules/send'
param diagnosticsEventHubName = 'logs'
param tags = { 'cost-center': '1234', owner: 'workplace@contoso.com' }
