// Calendar Relay: one resource group with all resources. Nothing is granted on the subscription.
targetScope = 'subscription'

@description('Name of the environment. The names of the resource group and of all resources derive from it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of all resources and stored data. It has to offer Flex Consumption.')
param location string

@description('Address for deliveries: the https URL of the partner\'s webhook.')
param partnerWebhookUrl string

@description('Comma-separated addresses, @domain suffixes and roomlist:address entries that may be watched. Empty allows none.')
param allowedMailboxes string = ''

@description('Comma-separated hosts that direct delivery may use. Empty: the host of partnerWebhookUrl.')
param allowedNotificationHosts string = ''

@description('How the relay signs in to Graph. managed-identity needs no secret; the others need clientId, and a secret in the vault.')
@allowed(['managed-identity', 'client-secret', 'certificate'])
param graphSignIn string = 'managed-identity'

@description('Client id of the app registration, for client-secret and certificate.')
param clientId string = ''

@description('Whether callers may use function keys. False allows Entra tokens only; then set entraAudience.')
param callerKeys bool = true

@description('Comma-separated audiences that callers\' tokens may have: api://… of the API\'s app registration.')
param entraAudience string = ''

@description('Public address of the relay, for a custom domain. Empty: the app\'s own host name.')
param publicBaseUrl string = ''

@description('Memory of an instance. 512 is enough for a few hundred mailboxes.')
@allowed([512, 2048])
param instanceMemoryMB int = 2048

@description('Comma-separated features to switch on: calendars, scheduling, bookings. Each needs its own permission.')
param features string = 'relay'

@description('Which fields of an event the responses of features may contain beside title, times and availability: minimal, or comma-separated location, organizer, attendees.')
param eventDetail string = 'minimal'

@description('Maximum number of instances, which limits the cost of load peaks.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Remove public access to storage and vault: private endpoints in a virtual network of their own.')
param privateNetworking bool = false

@description('Address ranges of that virtual network and its two subnets.')
param addressPrefixes object = { network: '10.90.0.0/24', app: '10.90.0.0/26', endpoints: '10.90.0.64/26' }

@description('Allow calls only from graphAddressRanges and callerAddressRanges. Applies to the whole app, because App Service cannot restrict single routes.')
param restrictInbound bool = false

@description('Sources of Graph\'s notifications: "Additional endpoints for Microsoft 365". Microsoft may change them without notice.')
param graphAddressRanges array = ['20.20.32.0/19', '20.190.128.0/18', '20.231.128.0/19', '40.126.0.0/18']

@description('Sources of callers: the partner\'s and your own ranges (CIDR).')
param callerAddressRanges array = []

@description('Comma-separated e-mail addresses for alerts and the budget. Empty: alerts show only in the portal.')
param alertEmails string = ''

@description('Monthly budget in the subscription\'s currency; 0 for none. It only warns, and never stops anything.')
@minValue(0)
param budgetAmount int = 0

@description('First day of the budget\'s first month, YYYY-MM-01; the preprovision hook sets it once.')
param budgetStart string = ''

@description('Number of days to keep logs.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Set to true once after a removal, to recover the soft-deleted vault of the same name with its secrets.')
param recoverVault bool = false

@description('Other app settings of docs/settings.md, by name.')
param otherSettings object = {}

var tags = { 'azd-env-name': environmentName, application: 'calendar-relay' }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module resources 'resources.bicep' = {
  scope: group
  name: 'calendar-relay'
  params: {
    location: location
    tags: tags
    suffix: uniqueString(subscription().id, environmentName, location)
    choices: {
      PARTNER_WEBHOOK_URL: partnerWebhookUrl
      ALLOWED_MAILBOXES: allowedMailboxes
      ALLOWED_NOTIFICATION_HOSTS: allowedNotificationHosts
      GRAPH_CREDENTIAL: graphSignIn
      CALLER_KEYS: callerKeys ? 'true' : 'false'
      ENTRA_AUDIENCE: entraAudience
      PUBLIC_BASE_URL: publicBaseUrl
      FEATURES: features
      EVENT_DETAIL: eventDetail
    }
    clientId: graphSignIn == 'managed-identity' ? '' : clientId
    otherSettings: otherSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    privateNetworking: privateNetworking
    addressPrefixes: addressPrefixes
    inboundAddressRanges: restrictInbound ? concat(graphAddressRanges, callerAddressRanges) : []
    alertEmails: filter(split(replace(alertEmails, ' ', ''), ','), address => !empty(address))
    budgetAmount: budgetAmount
    budgetStart: budgetStart
    logRetentionDays: logRetentionDays
    recoverVault: recoverVault
  }
}

// Names only, for the hooks and the scripts in permissions/. Secrets never leave the vault.
output AZURE_LOCATION string = location
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output RELAY_APP_NAME string = resources.outputs.appName
output RELAY_URL string = resources.outputs.url
output RELAY_VAULT_NAME string = resources.outputs.vaultName
output RELAY_GRAPH_CREDENTIAL string = graphSignIn
output RELAY_CLIENT_ID string = resources.outputs.clientId
output RELAY_IDENTITY_NAME string = resources.outputs.identityName
output RELAY_IDENTITY_PRINCIPAL_ID string = resources.outputs.identityPrincipalId
