#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Allows an app to call the relay's API, with one of its roles.

.DESCRIPTION
The app may be the partner's own multi-tenant app: then the script creates its enterprise application in your tenant, which
has no rights by itself. It gets no permission of Microsoft Graph. Run it with -WhatIf first. It is idempotent.
Revoke-RelayCaller.ps1 undoes it. You need the Entra role Application Administrator, and no secret.
See "Grant an appRoleAssignment to a service principal".

.PARAMETER AppId
The client id of the registration of the relay's API.

.PARAMETER CallerAppId
The client id of the calling app, provided by the partner.

.PARAMETER Role
Relay.Setup for the partner, Relay.Read for reading only, Relay.Admin for your own administrators.

.EXAMPLE
./Grant-RelayCaller.ps1 -AppId API_CLIENT_ID -CallerAppId PARTNER_CLIENT_ID -Role Relay.Setup -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][guid] $CallerAppId,
    [ValidateSet('Relay.Read', 'Relay.Setup', 'Relay.Admin')][string] $Role = 'Relay.Setup'
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.ReadWrite.All','AppRoleAssignment.ReadWrite.All'"
}
$api = Get-MgServicePrincipal -Filter "appId eq '$AppId'"
if (-not $api) {
    throw "This tenant has no enterprise application with the client id $AppId. Run Add-RelayAppRole.ps1 first."
}
$wanted = @($api.AppRoles | Where-Object { $_.Value -eq $Role })
if (-not $wanted) {
    throw "The app $AppId has no role $Role. Run Add-RelayAppRole.ps1 first; a new role takes effect after a minute."
}

Write-Output '1. The enterprise application of the caller, to which the role is assigned.'
$caller = Get-MgServicePrincipal -Filter "appId eq '$CallerAppId'"
if (-not $caller -and $PSCmdlet.ShouldProcess("$CallerAppId", 'Create the enterprise application of the calling app')) {
    $caller = New-MgServicePrincipal -AppId "$CallerAppId" -ErrorAction Stop
}

if (-not $caller -and -not $WhatIfPreference) {
    Write-Output 'It was not created, so no role was assigned.'
    return
}

Write-Output "2. The role $Role."
$granted = @()
if ($caller) {
    $granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $caller.Id -All | Where-Object { "$($_.AppRoleId)" -eq "$($wanted[0].Id)" -and "$($_.ResourceId)" -eq "$($api.Id)" })
}
if ($granted) {
    Write-Output 'Already assigned.'
}
elseif ($PSCmdlet.ShouldProcess("$CallerAppId", "Assign the role $Role of $($api.DisplayName)")) {
    New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $caller.Id -PrincipalId $caller.Id -ResourceId $api.Id -AppRoleId $wanted[0].Id -ErrorAction Stop | Out-Null
}
Write-Output "Next: the partner requests a token with the scope api://$AppId/.default and calls /api/entra/subscriptions. Then disable keys with CALLER_KEYS=false."
