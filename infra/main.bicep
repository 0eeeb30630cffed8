// Calendar Relay: a resource group with everything that it needs, and nothing else. Nothing is granted on the subscription.
targetScope = 'subscription'

@description('Name of the environment: it names the resource group, and with the subscription every resource in it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything, and so of all that is stored. It has to offer Flex Consumption.')
param location string

@description('Where changes are delivered: the https address that the partner has given you.')
param partnerWebhookUrl string

@description('Comma list of addresses, @domain suffixes and roomlist:address entries that may be watched. Empty allows none.')
param allowedMailboxes string = ''

@description('Comma list of hosts that direct delivery may name. Empty: the host of partnerWebhookUrl.')
param allowedNotificationHosts string = ''

@description('How the relay signs in to Graph. managed-identity needs no secret; the others need clientId, and their secret in the vault.')
@allowed(['managed-identity', 'client-secret', 'certificate'])
param graphSignIn string = 'managed-identity'

@description('Client id of the app registration, for client-secret and certificate.')
param clientId string = ''

@description('Entra-only callers: false makes keys open nothing. Then entraAudience has to be set.')
param callerKeys bool = true

@description('Comma list of the audiences that callers\' tokens may have: api://… of the registration for callers.')
param entraAudience string = ''

@description('Our address as Graph sees it, for a domain of your own. Empty: the app\'s own host name.')
param publicBaseUrl string = ''

@description('Memory of an instance. 512 is enough for some hundred mailboxes.')
@allowed([512, 2048])
param instanceMemoryMB int = 2048

@description('Comma list of what is switched on beside the relay itself: calendars, scheduling, bookings. Each needs a permission of its own.')
param features string = 'relay'

@description('What the answers of features may tell of an event beside title, times and availability: minimal, or a comma list of location, organizer, attendees.')
param eventDetail string = 'minimal'

@description('Most instances at once: a lid on the cost of a storm.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Take storage and vault off the public internet: private endpoints in a virtual network of their own.')
param privateNetworking bool = false

@description('Address ranges of that virtual network and its two subnets.')
param addressPrefixes object = { network: '10.90.0.0/24', app: '10.90.0.0/26', endpoints: '10.90.0.64/26' }

@description('Let in only graphAddressRanges and callerAddressRanges. It holds for the whole app, because App Service cannot do it by route.')
param restrictInbound bool = false

@description('Where Graph\'s notifications come from: "Additional endpoints for Microsoft 365". Microsoft may change them without notice.')
param graphAddressRanges array = ['20.20.32.0/19', '20.190.128.0/18', '20.231.128.0/19', '40.126.0.0/18']

@description('Where your callers come from: the partner\'s and your own ranges (CIDR).')
param callerAddressRanges array = []

@description('Comma list of e-mail addresses that alerts and the budget go to. Empty: alerts only show in the portal.')
param alertEmails string = ''

@description('Monthly budget in the subscription\'s currency; 0 makes none. It warns and never stops anything.')
@minValue(0)
param budgetAmount int = 0

@description('First day of the budget\'s first month, YYYY-MM-01; the preprovision hook sets it once.')
param budgetStart string = ''

@description('For how many days logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('True once, after a removal, to bring the soft-deleted vault of the same name back with its secrets.')
param recoverVault bool = false

@description('Any other app setting of docs/settings.md, by its name.')
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

// Names only, for the hooks and the scripts in permissions/; what is secret never leaves the vault.
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
