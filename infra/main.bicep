// Calendar Relay in a resource group: the only template, for azd, az and the portal. On the subscription it needs
// registered resource providers and nothing else. docs/template.md explains what platform teams choose.

import { addressRanges } from 'modules/virtual-network.bicep'
import { dnsZoneIds } from 'modules/private-endpoints.bicep'

// Names and place.
@description('Name of the environment, such as calendar-relay-prod: the names of all resources derive from it. azd gives its own.')
@minLength(1)
@maxLength(90)
param environmentName string = resourceGroup().name
@description('Region of all resources and stored data, such as westeurope. It has to offer Flex Consumption.')
param location string = resourceGroup().location
@description('Ending of the names of all resources. Leave it as it is; to move an existing deployment, give the ending of its names.')
param suffix string = uniqueString(subscription().id, environmentName, location)

// The partner, and what may be watched.
@description('Address for deliveries: the https URL of the partner\'s webhook, such as https://partner.example/webhook.')
@minLength(9)
param partnerWebhookUrl string
@description('Comma-separated addresses, @domain suffixes and roomlist:address entries that may be watched. Empty allows none.')
param allowedMailboxes string = ''
@description('What happens if an address that only a suffix allows is one of another mailbox: warn, or enforce, which refuses it.')
@allowed(['warn', 'enforce'])
param ownerCheck string = 'warn'
@description('Comma-separated hosts that direct delivery may use. Empty or none: direct delivery is off.')
param allowedNotificationHosts string = ''
@description('Comma-separated features to switch on: calendars, scheduling, bookings, rooms, dataverse. Each needs its own permission.')
param features string = 'relay'
@description('Fields of an event in responses beside title, times, availability: minimal, or a comma list of location, organizer, attendees.')
param eventDetail string = 'minimal'
@description('Whom callers of the feature calendars may invite: any, none, own-domains, or a comma list of addresses and @domains. Empty: any. Use own-domains for a new deployment.')
param invitees string = ''
@description('Whether Microsoft Bookings may send mail to the customers of appointments that callers make, change or cancel.')
param customerInvitations bool = true
@description('Comma-separated addresses of Microsoft Bookings businesses, at most 20, whose appointments are delivered to the partner (feature bookings). Empty: none.')
param bookingsDeliveries string = ''
@description('Address of the environment of Dynamics 365, such as https://contoso.crm4.dynamics.com, for the feature dataverse. Empty without it.')
param dataverseUrl string = ''
@description('Resources whose bookings become events: column:NAME, the yes/no column that marks them, or a comma list of ids of resources. Empty: none.')
param dataverseResources string = ''
@description('Which side the feature dataverse writes: to-outlook, both, or to-dataverse. Each needs rights of its own.')
param dataverseDirection string = 'to-outlook'

// Who signs in, and how.
@description('How the relay signs in to Graph. managed-identity needs no secret; the others need clientId, and a secret in the vault.')
@allowed(['managed-identity', 'client-secret', 'certificate'])
param graphSignIn string = 'managed-identity'
@description('Client id of the app registration, for client-secret and certificate. Empty for managed-identity.')
param clientId string = ''
@description('Whether callers may use function keys. False allows Entra tokens only; then set entraAudience.')
param callerKeys bool = true
@description('Comma-separated audiences of callers\' tokens: api://… of the API\'s app registration. Empty: clientId.')
param entraAudience string = ''
@description('Public address of the relay, for a custom domain, such as https://relay.contoso.com. Empty: the app\'s own host name.')
param publicBaseUrl string = ''

// The app.
@description('Give the app a host name that nobody else can get after its removal. Use true for a new deployment only: it changes the address.')
param uniqueHostName bool = false
@description('Memory of an instance in MB. 512 is enough for a few hundred mailboxes.')
@allowed([512, 2048])
param instanceMemoryMB int = 2048
@description('Maximum number of instances, which limits the cost of load peaks.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40
@description('Instances that always wait for changes. 0: an idle relay reads its first change up to two minutes late. 1 costs a fee.')
@minValue(0)
@maxValue(10)
param deliverAlwaysReady int = 0
@description('How new code replaces the old. RollingUpdate drains instances, and is a preview; Recreate stops them.')
@allowed(['Recreate', 'RollingUpdate'])
param updateStrategy string = 'Recreate'
@description('Spread the app and its storage over the zones of the region. For a new deployment only, in regions that have zones.')
param zoneRedundant bool = false

// The network.
@description('Remove public access to storage and vault: private endpoints in a virtual network.')
param privateNetworking bool = false
@description('Address ranges of the relay\'s own virtual network and its two subnets, for privateNetworking and fixedOutgoingAddress.')
param addressPrefixes addressRanges = { network: '10.90.0.0/24', app: '10.90.0.0/26', endpoints: '10.90.0.64/26' }
@description('Id of an existing subnet for the app, delegated to Microsoft.App/environments. Empty: the relay\'s own network, if one is needed.')
param appSubnetId string = ''
@description('Id of an existing subnet for the private endpoints, with appSubnetId and privateNetworking. Empty otherwise.')
param endpointSubnetId string = ''
@description('Ids of existing private DNS zones, for privateNetworking. Where one is empty, the relay creates its own.')
param privateDnsZoneIds dnsZoneIds = {}
@description('Let all calls of the relay leave from one address, by a NAT gateway in its own network. An output names the address. It costs a fee.')
param fixedOutgoingAddress bool = false
@description('Allow calls only from graphAddressRanges and callerAddressRanges. Applies to the whole app: App Service cannot restrict single routes.')
param restrictInbound bool = false
@description('Sources of Graph\'s notifications: "Additional endpoints for Microsoft 365". Microsoft may change them without notice.')
param graphAddressRanges string[] = ['20.20.32.0/19', '20.190.128.0/18', '20.231.128.0/19', '40.126.0.0/18']
@description('Sources of callers: the partner\'s and your own ranges, such as 203.0.113.0/24. Empty: only Graph, with restrictInbound.')
param callerAddressRanges string[] = []

// Alerts, budget and logs.
@description('Comma-separated e-mail addresses for alerts and the budget. Empty: alerts show only in the portal.')
param alertEmails string = ''
@description('Id of an existing action group for alerts and the budget, instead of one with alertEmails. Empty: the relay\'s own.')
param actionGroupId string = ''
@description('Monthly budget in the subscription\'s currency; 0 for none. It only warns, and never stops anything.')
@minValue(0)
@maxValue(1000000)
param budgetAmount int = 0
@description('First day of an existing budget\'s first month, such as 2026-11-01. Empty: the budget is created once, and not changed again.')
param budgetStart string = ''
@description('Id of an existing Log Analytics workspace for the logs. Empty: the relay\'s own.')
param workspaceId string = ''
@description('Number of days to keep logs in the relay\'s own workspace.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30
@description('Maximum GB of logs in a day, in the relay\'s own workspace; 0 for no limit. Beyond it alerts have no data until the next day.')
@minValue(0)
@maxValue(1000)
param logDailyQuotaGb int = 0
@description('Id of a Log Analytics workspace that receives the logs of vault, storage and app beside the relay\'s. Empty: none.')
param diagnosticsWorkspaceId string = ''
@description('Id of an authorization rule (Send) of an Event Hubs namespace that receives the same logs. Empty: none.')
param diagnosticsEventHubRuleId string = ''
@description('Name of the event hub in that namespace. Empty: one for each category of logs.')
param diagnosticsEventHubName string = ''

// The deployment.
@description('Address of the package of one version, never of latest, to deploy the code, too. Empty: you deploy the code afterwards. The history shows it.')
param packageUri string = ''
@description('Set to true once after a removal, to recover the soft-deleted vault of the same name with its secrets.')
param recoverVault bool = false
@description('Tags for all resources, such as {"cost-center": "1234"}. The relay adds azd-env-name and application.')
param tags { *: string } = {}
@description('Other app settings of docs/settings.md, by name, such as {"SETTLE_SECONDS": "20"}.')
param otherSettings { *: string } = {}

var allTags = union(tags, { 'azd-env-name': environmentName, application: 'calendar-relay' })
// azd passes an unset variable as an empty text.
var ending = empty(suffix) ? uniqueString(subscription().id, environmentName, location) : suffix

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    tags: allTags
    suffix: ending
    existingWorkspaceId: workspaceId
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
    emails: filter(split(replace(alertEmails, ' ', ''), ','), address => !empty(address))
    existingActionGroupId: actionGroupId
    budgetAmount: budgetAmount
    budgetStart: budgetStart
  }
}

module data 'modules/data.bicep' = {
  name: 'data'
  params: { location: location, tags: allTags, suffix: ending, isPrivate: privateNetworking, isZoneRedundant: zoneRedundant, isVaultRecovered: recoverVault, workspaceId: monitoring.outputs.workspaceId }
}

module network 'modules/network.bicep' = {
  name: 'network'
  params: {
    location: location
    tags: allTags
    suffix: ending
    prefixes: addressPrefixes
    isPrivate: privateNetworking
    hasFixedAddress: fixedOutgoingAddress
    appSubnetId: appSubnetId
    endpointSubnetId: endpointSubnetId
    zoneIds: privateDnsZoneIds
    storageId: data.outputs.storageId
    vaultId: data.outputs.vaultId
  }
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  params: {
    location: location
    tags: allTags
    suffix: ending
    storageName: data.outputs.storageName
    packageContainer: data.outputs.packageContainer
    vaultName: data.outputs.vaultName
    vaultUri: data.outputs.vaultUri
    insightsName: monitoring.outputs.insightsName
    actionGroupId: monitoring.outputs.actionGroupId
    subnetId: network.outputs.appSubnetId
    outgoingAddress: network.outputs.outgoingAddress
    inboundAddressRanges: restrictInbound ? concat(graphAddressRanges, callerAddressRanges) : []
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    deliverAlwaysReady: deliverAlwaysReady
    updateStrategy: updateStrategy
    isZoneRedundant: zoneRedundant
    hasUniqueHostName: uniqueHostName
    choices: {
      PARTNER_WEBHOOK_URL: partnerWebhookUrl
      ALLOWED_MAILBOXES: allowedMailboxes
      OWNER_CHECK: ownerCheck
      ALLOWED_NOTIFICATION_HOSTS: allowedNotificationHosts
      GRAPH_CREDENTIAL: graphSignIn
      CALLER_KEYS: callerKeys ? 'true' : 'false'
      ENTRA_AUDIENCE: entraAudience
      PUBLIC_BASE_URL: publicBaseUrl
      FEATURES: features
      EVENT_DETAIL: eventDetail
      INVITEES: invitees
      CUSTOMER_INVITATIONS: customerInvitations ? 'true' : 'false'
      BOOKINGS_DELIVERIES: bookingsDeliveries
      DATAVERSE_URL: dataverseUrl
      DATAVERSE_RESOURCES: dataverseResources
      DATAVERSE_DIRECTION: dataverseDirection
    }
    clientId: clientId
    otherSettings: otherSettings
    packageUri: packageUri
  }
}

module diagnostics 'modules/diagnostics.bicep' = if (!empty('${diagnosticsWorkspaceId}${diagnosticsEventHubRuleId}')) {
  name: 'diagnostics'
  params: { vaultName: data.outputs.vaultName, storageName: data.outputs.storageName, appName: app.outputs.name, workspaceId: diagnosticsWorkspaceId, eventHubRuleId: diagnosticsEventHubRuleId, eventHubName: diagnosticsEventHubName, auditWorkspaceId: monitoring.outputs.workspaceId }
}

// Names and addresses only, which azd keeps in its environment. Secrets never leave the vault.
output AZURE_LOCATION string = location
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = resourceGroup().name
output RELAY_APP_NAME string = app.outputs.name
output RELAY_URL string = app.outputs.url
output RELAY_VAULT_NAME string = data.outputs.vaultName
output RELAY_GRAPH_CREDENTIAL string = graphSignIn
output RELAY_CLIENT_ID string = app.outputs.clientId
output RELAY_IDENTITY_NAME string = app.outputs.identityName
output RELAY_IDENTITY_PRINCIPAL_ID string = app.outputs.identityPrincipalId
output RELAY_SUFFIX string = ending
output RECOVER_VAULT string = 'false' // a vault that is not deleted cannot be recovered again
output BUDGET_START string = monitoring.outputs.budgetStart
output RELAY_RESTRICT_INBOUND string = restrictInbound ? 'true' : 'false'
output RELAY_OUTGOING_ADDRESS string = network.outputs.outgoingAddress
