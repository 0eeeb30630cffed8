// The vault: the clientState key, the partner's signing secret, the key of identifiers and, if there is one, Graph's
// credential.
param location string
param tags { *: string }
param name string
param isPrivate bool
param isRecovered bool
param workspaceId string

// Each is 244 random bits as 64 hexadecimal digits, in base64. They are parameters because only a default may call
// newGuid(). Nothing passes a value, and the history of deployments does not show secure ones.
@secure()
param clientStateKey string = base64(replace('${newGuid()}${newGuid()}', '-', ''))
@secure()
param partnerSigningSecret string = 'whsec_${base64(replace('${newGuid()}${newGuid()}', '-', ''))}'
@secure()
param identifierKey string = base64(replace('${newGuid()}${newGuid()}', '-', ''))

// relay_admin rotate replaces the first two and writes no content type; until then the doctor reports this text.
var contentType = 'made by the template'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    createMode: isRecovered ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7 // the minimum: a week after a removal nothing is left
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices' // Azure Resource Manager creates the secrets
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

// Without onlyIfNotExists every deployment would replace a secret, and with it what Graph and the partner know.
@onlyIfNotExists()
resource clientState 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'client-state-key'
  tags: tags
  properties: { value: clientStateKey, contentType: contentType }
}

@onlyIfNotExists()
resource partnerSigning 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'partner-signing-secret'
  tags: tags
  properties: { value: partnerSigningSecret, contentType: contentType }
}

@onlyIfNotExists()
resource identifiers 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'identifier-key'
  tags: tags
  properties: { value: identifierKey, contentType: contentType }
}

// Logs every access to a secret, allowed or denied.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

output id string = vault.id
output name string = vault.name
output uri string = vault.properties.vaultUri
