#Requires -Version 5.1
#Requires -Modules ExchangeOnlineManagement
<#
.SYNOPSIS
Undoes Grant-RelayMailboxAccess.ps1: removes the role assignments, the management scope and the reference.

.DESCRIPTION
Only what is of this client id: another relay keeps its assignments, and the scope too, where it has the same.
With -Permission it takes away the role of that permission alone, for a feature that is switched off.
The group and its mailboxes stay as they are. What is gone already is as good; running it twice does nothing new.
Run it with -WhatIf first; without it every removal asks (-Confirm:$false does not).

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER Name
The name of the scope that was given to Grant-RelayMailboxAccess.ps1.

.PARAMETER Permission
Names of permissions of permissions.json that were granted in Exchange; without it everything goes.

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
        throw "$one is not granted in Exchange. Revoke-RelayPermission.ps1 takes away what is granted in Entra."
    }
}
$principal = Get-ServicePrincipal -Identity "$AppId" -ErrorAction SilentlyContinue
$others = @()
if ($principal) {
    # One that has no role is no reason to stop.
    $others = @(Test-ServicePrincipalAuthorization -Identity "$AppId" -ErrorAction SilentlyContinue | Where-Object { "$($_.AllowedResourceScope)" -ne $Name })
}

Write-Output "1. The role assignments of $($going -join ', '): from here on the relay is refused, after two hours at the latest."
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
    Write-Output 'The scope and the reference stay, for what is left. Next: Test-RelayMailboxAccess.ps1 proves it.'
    return
}

Write-Output '2. The management scope.'
$sharing = @(Get-ManagementRoleAssignment | Where-Object { "$($_.CustomResourceScope)" -eq $Name -and $ours -notcontains $_.Name })
if ($sharing) {
    Write-Warning "It stays: others are within it ($(@($sharing | ForEach-Object { $_.Name }) -join ', '))."
}
elseif (Get-ManagementScope -Identity $Name -ErrorAction SilentlyContinue) {
    if ($PSCmdlet.ShouldProcess($Name, 'Remove the management scope')) {
        Remove-ManagementScope -Identity $Name -Confirm:$false -ErrorAction Stop
    }
}

Write-Output '3. The reference to the service principal. The enterprise application itself stays.'
if ($others) {
    Write-Warning "It stays: it holds other roles in Exchange ($(@($others | ForEach-Object { $_.RoleName }) -join ', '))."
}
elseif ($principal) {
    if ($PSCmdlet.ShouldProcess("$Name ($AppId)", 'Remove the service principal from Exchange')) {
        Remove-ServicePrincipal -Identity "$AppId" -Confirm:$false -ErrorAction Stop
    }
}
Write-Output 'Next: Test-RelayPermission.ps1 shows whether anything is left in Entra; Revoke-RelayPermission.ps1 removes it.'
