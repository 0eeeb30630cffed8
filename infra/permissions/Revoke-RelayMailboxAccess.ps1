#Requires -Version 5.1
#Requires -Modules ExchangeOnlineManagement
<#
.SYNOPSIS
Undoes Grant-RelayMailboxAccess.ps1: removes the role assignments, the management scope and the service principal in Exchange.

.DESCRIPTION
Removes only objects of this client id: another relay keeps its assignments, and a scope that it shares.
With -Permission it removes only the role of that permission, for a feature that was switched off.
The group and its mailboxes stay as they are. The script is idempotent.
Run it with -WhatIf first; every removal asks for confirmation (not with -Confirm:$false).

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER Name
The name of the scope, as given to Grant-RelayMailboxAccess.ps1.

.PARAMETER Permission
Names of permissions in permissions.json that were granted in Exchange. Without it everything is removed.

.EXAMPLE
./Revoke-RelayMailboxAccess.ps1 -AppId CLIENT_ID -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [ValidateLength(1, 40)][string] $Name = 'Calendar Relay',
    [string[]] $Permission = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' })) {
    throw 'Not connected to Exchange Online. Run Connect-ExchangeOnline first, as an Exchange Administrator.'
}
$known = Get-Content -Path "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$scoped = @($known.permissions | Where-Object { $_.grantedIn -eq 'exchange' } | ForEach-Object { $_.name })
$going = $Permission
if (-not $going) {
    $going = $scoped
}
foreach ($one in $going) {
    if ($scoped -notcontains $one) {
        throw "$one is not granted in Exchange. Use Revoke-RelayPermission.ps1 for permissions in Entra."
    }
}
$principal = Get-ServicePrincipal -Identity "$AppId" -ErrorAction SilentlyContinue
$others = @()
if ($principal) {
    # A principal without roles must not stop the script.
    $others = @(Test-ServicePrincipalAuthorization -Identity "$AppId" -ErrorAction SilentlyContinue | Where-Object { "$($_.AllowedResourceScope)" -ne $Name })
}

Write-Output "1. The role assignments of $($going -join ', '): the relay loses access within two hours."
$ours = @()
foreach ($one in $going) {
    $assignmentName = "Relay $one $AppId"
    $ours += $assignmentName
    if (Get-ManagementRoleAssignment -Identity $assignmentName -ErrorAction SilentlyContinue) {
        if ($PSCmdlet.ShouldProcess($assignmentName, 'Remove the role assignment')) {
            Remove-ManagementRoleAssignment -Identity $assignmentName -Confirm:$false -ErrorAction Stop
        }
    }
}
if ($Permission) {
    Write-Output 'The scope and the service principal stay for the remaining roles. Next: Test-RelayMailboxAccess.ps1 verifies them.'
    return
}

Write-Output '2. The management scope.'
$sharing = @(Get-ManagementRoleAssignment | Where-Object { "$($_.CustomResourceScope)" -eq $Name -and $ours -notcontains $_.Name })
if ($sharing) {
    Write-Warning "It stays, because other assignments use it ($(@($sharing | ForEach-Object { $_.Name }) -join ', '))."
}
elseif (Get-ManagementScope -Identity $Name -ErrorAction SilentlyContinue) {
    if ($PSCmdlet.ShouldProcess($Name, 'Remove the management scope')) {
        Remove-ManagementScope -Identity $Name -Confirm:$false -ErrorAction Stop
    }
}

Write-Output '3. The service principal in Exchange. The enterprise application itself stays.'
if ($others) {
    Write-Warning "It stays, because it has other roles in Exchange ($(@($others | ForEach-Object { $_.RoleName }) -join ', '))."
}
elseif ($principal) {
    if ($PSCmdlet.ShouldProcess("$Name ($AppId)", 'Remove the service principal from Exchange')) {
        Remove-ServicePrincipal -Identity "$AppId" -Confirm:$false -ErrorAction Stop
    }
}
Write-Output 'Next: Test-RelayPermission.ps1 shows whether anything is left in Entra; Revoke-RelayPermission.ps1 removes it.'
