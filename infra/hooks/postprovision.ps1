# Once everything stands: makes the two secrets that the relay needs, where they are missing, and says what people have to do.
#
# A secret is written through Azure Resource Manager, which never gives a value back: whoever deploys needs no right to read
# secrets. Its value stands in a file of this user's temporary folder, for as long as the call takes, and on no command line.
$ErrorActionPreference = 'Stop'

$secrets = "/subscriptions/$env:AZURE_SUBSCRIPTION_ID/resourceGroups/$env:AZURE_RESOURCE_GROUP/providers/Microsoft.KeyVault/vaults/$env:RELAY_VAULT_NAME/secrets"
$version = 'api-version=2023-07-01'
$there = @(az rest --method get --url "${secrets}?$version" --query 'value[].name' --output tsv)
if ($LASTEXITCODE -ne 0) { exit 1 }

function New-SecretIfMissing([string] $Name, [string] $Beginning) {
    if ($there -contains $Name) {
        Write-Output "  $Name is there, and stays as it is"
        return
    }
    $bytes = [byte[]]::new(32)
    $random = [Security.Cryptography.RandomNumberGenerator]::Create()
    $random.GetBytes($bytes)
    $file = New-TemporaryFile
    try {
        if (-not $IsWindows) { chmod 600 $file }
        @{ properties = @{ value = $Beginning + [Convert]::ToBase64String($bytes) } } | ConvertTo-Json | Set-Content -Path $file -Encoding ascii
        az rest --method put --url "$secrets/${Name}?$version" --body "@$file" --output none
        if ($LASTEXITCODE -ne 0) { exit 1 }
    } finally {
        Remove-Item -Path $file -Force
    }
    Write-Output "  $Name was made"
}

if ($env:RECOVER_VAULT -eq 'true') {
    azd env set RECOVER_VAULT false # it is back, and to recover what is not deleted fails
    if ($LASTEXITCODE -ne 0) { exit 1 }
}
Write-Output "Secrets in the vault ${env:RELAY_VAULT_NAME}:"
New-SecretIfMissing 'client-state-key' ''
New-SecretIfMissing 'partner-signing-secret' 'whsec_'

Write-Output @"

The relay stands, and may read no calendar yet. Each script below shows with -WhatIf what it would do; docs/permissions.md
says the same for the portal.
  1. Exchange, in PowerShell (pwsh): give it the calendars of one group of mailboxes, and of no other.
       infra/permissions/Grant-RelayMailboxAccess.ps1 -AppId $env:RELAY_CLIENT_ID -ObjectId OBJECT_ID -Group GROUP -MailboxInside ROOM -MailboxOutside SOMEBODY -WhatIf
"@
if ($env:RELAY_GRAPH_CREDENTIAL -eq 'managed-identity') {
    Write-Output "     OBJECT_ID is $env:RELAY_IDENTITY_PRINCIPAL_ID."
} else {
    Write-Output "     OBJECT_ID is the enterprise application's, not the registration's; Test-RelayPermission.ps1 prints it."
    Write-Output "     GRAPH_CREDENTIAL is ${env:RELAY_GRAPH_CREDENTIAL}: put it into the vault, see docs/settings.md."
}
Write-Output @"
  2. Only for room lists: infra/permissions/Grant-RelayPermission.ps1 -AppId $env:RELAY_CLIENT_ID -Feature room-lists -WhatIf
     For what FEATURES names (docs/deployment.md): -Feature calendars,scheduling in step 1, -Feature bookings in step 2.
  3. Give the partner the signing secret (partner-signing-secret) and a way in: docs/callers.md. Nobody may read in the vault
     by himself: docs/deployment.md, "Open the vault".
Exchange needs up to two hours to know. Then ask $env:RELAY_URL whether it is well:
python -m relay_admin doctor (docs/command-line.md).
"@
