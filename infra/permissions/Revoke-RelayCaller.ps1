#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Revokes every role of the relay's API from an app: undoes Grant-RelayCaller.ps1.

.DESCRIPTION
The script is idempotent. Run it with -WhatIf first; every removal asks for confirmation (not with -Confirm:$false).
The app's last token expires within about an hour.
You need the Entra role Application Administrator, and no secret.

.PARAMETER AppId
The client id of the registration of the relay's API.

.PARAMETER CallerAppId
The client id of the calling app.

.PARAMETER RemoveServicePrincipal
Also removes the calling app's enterprise application from this tenant; only if it is used for nothing else.

.EXAMPLE
./Revoke-RelayCaller.ps1 -AppId API_CLIENT_ID -CallerAppId PARTNER_CLIENT_ID -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][guid] $CallerAppId,
    [switch] $RemoveServicePrincipal
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.ReadWrite.All','AppRoleAssignment.ReadWrite.All'"
}
$api = Get-MgServicePrincipal -Filter "appId eq '$AppId'"
$caller = Get-MgServicePrincipal -Filter "appId eq '$CallerAppId'"
if (-not $caller) {
    Write-Output "This tenant has no enterprise application ${CallerAppId}: nothing is left to revoke."
    return
}

Write-Output '1. The roles of the relay.'
foreach ($grant in @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $caller.Id -All)) {
    if ($api -and "$($grant.ResourceId)" -eq "$($api.Id)") {
        if ($PSCmdlet.ShouldProcess($caller.DisplayName, "Revoke a role of $($api.DisplayName)")) {
            Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $caller.Id -AppRoleAssignmentId $grant.Id -ErrorAction Stop
        }
    }
}

Write-Output '2. The enterprise application of the caller, with -RemoveServicePrincipal.'
if ($RemoveServicePrincipal) {
    if ($PSCmdlet.ShouldProcess($caller.DisplayName, 'Remove the enterprise application of the calling app')) {
        Remove-MgServicePrincipal -ServicePrincipalId $caller.Id -ErrorAction Stop
    }
}
Write-Output 'Next: GET /api/entra/subscriptions with a new token of that app must return 403, or 401 if the app was removed.'
