#Requires -Version 5.1
#Requires -Modules ExchangeOnlineManagement
<#
.SYNOPSIS
Verifies in Exchange that the relay has its roles for a mailbox inside its scope, and none outside. Changes nothing.

.DESCRIPTION
Uses Test-ServicePrincipalAuthorization, which bypasses the cache that delays changes for the relay itself. It covers
only permissions granted in Exchange; run Test-RelayPermission.ps1 for those in Entra. Fails with a list of problems.

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER MailboxInside
A mailbox that the relay must be able to read.

.PARAMETER MailboxOutside
A mailbox that it must not read.

.PARAMETER Feature
The features in FEATURES that write calendars, if any: calendars, scheduling. Their role is then required, and
otherwise reported as superfluous.

.EXAMPLE
./Test-RelayMailboxAccess.ps1 -AppId CLIENT_ID -MailboxInside room1@contoso.com -MailboxOutside ceo@contoso.com
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][string] $MailboxInside,
    [Parameter(Mandatory)][string] $MailboxOutside,
    [string[]] $Feature = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' })) {
    throw 'Not connected to Exchange Online. Run Connect-ExchangeOnline first, as an Exchange Administrator.'
}
$known = Get-Content -Path "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$wanted = @()
foreach ($permission in @($known.permissions | Where-Object { $_.inProduct -and $_.grantedIn -eq 'exchange' })) {
    if ($permission.features | Where-Object { $_ -eq 'relay' -or $Feature -contains $_ }) {
        $wanted += $permission.exchangeRole
    }
}
$inside = @(Test-ServicePrincipalAuthorization -Identity "$AppId" -Resource $MailboxInside -ErrorAction Stop)
$outside = @(Test-ServicePrincipalAuthorization -Identity "$AppId" -Resource $MailboxOutside -ErrorAction Stop)
$problems = @()

foreach ($role in $wanted) {
    if (-not ($inside | Where-Object { $_.RoleName -eq $role -and "$($_.InScope)" -eq 'True' })) {
        $problems += "$MailboxInside is not in the scope of $role. Is it a direct member of the group? A new member takes effect after some minutes."
    }
}
foreach ($row in @($outside | Where-Object { "$($_.InScope)" -eq 'True' })) {
    $problems += "$MailboxOutside is open to the relay through $($row.RoleName) within $($row.AllowedResourceScope): the scope is too wide."
}
foreach ($row in @($inside | Where-Object { $wanted -notcontains $_.RoleName })) {
    $problems += "The relay holds $($row.RoleName), which it does not need without a feature that requires it (-Feature)."
}
if ($problems) {
    throw ($problems -join [Environment]::NewLine)
}
Write-Output "Proved in Exchange: the relay has $($wanted -join ', ') at $MailboxInside, and nothing at $MailboxOutside."
