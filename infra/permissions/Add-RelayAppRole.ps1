#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Adds the application ID URI and the app roles to the app registration of the relay's API, so that callers can get tokens for it.

.DESCRIPTION
Adds the roles of app-roles.json and the application ID URI api://CLIENT_ID, and keeps everything else in the registration.
It assigns no role: Grant-RelayCaller.ps1 assigns one to an app. Run it with -WhatIf first. It is idempotent.
Remove-RelayAppRole.ps1 undoes it. You need the Entra role Application Administrator, and no secret.
See "Add app roles to your application and receive them in the token".

.PARAMETER AppId
The client id of the registration. A managed identity has none: register an app for the API, and name it in ENTRA_AUDIENCE.

.EXAMPLE
./Add-RelayAppRole.ps1 -AppId API_CLIENT_ID -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)][guid] $AppId
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.ReadWrite.All'"
}
$app = Get-MgApplication -Filter "appId eq '$AppId'"
if (-not $app) {
    throw "This tenant has no app registration with the client id $AppId. A managed identity has none: register an app for the API."
}
$known = Get-Content -Path "$PSScriptRoot/app-roles.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$there = @($app.AppRoles | Where-Object { $_ })
$names = @($there | ForEach-Object { $_.Value })
$missing = @($known.appRoles | Where-Object { $names -notcontains $_.value })
$uris = @($app.IdentifierUris | Where-Object { $_ })

Write-Output "1. The app roles of $($app.DisplayName): they alone determine what a caller may do."
if ($missing) {
    $roles = @($there + $missing | ForEach-Object {
        @{ id = $_.Id; value = $_.Value; displayName = $_.DisplayName; description = $_.Description
            allowedMemberTypes = @($_.AllowedMemberTypes); isEnabled = $_.IsEnabled }
    })
    if ($PSCmdlet.ShouldProcess($app.DisplayName, "Add the app roles $(@($missing | ForEach-Object { $_.value }) -join ', ')")) {
        Invoke-MgGraphRequest -Method PATCH -Uri "/v1.0/applications/$($app.Id)" -ContentType 'application/json' -Body (ConvertTo-Json -InputObject @{ appRoles = $roles } -Depth 5) -ErrorAction Stop
    }
}

Write-Output "2. The application ID URI api://$AppId, which callers use to request a token."
if ($uris -notcontains "api://$AppId") {
    if ($PSCmdlet.ShouldProcess($app.DisplayName, "Add the application ID URI api://$AppId")) {
        Invoke-MgGraphRequest -Method PATCH -Uri "/v1.0/applications/$($app.Id)" -ContentType 'application/json' -Body (ConvertTo-Json -InputObject @{ identifierUris = @($uris + "api://$AppId") } -Depth 5) -ErrorAction Stop
    }
}

Write-Output '3. Its enterprise application, to which roles are assigned.'
if (-not (Get-MgServicePrincipal -Filter "appId eq '$AppId'")) {
    if ($PSCmdlet.ShouldProcess($app.DisplayName, 'Create the enterprise application')) {
        New-MgServicePrincipal -AppId "$AppId" -ErrorAction Stop | Out-Null
    }
}
Write-Output 'Next: Grant-RelayCaller.ps1 assigns the role to the partner''s app.'
