#Requires -Version 5.1
#Requires -Modules ExchangeOnlineManagement
<#
.SYNOPSIS
Allows the relay to read the calendars of one group of mailboxes only, or with -Feature to write them.

.DESCRIPTION
Creates three objects in Exchange Online: a reference to the relay's service principal, a management scope for the direct
members of the group, and the assignment of the role "Application Calendars.Read" within that scope. Each feature
gets its own role within the same scope. Then it tests both sides of the scope. Existing objects stay; the script is idempotent.

A tenant may have several relays. Each has its own assignments, with its client id in their names. Relays of the same group
share its scope, because Exchange rejects a second scope with the same filter.

Run it with -WhatIf first, which shows what would be created and changes nothing. Revoke-RelayMailboxAccess.ps1 undoes it.
You need the Entra role Exchange Administrator (or Organization Management in Exchange), and no secret.
See "Role Based Access Control for Applications in Exchange Online".

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER ObjectId
The object id of its enterprise application, not of its app registration. Test-RelayPermission.ps1 prints it.

.PARAMETER Group
A mail-enabled security group, a distribution group or a room list. Only its direct members count.

.PARAMETER MailboxInside
A mailbox in the group, to verify that it can be read.

.PARAMETER MailboxOutside
A mailbox outside the group, to verify that it cannot be read.

.PARAMETER Name
The name of the scope. Needed if relays of the tenant have different groups.

.PARAMETER Feature
The features in FEATURES that write calendars, if any: calendars, scheduling. permissions.json has their roles.

.EXAMPLE
./Grant-RelayMailboxAccess.ps1 -AppId CLIENT_ID -ObjectId OBJECT_ID -Group relay-rooms@contoso.com -MailboxInside room1@contoso.com -MailboxOutside ceo@contoso.com -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][guid] $ObjectId,
    [Parameter(Mandatory)][string] $Group,
    [Parameter(Mandatory)][string] $MailboxInside,
    [Parameter(Mandatory)][string] $MailboxOutside,
    [ValidateLength(1, 40)][string] $Name = 'Calendar Relay',
    [string[]] $Feature = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (-not (Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' })) {
    throw 'Not connected to Exchange Online. Run Connect-ExchangeOnline first, as an Exchange Administrator.'
}
$known = Get-Content -Path "$PSScriptRoot/permissions.json" -Raw -Encoding UTF8 | ConvertFrom-Json
$scoped = @($known.permissions | Where-Object { $_.inProduct -and $_.grantedIn -eq 'exchange' })
$wanted = @()
foreach ($permission in $scoped) {
    if ($permission.features | Where-Object { $_ -eq 'relay' -or $Feature -contains $_ }) {
        $wanted += $permission
    }
}
foreach ($one in $Feature) {
    if (-not ($scoped | Where-Object { $_.features -contains $one })) {
        throw "The feature $one needs nothing in Exchange. Use Grant-RelayPermission.ps1 for permissions in Entra."
    }
}
$list = Get-DistributionGroup -Identity $Group -ErrorAction SilentlyContinue
if (-not $list) {
    throw "There is no mail-enabled security group, distribution group or room list $Group. A dynamic group cannot be a scope."
}
$members = @(Get-DistributionGroupMember -Identity $Group -ResultSize Unlimited)
Write-Output "The relay $AppId gets access to the calendars of the direct members of $($list.PrimarySmtpAddress) ($($members.Count) now), and no others."
if ($members | Where-Object { "$($_.RecipientType)" -like '*Group' }) {
    Write-Warning 'The group contains other groups. Their members are not in the scope: add the mailboxes themselves.'
}

Write-Output '1. The service principal in Exchange, to which roles are assigned.'
$principal = Get-ServicePrincipal -Identity "$AppId" -ErrorAction SilentlyContinue
if (-not $principal) {
    if ($PSCmdlet.ShouldProcess("$Name ($AppId)", 'Create the service principal in Exchange')) {
        New-ServicePrincipal -AppId "$AppId" -ObjectId "$ObjectId" -DisplayName $Name -ErrorAction Stop | Out-Null
    }
}
elseif ("$($principal.ObjectId)" -ne "$ObjectId") {
    throw "Exchange knows $AppId with another object id, $($principal.ObjectId). Use the enterprise application's object id; if Exchange has the wrong one, run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
}

Write-Output '2. The management scope: the direct members of the group.'
$groupName = "$($list.DistinguishedName)".Replace("'", "''")
$scope = Get-ManagementScope -Identity $Name -ErrorAction SilentlyContinue
if (-not $scope) {
    if ($PSCmdlet.ShouldProcess($Name, "Create the management scope for the members of $($list.PrimarySmtpAddress)")) {
        New-ManagementScope -Name $Name -RecipientRestrictionFilter "MemberOfGroup -eq '$groupName'" -ErrorAction Stop | Out-Null
    }
}
elseif (-not "$($scope.RecipientFilter)".Contains($groupName)) {
    throw "A management scope $Name exists with another filter: $($scope.RecipientFilter). Choose another -Name. To remove this relay from that group, run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
}

Write-Output '3. The role of each permission, within that scope only.'
foreach ($permission in $wanted) {
    $role = $permission.exchangeRole
    $assignmentName = "Relay $($permission.name) $AppId"
    Write-Output "${role}: $($permission.why) It does not allow: $($permission.doesNotAllow)"
    $assignment = Get-ManagementRoleAssignment -Identity $assignmentName -ErrorAction SilentlyContinue
    if (-not $assignment) {
        if ($PSCmdlet.ShouldProcess($assignmentName, "Assign $role within the scope $Name")) {
            New-ManagementRoleAssignment -Name $assignmentName -App "$ObjectId" -Role $role -CustomResourceScope $Name -ErrorAction Stop | Out-Null
        }
    }
    elseif ("$($assignment.Role)" -ne $role -or "$($assignment.CustomResourceScope)" -ne $Name) {
        throw "A role assignment $assignmentName exists with other values: $($assignment.Role) within $($assignment.CustomResourceScope). Run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
    }
}

if ($WhatIfPreference) {
    Write-Output 'Dry run: nothing was changed. Without -WhatIf the script executes the lines that begin with "What if", then tests the result.'
    return
}
& "$PSScriptRoot/Test-RelayMailboxAccess.ps1" -AppId $AppId -MailboxInside $MailboxInside -MailboxOutside $MailboxOutside -Feature $Feature
Write-Output 'Next: Test-RelayPermission.ps1, because a permission granted in Entra applies to every mailbox, regardless of this scope.'
Write-Output 'Exchange caches permissions for up to two hours: the relay may be refused until then. A refused watch recovers by itself.'
