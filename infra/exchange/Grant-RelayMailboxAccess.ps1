#Requires -Version 5.1
#Requires -Modules @{ ModuleName = 'ExchangeOnlineManagement'; ModuleVersion = '3.0.0' }

<#
.SYNOPSIS
Allows the relay to read the calendars of one group of mailboxes only, or with -Feature to write them.

.DESCRIPTION
Creates three objects in Exchange Online: a reference to the relay's service principal, a management scope for the direct
members of the group, and the assignment of the role "Application Calendars.Read" within that scope. Each feature
gets its own role within the same scope. Then it tests both sides of the scope. Existing objects stay; the script is idempotent.
The group, both mailboxes and existing objects are checked before the first change, with -WhatIf, too.

A tenant may have several relays. Each has its own assignments, with its client id in their names. Relays of the same group
share its scope, because Exchange rejects a second scope with the same filter.

Run it with -WhatIf first, which shows what would be created and changes nothing. Revoke-RelayMailboxAccess.ps1 undoes it.
You need the Entra role Exchange Administrator (or Organization Management in Exchange), and no secret.
See "Role Based Access Control for Applications in Exchange Online".

.PARAMETER AppId
The client id of the relay's managed identity or app registration (the setting CLIENT_ID).

.PARAMETER ObjectId
The object id of its enterprise application, not of its app registration. For a managed identity the deployment prints it.

.PARAMETER Group
A mail-enabled security group, a distribution group or a room list. Only its direct members count.

.PARAMETER MailboxInside
A mailbox in the group, to verify that it can be read.

.PARAMETER MailboxOutside
A mailbox outside the group, to verify that it cannot be read.

.PARAMETER Name
The name of the scope. Needed if relays of the tenant have different groups.

.PARAMETER Feature
The features in FEATURES that write calendars, if any: calendars, scheduling, dataverse. permissions.json has their roles.

.EXAMPLE
./Grant-RelayMailboxAccess.ps1 -AppId CLIENT_ID -ObjectId OBJECT_ID -Group relay-rooms@contoso.com -MailboxInside room1@contoso.com -MailboxOutside ceo@contoso.com -WhatIf
#>
[CmdletBinding(SupportsShouldProcess, PositionalBinding = $false)]
param(
    [Parameter(Mandatory)][guid] $AppId,
    [Parameter(Mandatory)][guid] $ObjectId,
    [Parameter(Mandatory)][string] $Group,
    [Parameter(Mandatory)][string] $MailboxInside,
    [Parameter(Mandatory)][string] $MailboxOutside,
    [ValidateLength(1, 40)][string] $Name = 'Calendar Relay',
    [ArgumentCompleter({ 'calendars', 'scheduling', 'dataverse' -like "$($args[2])*" })][string[]] $Feature = @()
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-Text($From, [string] $Property) {
    # Objects of Exchange differ in their properties, and StrictMode stops at one that is not there.
    if ($null -eq $From -or -not $From.PSObject.Properties[$Property]) { return '' }
    return "$($From.$Property)"
}

function Get-PlainFilter([string] $Filter) {
    # Exchange may store a filter in parentheses, in other letters, and without its doubled quotes.
    $plain = $Filter.Trim()
    while ($plain.StartsWith('(') -and $plain.EndsWith(')')) {
        $plain = $plain.Substring(1, $plain.Length - 2).Trim()
    }
    return $plain.Replace("''", "'").ToLowerInvariant()
}

function Find-Mailbox([string] $Address, [string] $Parameter) {
    try {
        $found = @(Get-Recipient -Identity $Address -ErrorAction Stop | Where-Object { $null -ne $_ })
    }
    catch {
        throw "-$Parameter $Address could not be read in Exchange: $($_.Exception.Message)"
    }
    if ($found.Count -ne 1) {
        throw "-$Parameter $Address is not the address of one mailbox: Exchange has $($found.Count)."
    }
    $type = Get-Text $found[0] 'RecipientType'
    if ($type -and $type -notlike '*Mailbox') {
        throw "-$Parameter $Address is not a mailbox in Exchange Online: its type is $type."
    }
    return $found[0]
}

function Test-SameRecipient($One, $Other) {
    foreach ($property in 'ExternalDirectoryObjectId', 'DistinguishedName', 'Guid', 'PrimarySmtpAddress', 'Name') {
        $value = Get-Text $One $property
        if ($value -and $value -eq (Get-Text $Other $property)) { return $true }
    }
    return $false
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
        throw "The feature $one needs nothing in Exchange. For permissions in Entra: python -m relay_admin entra grant relay --app-id $AppId --feature $one"
    }
}
$wanted = @($scoped | Where-Object { @($_.features | Where-Object { $_ -eq 'relay' -or $asked -contains $_ }).Count })
if ((Get-Text (Get-OrganizationConfig -ErrorAction Stop) 'IsDehydrated') -eq 'True') {
    throw 'This tenant was never customized, so Exchange refuses scopes and roles. Run Enable-OrganizationCustomization once, wait until it is done, and run this script again.'
}
try {
    $groups = @(Get-DistributionGroup -Identity $Group -ErrorAction Stop | Where-Object { $null -ne $_ })
}
catch {
    if ($_.Exception.Message -notmatch '(not|n.t) (be )?(found|find|exist)') {
        throw "The group $Group could not be read in Exchange: $($_.Exception.Message)"
    }
    $groups = @()
}
if (-not $groups.Count) {
    throw "There is no mail-enabled security group, distribution group or room list $Group. A dynamic group cannot be a scope."
}
if ($groups.Count -ne 1 -or -not (Get-Text $groups[0] 'DistinguishedName')) {
    throw "$Group is not one group: Exchange has $($groups.Count). Give its address in -Group."
}
$address = Get-Text $groups[0] 'PrimarySmtpAddress'
$members = @(Get-DistributionGroupMember -Identity $Group -ResultSize Unlimited -ErrorAction Stop | Where-Object { $null -ne $_ })
if (-not $members.Count) {
    throw "The group $Group has no members. Add the mailboxes first, and run the script again."
}
$inside = Find-Mailbox $MailboxInside 'MailboxInside'
$outside = Find-Mailbox $MailboxOutside 'MailboxOutside'
if (-not @($members | Where-Object { Test-SameRecipient $_ $inside }).Count) {
    throw "-MailboxInside $MailboxInside is not a direct member of $Group. Add it to the group, or name a member; members of nested groups do not count."
}
if (@($members | Where-Object { Test-SameRecipient $_ $outside }).Count) {
    throw "-MailboxOutside $MailboxOutside is a member of $Group. Name a mailbox that the relay must not read."
}
$groupName = (Get-Text $groups[0] 'DistinguishedName').Replace("'", "''")
$filter = "MemberOfGroup -eq '$groupName'"
# Objects with other values would make Exchange refuse step 2 or 3, or grant something else.
$scopes = @(Get-ManagementScope -ErrorAction Stop)
$scope = @($scopes | Where-Object { (Get-Text $_ 'Name') -eq $Name })
$same = @($scopes | Where-Object { (Get-PlainFilter (Get-Text $_ 'RecipientFilter')) -eq (Get-PlainFilter $filter) })
if ($scope.Count -and -not @($same | Where-Object { (Get-Text $_ 'Name') -eq $Name }).Count) {
    throw "A management scope $Name exists with another filter: $(Get-Text $scope[0] 'RecipientFilter'). Choose another -Name. To remove this relay from that group, run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
}
if (-not $scope.Count -and $same.Count) {
    throw "The management scope $(Get-Text $same[0] 'Name') has the filter of this group already, and Exchange rejects a second one. Run the script with -Name '$(Get-Text $same[0] 'Name')'."
}
$principals = @(Get-ServicePrincipal -ErrorAction Stop)
$principal = @($principals | Where-Object { (Get-Text $_ 'AppId') -eq "$AppId" })
if ($principal.Count -and (Get-Text $principal[0] 'ObjectId') -ne "$ObjectId") {
    throw "Exchange knows $AppId with another object id, $(Get-Text $principal[0] 'ObjectId'). Use the enterprise application's object id; if Exchange has the wrong one, run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
}
$others = @($principals | Where-Object { (Get-Text $_ 'ObjectId') -eq "$ObjectId" -and (Get-Text $_ 'AppId') -ne "$AppId" })
if ($others.Count) {
    throw "Exchange knows the object id $ObjectId with another client id, $(Get-Text $others[0] 'AppId'). Use the object id of the enterprise application of $AppId."
}
$ids = @("$AppId", "$ObjectId")
$held = @(Get-ManagementRoleAssignment -ErrorAction Stop | Where-Object {
        (Get-Text $_ 'Name') -like "Relay *$AppId" -or $ids -contains (Get-Text $_ 'App') -or $ids -contains (Get-Text $_ 'RoleAssigneeName')
    })
$missing = @()
foreach ($permission in $wanted) {
    $assignmentName = "Relay $($permission.name) $AppId"
    $assignment = @($held | Where-Object { (Get-Text $_ 'Name') -eq $assignmentName })
    # Exchange may name the scope in either property.
    $within = @('CustomResourceScope', 'CustomRecipientWriteScope' | ForEach-Object { $property = $_; $assignment | ForEach-Object { Get-Text $_ $property } } | Where-Object { $_ })
    if (-not $assignment.Count) {
        $missing += $permission
    }
    elseif (-not $principal.Count) {
        throw "A role assignment $assignmentName exists without its service principal. Run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
    }
    elseif ((Get-Text $assignment[0] 'Role') -ne $permission.exchangeRole -or $within -notcontains $Name) {
        throw "A role assignment $assignmentName exists with other values: $(Get-Text $assignment[0] 'Role') within $($within -join ', '). Give that scope in -Name, or run Revoke-RelayMailboxAccess.ps1 -AppId $AppId first."
    }
}
# A service principal without roles has nothing to ask for.
if ($principal.Count -and $held.Count) {
    foreach ($row in @(Test-ServicePrincipalAuthorization -Identity "$AppId" -Resource $MailboxOutside -ErrorAction Stop | Where-Object { $null -ne $_ })) {
        $role = Get-Text $row 'RoleName'
        if ((Get-Text $row 'InScope') -eq 'True') {
            throw "$MailboxOutside is open to the relay already, through $role within $(Get-Text $row 'AllowedResourceScope'). Remove that role assignment first. Nothing was changed."
        }
        if (@($wanted | ForEach-Object { $_.exchangeRole }) -notcontains $role) {
            throw "The relay holds $role, which it does not need without a feature that requires it. Name the feature in -Feature, or remove that role first. Nothing was changed."
        }
    }
}

Write-Output "The relay $AppId gets access to the calendars of the direct members of $address ($($members.Count) now), and no others."
if (@($members | Where-Object { (Get-Text $_ 'RecipientType') -like '*Group' }).Count) {
    Write-Warning 'The group contains other groups. Their members are not in the scope: add the mailboxes themselves.'
}
$refused = "Stopped, because a confirmation was refused. What was confirmed before stays. Run the script again to go on, or undo it: Revoke-RelayMailboxAccess.ps1 -AppId $AppId -Name '$Name'"
try {
    Write-Output '1. The service principal in Exchange, to which roles are assigned.'
    if (-not $principal.Count) {
        if ($PSCmdlet.ShouldProcess("$Name ($AppId)", 'Create the service principal in Exchange')) {
            New-ServicePrincipal -AppId "$AppId" -ObjectId "$ObjectId" -DisplayName $Name -ErrorAction Stop | Out-Null
        }
        elseif (-not $WhatIfPreference) { return $refused }
    }

    Write-Output '2. The management scope: the direct members of the group.'
    if (-not $scope.Count) {
        if ($PSCmdlet.ShouldProcess($Name, "Create the management scope for the members of $address")) {
            New-ManagementScope -Name $Name -RecipientRestrictionFilter $filter -ErrorAction Stop | Out-Null
        }
        elseif (-not $WhatIfPreference) { return $refused }
    }

    Write-Output '3. The role of each permission, within that scope only.'
    foreach ($permission in $wanted) {
        Write-Output "$($permission.exchangeRole): $($permission.why) It does not allow: $($permission.doesNotAllow)"
    }
    foreach ($permission in $missing) {
        $assignmentName = "Relay $($permission.name) $AppId"
        if ($PSCmdlet.ShouldProcess($assignmentName, "Assign $($permission.exchangeRole) within the scope $Name")) {
            New-ManagementRoleAssignment -Name $assignmentName -App "$ObjectId" -Role $permission.exchangeRole -CustomResourceScope $Name -ErrorAction Stop | Out-Null
        }
        elseif (-not $WhatIfPreference) { return $refused }
    }
}
catch {
    if ("$_" -notlike '*ShouldProcess*') { throw }
    throw 'Nobody can answer the confirmation here. Run the script with -WhatIf, then with -Confirm:$false. What was confirmed before stays.'
}

if ($WhatIfPreference) {
    Write-Output 'Without -WhatIf the script executes the lines that begin with "What if", then tests the result.'
    Write-Output 'Dry run: nothing was changed'
    return
}
try {
    & "$PSScriptRoot/Test-RelayMailboxAccess.ps1" -AppId $AppId -MailboxInside $MailboxInside -MailboxOutside $MailboxOutside -Feature $asked
}
catch {
    throw "The roles are assigned, but the test failed. To undo: Revoke-RelayMailboxAccess.ps1 -AppId $AppId. $($_.Exception.Message)"
}
Write-Output "Next: python -m relay_admin entra check --app-id $AppId, because a permission granted in Entra applies to every mailbox, regardless of this scope."
Write-Output 'Exchange caches permissions for up to two hours: the relay may be refused until then. A refused watch recovers by itself.'
