#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Grants in Entra the permissions of one feature that Exchange cannot scope. Most relays need none.

.DESCRIPTION
permissions.json lists them. Calendars are never granted here: Grant-RelayMailboxAccess.ps1 grants them with a scope.
Run it with -WhatIf first. It is idempotent. Revoke-RelayPermission.ps1 undoes it.
You need the Entra role Privileged Role Administrator, and no secret. See "Grant an appRoleAssignment to a service principal".

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER Feature
room-lists, for roomlist: entries of ALLOWED_MAILBOXES and for watching whole room lists; bookings, if FEATURES has it;
bookings-cancel, for notifying the customers of cancelled appointments.

.EXAMPLE
./Grant-RelayPermission.ps1 -AppId CLIENT_ID -Feature room-lists -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][string] $Feature
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.Read.All','AppRoleAssignment.ReadWrite.All'"
}
$known = Get-Content -Path "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$wanted = @($known.permissions | Where-Object { $_.inProduct -and $_.features -contains $Feature -and $_.grantedIn -eq 'entra' })
if (-not $wanted) {
    throw "The feature $Feature needs nothing in Entra. Calendars are granted in Exchange, by Grant-RelayMailboxAccess.ps1."
}
$relay = Get-MgServicePrincipal -Filter "appId eq '$AppId'"
if (-not $relay) {
    throw "This tenant has no enterprise application with the client id $AppId. Check the client id and the tenant."
}
$graph = Get-MgServicePrincipal -Filter "appId eq '$($known.graphAppId)'"
$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $relay.Id -All)

foreach ($permission in $wanted) {
    Write-Output "$($permission.name): $($permission.why) It does not allow: $($permission.doesNotAllow)"
    if ($granted | Where-Object { "$($_.AppRoleId)" -eq $permission.appRoleId -and "$($_.ResourceId)" -eq "$($graph.Id)" }) {
        Write-Output 'Already granted.'
    }
    elseif ($PSCmdlet.ShouldProcess($relay.DisplayName, "Grant $($permission.name) of Microsoft Graph")) {
        New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $relay.Id -PrincipalId $relay.Id -ResourceId $graph.Id -AppRoleId $permission.appRoleId -ErrorAction Stop | Out-Null
    }
}
Write-Output 'Next: Test-RelayPermission.ps1 shows what is granted. Existing tokens do not have the permission: allow about an hour for an app registration, a day for a managed identity.'
