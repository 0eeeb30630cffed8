#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Revokes permissions of Microsoft Graph that the relay's identity has in Entra.

.DESCRIPTION
Undoes Grant-RelayPermission.ps1, and removes a permission that defeats the scope in Exchange. Without -Permission it revokes
all permissions in permissions.json. The script is idempotent.
Run it with -WhatIf first; every removal asks for confirmation (not with -Confirm:$false).
You need the Entra role Privileged Role Administrator, and no secret. See "Delete appRoleAssignment".

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER Permission
Names of permissions, as Test-RelayPermission.ps1 prints them.

.EXAMPLE
./Revoke-RelayPermission.ps1 -AppId CLIENT_ID -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [string[]] $Permission = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.Read.All','AppRoleAssignment.ReadWrite.All'"
}
$known = Get-Content -Path "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$names = $Permission
if (-not $names) {
    $names = @($known.permissions | ForEach-Object { $_.name })
}
$relay = Get-MgServicePrincipal -Filter "appId eq '$AppId'"
if (-not $relay) {
    Write-Output "This tenant has no enterprise application with the client id ${AppId}: nothing is left to revoke."
    return
}

foreach ($grant in @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $relay.Id -All)) {
    $resource = Get-MgServicePrincipal -ServicePrincipalId $grant.ResourceId
    $role = @($resource.AppRoles | Where-Object { "$($_.Id)" -eq "$($grant.AppRoleId)" } | ForEach-Object { $_.Value }) -join ''
    if ($names -notcontains $role) {
        Write-Output "$role of $($resource.DisplayName) stays: it is not among the names."
    }
    elseif ($PSCmdlet.ShouldProcess($relay.DisplayName, "Revoke $role of $($resource.DisplayName)")) {
        Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $relay.Id -AppRoleAssignmentId $grant.Id -ErrorAction Stop
    }
}
Write-Output 'Next: Test-RelayPermission.ps1 shows what is left. Existing tokens keep the permission: about an hour for an app registration, at most a day for a managed identity.'
