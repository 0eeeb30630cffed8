// What the relay keeps: data in the storage account, secrets in the vault.
param location string
param tags { *: string }
param suffix string
param isPrivate bool
param isZoneRedundant bool
param isVaultRecovered bool
param workspaceId string

module storage 'storage.bicep' = {
  name: 'storage'
  params: { location: location, tags: tags, name: 'strelay${suffix}', isPrivate: isPrivate, isZoneRedundant: isZoneRedundant }
}

module vault 'vault.bicep' = {
  name: 'vault'
  params: { location: location, tags: tags, name: 'kv-relay-${suffix}', isPrivate: isPrivate, isRecovered: isVaultRecovered, workspaceId: workspaceId }
}

output storageId string = storage.outputs.id
output storageName string = storage.outputs.name
output packageContainer string = storage.outputs.packageContainer
output vaultId string = vault.outputs.id
output vaultName string = vault.outputs.name
output vaultUri string = vault.outputs.uri
