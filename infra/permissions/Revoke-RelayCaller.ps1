#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Takes every role of the relay's API away from an app: undoes Grant-RelayCaller.ps1.

.DESCRIPTION
What is gone already is as good; running it twice does nothing new. Run it with -WhatIf first; without it every removal
asks (-Confirm:$false does not). The last token of the app ends within an hour or so.
You need the Entra role Application Administrator, and no secret.

.PARAMETER AppId
The client id of the registration of the relay's API.

.PARAMETER CallerAppId
The client id of the calling app.

.PARAMETER RemoveServicePrincipal
Removes the calling app's enterprise application from this tenant, too; only when it is used for nothing else.

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
    Write-Output "This tenant does not know the app ${CallerAppId}: nothing is left to take away."
    return
}

Write-Output '1. The roles of the relay.'
foreach ($grant in @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $caller.Id -All)) {
    if ($api -and "$($grant.ResourceId)" -eq "$($api.Id)") {
        if ($PSCmdlet.ShouldProcess($caller.DisplayName, "Take away a role of $($api.DisplayName)")) {
            Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $caller.Id -AppRoleAssignmentId $grant.Id -ErrorAction Stop
        }
    }
}

Write-Output '2. The enterprise application of the caller, when -RemoveServicePrincipal asks for it.'
if ($RemoveServicePrincipal) {
    if ($PSCmdlet.ShouldProcess($caller.DisplayName, 'Remove the enterprise application of the calling app')) {
        Remove-MgServicePrincipal -ServicePrincipalId $caller.Id -ErrorAction Stop
    }
}
Write-Output 'Next: GET /api/entra/subscriptions with a new token of that app has to answer 403, or 401 when the app is gone.'
