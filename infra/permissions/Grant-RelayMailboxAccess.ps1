#Requires -Version 5.1
#Requires -Modules ExchangeOnlineManagement
<#
.SYNOPSIS
Lets the relay read the calendars of one group of mailboxes, or with -Feature write them, and of no other.

.DESCRIPTION
Makes three objects in Exchange Online: a reference to the relay's service principal, a management scope for the direct
members of the group, and the assignment of the role "Application Calendars.Read" within that scope. A feature that is
named gets its own role within the same scope. Then it tests both sides of the scope. What is there already stays; running
it twice does nothing new.

A tenant may have several relays. Each has assignments of its own, with its client id in their names; relays of the same
group share its scope, because Exchange refuses a second one with the same filter.

Run it with -WhatIf first: that says what would be made, and changes nothing. Revoke-RelayMailboxAccess.ps1 undoes it.
You need the Entra role Exchange Administrator (or Organization Management in Exchange), and no secret.
See "Role Based Access Control for Applications in Exchange Online".

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER ObjectId
The object id of its enterprise application, not of its registration. Test-RelayPermission.ps1 prints it.

.PARAMETER Group
A mail-enabled security group, a distribution group or a room list. Only its direct members count.

.PARAMETER MailboxInside
A mailbox of the group, to prove that it can be read.

.PARAMETER MailboxOutside
A mailbox that is not in the group, to prove that it cannot.

.PARAMETER Name
The name of the scope, for a tenant whose relays have different groups.

.PARAMETER Feature
The features of FEATURES that write calendars, if any: calendars, scheduling. permissions.json names the role of each.

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
        throw "The feature $one needs nothing in Exchange. What is granted in Entra is granted by Grant-RelayPermission.ps1."
    }
}
$list = Get-DistributionGroup -Identity $Group -ErrorAction SilentlyContinue
if (-not $list) {
    throw "There is no mail-enabled security group, distribution group or room list $Group. A dynamic group cannot be a scope."
}
$members = @(Get-DistributionGroupMember -Identity $Group -ResultSize Unlimited)
Write-Output "The relay $AppId is to have the calendars of the direct members of $($list.PrimarySmtpAddress) ($($members.Count) now), and no other."
if ($members | Where-Object { "$($_.RecipientType)" -like '*Group' }) {
    Write-Warning 'The group holds other groups. Their members are not in the scope: add the mailboxes themselves.'
}

Write-Output '1. A reference in Exchange to the service principal: a role can be assigned to nothing else.'
$principal = Get-ServicePrincipal -Identity "$AppId" -ErrorAction SilentlyContinue
if (-not $principal) {
    if ($PSCmdlet.ShouldProcess("$Name ($AppId)", 'Create the service principal in Exchange')) {
        New-ServicePrincipal -AppId "$AppId" -ObjectId "$ObjectId" -DisplayName $Name -ErrorAction Stop | Out-Null
    }
}
elseif ("$($principal.ObjectId)" -ne "$ObjectId") {
    throw "Exchange knows $AppId with another object id, $($principal.ObjectId). Take the enterprise application's id; if that one is wrong, run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
}

Write-Output '2. A management scope: the direct members of the group.'
$groupName = "$($list.DistinguishedName)".Replace("'", "''")
$scope = Get-ManagementScope -Identity $Name -ErrorAction SilentlyContinue
if (-not $scope) {
    if ($PSCmdlet.ShouldProcess($Name, "Create the management scope for the members of $($list.PrimarySmtpAddress)")) {
        New-ManagementScope -Name $Name -RecipientRestrictionFilter "MemberOfGroup -eq '$groupName'" -ErrorAction Stop | Out-Null
    }
}
elseif (-not "$($scope.RecipientFilter)".Contains($groupName)) {
    throw "A management scope $Name stands for something else: $($scope.RecipientFilter). Choose another -Name, or if this relay is to leave that group run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
}

Write-Output '3. The role of each permission within that scope, and nowhere else.'
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
        throw "A role assignment $assignmentName says something else: $($assignment.Role) within $($assignment.CustomResourceScope). Run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
    }
}

if ($WhatIfPreference) {
    Write-Output 'Dry run: nothing was changed. Without -WhatIf the lines that begin with "What if" are done, then tested.'
    return
}
& "$PSScriptRoot/Test-RelayMailboxAccess.ps1" -AppId $AppId -MailboxInside $MailboxInside -MailboxOutside $MailboxOutside -Feature $Feature
Write-Output 'Next: Test-RelayPermission.ps1, because a permission granted in Entra would hold for every mailbox, whatever this scope says.'
Write-Output 'Exchange keeps answers for up to two hours: the relay may be refused until then. A watch that was refused recovers by itself.'
