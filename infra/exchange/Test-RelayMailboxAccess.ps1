#Requires -Version 5.1
#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.0.0' }

<#
.SYNOPSIS
Verifies in Exchange that the relay has its roles for a mailbox inside its scope, and none outside. Changes nothing.

.DESCRIPTION
Uses Test-ServicePrincipalAuthorization, which bypasses the cache that delays changes for the relay itself. It covers
only permissions granted in Exchange; for those in Entra run: python -m relay_admin entra check --app-id CLIENT_ID.
Fails with a list of problems. What Exchange does not answer is a problem, too.

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER MailboxInside
A mailbox that the relay must be able to read.

.PARAMETER MailboxOutside
A mailbox that it must not read.

.PARAMETER Feature
The features in FEATURES that write calendars, if any: calendars, scheduling, dataverse. Their role is then required, and
otherwise reported as superfluous.

.EXAMPLE
./Test-RelayMailboxAccess.ps1 -AppId CLIENT_ID -MailboxInside room1@contoso.com -MailboxOutside ceo@contoso.com
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][string] $MailboxInside,
    [Parameter(Mandatory)][string] $MailboxOutside,
    [ArgumentCompleter({ 'calendars', 'scheduling', 'dataverse' -like "$($args[2])*" })][string[]] $Feature = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-Text($From, [string] $Property) {
    # Objects of Exchange differ in their properties, and StrictMode stops at one that is not there.
    if ($null -eq $From -or -not $From.PSObject.Properties[$Property]) { return '' }
    return "$($From.$Property)"
}

if (-not (Get-ConnectionInformation -ErrorAction Stop | Where-Object { (Get-Text $_ 'State') -eq 'Connected' })) {
    throw 'Not connected to Exchange Online. Run Connect-ExchangeOnline first, as an Exchange Administrator.'
}
$known = Get-Content -LiteralPath "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 -ErrorAction Stop | ConvertFrom-Json
$scoped = @($known.permissions | Where-Object { $_.inProduct -and $_.grantedIn -eq 'exchange' })

# pwsh -File passes a,b as one string.
$asked = @($Feature | ForEach-Object { "$_".Split(',') } | ForEach-Object { $_.Trim() } | Where-Object { $_ })
if (@($Feature).Count -and -not $asked.Count) {
    throw '-Feature names no feature. Leave it out if no feature writes calendars.'
}
foreach ($one in $asked) {
    if (-not @($scoped | Where-Object { $_.features -contains $one }).Count) {
        throw "The feature $one needs nothing in Exchange. For permissions in Entra: python -m relay_admin entra check --app-id $AppId --feature $one"
    }
}
$wanted = @($scoped | Where-Object { @($_.features | Where-Object { $_ -eq 'relay' -or $asked -contains $_ }).Count } | ForEach-Object { $_.exchangeRole })
foreach ($mailbox in $MailboxInside, $MailboxOutside) {
    if (-not @(Get-Recipient -Identity $mailbox -ErrorAction Stop | Where-Object { $null -ne $_ }).Count) {
        throw "There is no mailbox $mailbox in Exchange: nothing was verified."
    }
}
if (-not @(Get-ServicePrincipal -ErrorAction Stop | Where-Object { (Get-Text $_ 'AppId') -eq "$AppId" }).Count) {
    throw "Exchange has no service principal $AppId, so the relay has no role. Run Grant-RelayMailboxAccess.ps1 first."
}
$inside = @(Test-ServicePrincipalAuthorization -Identity "$AppId" -Resource $MailboxInside -ErrorAction Stop | Where-Object { $null -ne $_ })
$outside = @(Test-ServicePrincipalAuthorization -Identity "$AppId" -Resource $MailboxOutside -ErrorAction Stop | Where-Object { $null -ne $_ })
$problems = @()

foreach ($role in $wanted) {
    if (-not @($inside | Where-Object { (Get-Text $_ 'RoleName') -eq $role -and (Get-Text $_ 'InScope') -eq 'True' }).Count) {
        $problems += "$MailboxInside is not in the scope of $role. Is it a direct member of the group? A new member takes effect after some minutes."
    }
    if (-not @($outside | Where-Object { (Get-Text $_ 'RoleName') -eq $role }).Count) {
        $problems += "Exchange returned nothing about $role at ${MailboxOutside}: whether it is outside of the scope was not verified."
    }
}
foreach ($row in $outside) {
    $role = Get-Text $row 'RoleName'
    $answer = Get-Text $row 'InScope'
    if ($answer -eq 'True') {
        $problems += "$MailboxOutside is open to the relay through $role within $(Get-Text $row 'AllowedResourceScope'): the scope is too wide."
    }
    elseif ($answer -ne 'False') {
        $problems += "Exchange did not say whether $MailboxOutside is in the scope of $role (its answer: '$answer'): it was not verified."
    }
}
foreach ($row in $inside) {
    $role = Get-Text $row 'RoleName'
    $unscoped = $row.PSObject.Properties['AllowedResourceScope'] -and '', 'Organization' -contains "$($row.AllowedResourceScope)"
    if ($unscoped -or (Get-Text $row 'ScopeType') -like 'Organization*') {
        $problems += "$role has no scope: it applies to every mailbox of the organization."
    }
    if ($wanted -notcontains $role) {
        $problems += "The relay holds $role, which it does not need without a feature that requires it (-Feature)."
    }
}
if ($problems.Count) {
    throw ($problems -join [Environment]::NewLine)
}
Write-Output "Proved in Exchange: the relay has $($wanted -join ', ') at $MailboxInside, and nothing at $MailboxOutside."
