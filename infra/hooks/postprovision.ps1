# Runs after provisioning: creates the two secrets that the relay needs if they are missing, and prints the remaining manual steps.
#
# A secret is written through Azure Resource Manager, which never returns values: deploying needs no right to read secrets. During the
# call the value is in a file in this user's temporary folder; it is never on a command line.
$ErrorActionPreference = 'Stop'

$secrets = "/subscriptions/$env:AZURE_SUBSCRIPTION_ID/resourceGroups/$env:AZURE_RESOURCE_GROUP/providers/Microsoft.KeyVault/vaults/$env:RELAY_VAULT_NAME/secrets"
$version = 'api-version=2023-07-01'
$there = @(az rest --method get --url "${secrets}?$version" --query 'value[].name' --output tsv)
if ($LASTEXITCODE -ne 0) { exit 1 }

function New-SecretIfMissing([string] $Name, [string] $Beginning) {
    if ($there -contains $Name) {
        Write-Output "  $Name exists and is kept"
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
    Write-Output "  $Name was created"
}

if ($env:RECOVER_VAULT -eq 'true') {
    azd env set RECOVER_VAULT false # done; recovering a vault that is not deleted would fail
    if ($LASTEXITCODE -ne 0) { exit 1 }
}
Write-Output "Secrets in the vault ${env:RELAY_VAULT_NAME}:"
New-SecretIfMissing 'client-state-key' ''
New-SecretIfMissing 'partner-signing-secret' 'whsec_'

Write-Output @"

The relay is provisioned, but cannot read any calendar yet. With -WhatIf each script below shows what it would do;
docs/permissions.md describes the same steps for the portal.
  1. Exchange, in PowerShell (pwsh): grant access to the calendars of one group of mailboxes, and no others.
       infra/permissions/Grant-RelayMailboxAccess.ps1 -AppId $env:RELAY_CLIENT_ID -ObjectId OBJECT_ID -Group GROUP -MailboxInside ROOM -MailboxOutside SOMEBODY -WhatIf
"@
if ($env:RELAY_GRAPH_CREDENTIAL -eq 'managed-identity') {
    Write-Output "     OBJECT_ID is $env:RELAY_IDENTITY_PRINCIPAL_ID."
} else {
    Write-Output "     OBJECT_ID is the enterprise application's, not the registration's; Test-RelayPermission.ps1 prints it."
    Write-Output "     GRAPH_CREDENTIAL is ${env:RELAY_GRAPH_CREDENTIAL}: store its secret in the vault, see docs/settings.md."
}
Write-Output @"
  2. For room lists only: infra/permissions/Grant-RelayPermission.ps1 -AppId $env:RELAY_CLIENT_ID -Feature room-lists -WhatIf
     For features (docs/deployment.md): -Feature calendars,scheduling in step 1, -Feature bookings in step 2.
  3. Give the partner the signing secret (partner-signing-secret) and access to the API: docs/callers.md. Reading the vault
     needs a role first: docs/deployment.md, "Open the vault".
Exchange takes up to two hours to apply this. Then check $env:RELAY_URL with
python -m relay_admin doctor (docs/command-line.md).
"@
