#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Undoes Add-RelayAppRole.ps1: removes the relay's app roles and its application ID URI from the registration.

.DESCRIPTION
Fails while an app still has one of the roles: run Revoke-RelayCaller.ps1 first. Everything else in the registration
stays. Run it with -WhatIf first; every removal asks for confirmation (not with -Confirm:$false). It is idempotent.
You need the Entra role Application Administrator, and no secret.

.PARAMETER AppId
The client id of the app registration.

.PARAMETER RemoveServicePrincipal
Also removes the enterprise application; only for a registration that is used for the relay's API alone.

.EXAMPLE
./Remove-RelayAppRole.ps1 -AppId API_CLIENT_ID -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [switch] $RemoveServicePrincipal
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.ReadWrite.All'"
}
$app = Get-MgApplication -Filter "appId eq '$AppId'"
if (-not $app) {
    Write-Output "This tenant has no app registration with the client id ${AppId}: nothing is left to remove."
    return
}
$known = Get-Content -Path "$PSScriptRoot/app-roles.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$ours = @($known.appRoles | ForEach-Object { $_.value })
$going = @($app.AppRoles | Where-Object { $ours -contains $_.Value })
$principal = Get-MgServicePrincipal -Filter "appId eq '$AppId'"
if ($principal) {
    $ids = @($going | ForEach-Object { "$($_.Id)" })
    $holders = @(Get-MgServicePrincipalAppRoleAssignedTo -ServicePrincipalId $principal.Id -All | Where-Object { $ids -contains "$($_.AppRoleId)" })
    if ($holders) {
        throw "Apps still have a role of the relay: $(@($holders | ForEach-Object { $_.PrincipalDisplayName }) -join ', '). Run Revoke-RelayCaller.ps1 for each first."
    }
}

Write-Output "1. The app roles of $($app.DisplayName). Entra removes only disabled roles, so this takes two steps."
if ($going) {
    $disabled = @($app.AppRoles | ForEach-Object {
        @{ id = $_.Id; value = $_.Value; displayName = $_.DisplayName; description = $_.Description
            allowedMemberTypes = @($_.AllowedMemberTypes); isEnabled = ($_.IsEnabled -and $ours -notcontains $_.Value) }
    })
    $staying = @($disabled | Where-Object { $ours -notcontains $_.value })
    if ($PSCmdlet.ShouldProcess($app.DisplayName, "Disable and remove the app roles $($ours -join ', ')")) {
        Invoke-MgGraphRequest -Method PATCH -Uri "/v1.0/applications/$($app.Id)" -ContentType 'application/json' -Body (ConvertTo-Json -InputObject @{ appRoles = $disabled } -Depth 5) -ErrorAction Stop
        Invoke-MgGraphRequest -Method PATCH -Uri "/v1.0/applications/$($app.Id)" -ContentType 'application/json' -Body (ConvertTo-Json -InputObject @{ appRoles = $staying } -Depth 5) -ErrorAction Stop
    }
}

Write-Output "2. The application ID URI api://$AppId."
$uris = @($app.IdentifierUris | Where-Object { $_ })
if ($uris -contains "api://$AppId") {
    $left = @($uris | Where-Object { $_ -ne "api://$AppId" })
    if ($PSCmdlet.ShouldProcess($app.DisplayName, "Remove the application ID URI api://$AppId")) {
        Invoke-MgGraphRequest -Method PATCH -Uri "/v1.0/applications/$($app.Id)" -ContentType 'application/json' -Body (ConvertTo-Json -InputObject @{ identifierUris = $left } -Depth 5) -ErrorAction Stop
    }
}

Write-Output '3. The enterprise application, with -RemoveServicePrincipal.'
if ($RemoveServicePrincipal -and $principal) {
    if ($PSCmdlet.ShouldProcess($app.DisplayName, 'Remove the enterprise application')) {
        Remove-MgServicePrincipal -ServicePrincipalId $principal.Id -ErrorAction Stop
    }
}
Write-Output 'Next: delete the registration itself in the portal if nothing else uses it.'
