// The app, its identity and the identity's roles: Flex Consumption, one HTTP instance always ready, no keys.

import { relayChoices } from 'relay-choices.bicep'

param location string
param tags { *: string }
param suffix string
param storageName string
param packageContainer string
param vaultName string
param vaultUri string
param insightsName string
param actionGroupId string
param subnetId string
param outgoingAddress string
param inboundAddressRanges string[]
param instanceMemoryMB int
param maximumInstanceCount int
param deliverAlwaysReady int
@allowed(['Recreate', 'RollingUpdate'])
param updateStrategy string
param isZoneRedundant bool
param hasUniqueHostName bool
param choices relayChoices
param clientId string
param otherSettings { *: string }
param packageUri string

// A resource of its own, so that it has its roles before the app first starts.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-relay-${suffix}'
  location: location
  tags: tags
}

module roles 'roles.bicep' = {
  name: 'roles'
  params: {
    principalId: identity.properties.principalId
    storageName: storageName
    vaultName: vaultName
    insightsName: insightsName
  }
}

// The identity's, unless an app registration signs in.
var isOwnClient = choices.GRAPH_CREDENTIAL == 'managed-identity' || empty(clientId)
var usedClientId = isOwnClient ? identity.properties.clientId : clientId

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// The relay's settings, explained in docs/settings.md. Parameters of main.bicep come in `choices`; the others have the
// code's defaults. AZURE_FUNCTIONS_ENVIRONMENT is missing on purpose: the host sets it.
var relaySettings = {
  TENANT_ID: tenant().tenantId
  CLIENT_ID: usedClientId
  KEY_VAULT_URI: vaultUri
  PARTNER_WEBHOOK_URL: choices.PARTNER_WEBHOOK_URL
  ALLOWED_MAILBOXES: choices.ALLOWED_MAILBOXES
  OWNER_CHECK: choices.OWNER_CHECK
  ALLOWED_NOTIFICATION_HOSTS: choices.ALLOWED_NOTIFICATION_HOSTS
  GRAPH_CREDENTIAL: choices.GRAPH_CREDENTIAL
  CALLER_KEYS: choices.CALLER_KEYS
  ENTRA_AUDIENCE: choices.ENTRA_AUDIENCE
  PUBLIC_BASE_URL: choices.PUBLIC_BASE_URL
  FEATURES: choices.FEATURES
  EVENT_DETAIL: choices.EVENT_DETAIL
  INVITEES: choices.INVITEES
  CUSTOMER_INVITATIONS: choices.CUSTOMER_INVITATIONS
  BOOKINGS_DELIVERIES: choices.BOOKINGS_DELIVERIES
  DATAVERSE_URL: choices.DATAVERSE_URL
  DATAVERSE_RESOURCES: choices.DATAVERSE_RESOURCES
  DATAVERSE_DIRECTION: choices.DATAVERSE_DIRECTION
  AZURE_AUTHORITY_HOST: environment().authentication.loginEndpoint
  GRAPH_BASE_URL: 'https://graph.microsoft.com/v1.0'
  GRAPH_CLIENT_SECRET_NAME: 'graph-client-secret'
  GRAPH_CERTIFICATE_NAME: 'graph-certificate'
  CLIENT_STATE_KEY_NAME: 'client-state-key'
  PARTNER_SIGNING_SECRET_NAME: 'partner-signing-secret'
  IDENTIFIER_KEY_NAME: 'identifier-key'
  SECRETS_KEPT_SECONDS: '300'
  ALLOW_PRIVATE_ADDRESSES: 'false'
  ALLOW_LOOPBACK_ADDRESSES: 'false'
  KEY_VAULT_VERIFY_CHALLENGE: 'true'
  SUBSCRIPTION_LIFETIME_MINUTES: '10000'
  RENEW_BEFORE_MINUTES: '4320'
  RENEWAL_SCHEDULE: '0 */30 * * * *'
  RESYNC_SCHEDULE: '0 0 2 * * *'
  SETTLE_SECONDS: '10'
  WINDOW_PAST_DAYS: '1'
  WINDOW_FUTURE_DAYS: '180'
  OUTGOING_ADDRESS: outgoingAddress
  INBOUND_RESTRICTED: empty(inboundAddressRanges) ? 'false' : 'true'
  CALLS_PER_MINUTE: '300'
  MOST_WATCHES: '10000'
  DATAVERSE_SCHEDULE: '0 */5 * * * *'
  DATAVERSE_SHOW_AS: 'busy,oof'
  DATAVERSE_PROPOSED: 'out'
  DATAVERSE_TITLES: 'busy'
  DATAVERSE_CONFLICT: 'birth'
  DATAVERSE_WORK_ORDERS: 'auto'
  DATAVERSE_COMMITTED_STATUS: ''
  DATAVERSE_CANCELED_STATUS: ''
  DATAVERSE_OWNER: ''
  DATAVERSE_HOOK_SECRET_NAME: 'dataverse-hook-secret'
}

// Settings of the platform. No keys or passwords: only addresses, and the identity to use.
var platformSettings = {
  AZURE_CLIENT_ID: identity.properties.clientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  AzureWebJobsDisableHomepage: 'true' // the address / would name the platform
  PYTHON_THREADPOOL_THREAD_COUNT: '32'
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '4194304' // bytes: as LARGEST_BODY of shared/graph/notification.py
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-relay-${suffix}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: isZoneRedundant }
}

var alwaysReady = [
  { name: 'http', instanceCount: 1 } // Graph's handshake must be answered within ten seconds, so avoid a cold start
]
var deliverReady = deliverAlwaysReady > 0
  ? [{ name: 'function:deliver_changes', instanceCount: deliverAlwaysReady }]
  : []

var rangeRules = [
  for (range, i) in inboundAddressRanges: {
    name: 'inbound-${i}'
    action: 'Allow'
    priority: 100 + i
    ipAddress: range
  }
]
// Whoever restricts callers still wants to know whether the app runs (availability.bicep).
var availabilityRules = empty(inboundAddressRanges)
  ? []
  : [{ name: 'availability', action: 'Allow', priority: 99, tag: 'ServiceTag', ipAddress: 'ApplicationInsightsAvailability' }]

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: 'func-relay-${suffix}'
  location: location
  tags: union(tags, { 'azd-service-name': 'relay' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled' // Graph has to reach it
    autoGeneratedDomainNameLabelScope: hasUniqueHostName ? 'TenantReuse' : null
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: concat(alwaysReady, deliverReady)
        triggers: { http: { perInstanceConcurrency: 32 } } // the number of threads of the worker
      }
      // The type data does not have the property yet.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: updateStrategy }
    }
    // Flex Consumption refuses a deployment with properties that it does not support, such as ftpsState (error 51021).
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ipSecurityRestrictionsDefaultAction: empty(inboundAddressRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: concat(rangeRules, availabilityRules)
      scmIpSecurityRestrictionsUseMain: false // deployments sign in with Entra ID, from any address
    }
  }
  dependsOn: [roles] // otherwise the first start fails for missing roles
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(relaySettings, otherSettings, platformSettings)
}

// No publishing passwords. Two resources, not a loop: the compiler derives their types from literal names.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

// Code from an address, for deployments without azd. It is fetched again by every deployment.
resource code 'Microsoft.Web/sites/extensions@2025-03-01' = if (!empty(packageUri)) {
  parent: app
  name: 'onedeploy'
  // The type data does not have remoteBuild.
  #disable-next-line BCP187
  properties: { packageUri: packageUri, remoteBuild: false }
  dependsOn: [settings]
}

module availability 'availability.bicep' = {
  name: 'availability'
  params: {
    location: location
    tags: tags
    suffix: suffix
    insightsName: insightsName
    url: empty(choices.PUBLIC_BASE_URL) ? 'https://${app.properties.defaultHostName}' : choices.PUBLIC_BASE_URL
    actionGroupId: actionGroupId
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
output clientId string = usedClientId
output identityName string = identity.name
output identityPrincipalId string = identity.properties.principalId
