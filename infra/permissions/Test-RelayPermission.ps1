#Requires -Version 5.1
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
<#
.SYNOPSIS
Shows every permission that the relay's identity has in Entra, and fails if one defeats the scope in Exchange.
Changes nothing.

.DESCRIPTION
Grants add up: a permission on calendars or mail granted in Entra applies to every mailbox of the tenant, regardless of the scope
in Exchange. So the relay must have none of them there. It also prints the object id that the Exchange script needs.
See "Role Based Access Control for Applications in Exchange Online" and "Microsoft Graph permissions reference".

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.EXAMPLE
./Test-RelayPermission.ps1 -AppId CLIENT_ID
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)][guid] $AppId
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-MgContext)) {
    throw "Not connected to Microsoft Graph. Run first: Connect-MgGraph -Scopes 'Application.Read.All'"
}
$known = Get-Content -Path "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$relay = Get-MgServicePrincipal -Filter "appId eq '$AppId'"
if (-not $relay) {
    throw "This tenant has no enterprise application with the client id $AppId. Check the client id and the tenant."
}
Write-Output "$($relay.DisplayName): client id $AppId, object id of the enterprise application $($relay.Id)"

$defeating = @()
foreach ($grant in @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $relay.Id -All)) {
    $resource = Get-MgServicePrincipal -ServicePrincipalId $grant.ResourceId
    $role = @($resource.AppRoles | Where-Object { "$($_.Id)" -eq "$($grant.AppRoleId)" } | ForEach-Object { $_.Value }) -join ''
    if (-not $role) {
        $role = 'Default access'
    }
    $needed = @($known.permissions | Where-Object { $_.inProduct -and $_.grantedIn -eq 'entra' -and $_.name -eq $role } | ForEach-Object { $_.features })
    if ($role -match '^(Calendars|Mail|MailboxSettings|Contacts|full_access)') {
        $defeating += $role
        Write-Warning "$role of $($resource.DisplayName) is granted in Entra: it applies to every mailbox of the tenant, and the scope in Exchange does not limit it."
    }
    elseif ($needed) {
        Write-Output "$role of $($resource.DisplayName): needed for $($needed -join ', ') only; cannot be scoped."
    }
    else {
        Write-Warning "$role of $($resource.DisplayName) is granted in Entra, and the relay does not need it."
    }
}
if ($defeating) {
    throw "The scope in Exchange is defeated by $($defeating -join ', '). Remove it: ./Revoke-RelayPermission.ps1 -AppId $AppId -Permission $($defeating -join ',')"
}
Write-Output 'Nothing in Entra defeats the scope in Exchange. Next: Test-RelayMailboxAccess.ps1 verifies the scope itself.'
