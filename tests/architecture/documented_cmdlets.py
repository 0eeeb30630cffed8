"""Every cmdlet that the permission scripts may use, with those of its documented parameters that they use.

Exchange: the pages of the ExchangePowerShell module, each named like its cmdlet, and "Get-ConnectionInformation".
Graph: the pages of Microsoft.Graph.Applications and Microsoft.Graph.Authentication. CHANGES are the cmdlets that change
something. UNDO maps a script to the one that reverses it.
"""

_ANY = {"ErrorAction"}
_DRY_RUN = _ANY | {"Confirm"}

READS = {
    "Get-ConnectionInformation": set(),
    "Get-DistributionGroup": {"Identity", *_ANY},
    "Get-DistributionGroupMember": {"Identity", "ResultSize"},
    "Get-ServicePrincipal": {"Identity", *_ANY},
    "Get-ManagementScope": {"Identity", *_ANY},
    "Get-ManagementRoleAssignment": {"Identity", *_ANY},
    "Test-ServicePrincipalAuthorization": {"Identity", "Resource", *_ANY},
    "Get-MgContext": set(),
    "Get-MgApplication": {"Filter"},
    "Get-MgServicePrincipal": {"Filter", "ServicePrincipalId"},
    "Get-MgServicePrincipalAppRoleAssignment": {"ServicePrincipalId", "All"},
    "Get-MgServicePrincipalAppRoleAssignedTo": {"ServicePrincipalId", "All"},
}
CHANGES = {
    "New-ServicePrincipal": {"AppId", "ObjectId", "DisplayName", *_ANY},
    "New-ManagementScope": {"Name", "RecipientRestrictionFilter", *_ANY},
    "New-ManagementRoleAssignment": {"Name", "App", "Role", "CustomResourceScope", *_ANY},
    "Remove-ServicePrincipal": {"Identity", *_DRY_RUN},
    "Remove-ManagementScope": {"Identity", *_DRY_RUN},
    "Remove-ManagementRoleAssignment": {"Identity", *_DRY_RUN},
    "New-MgServicePrincipal": {"AppId", *_ANY},
    "New-MgServicePrincipalAppRoleAssignment": {"ServicePrincipalId", "PrincipalId", "ResourceId", "AppRoleId", *_ANY},
    "Remove-MgServicePrincipal": {"ServicePrincipalId", *_ANY},
    "Remove-MgServicePrincipalAppRoleAssignment": {"ServicePrincipalId", "AppRoleAssignmentId", *_ANY},
    "Invoke-MgGraphRequest": {"Method", "Uri", "ContentType", "Body", *_ANY},
}
POWERSHELL = {
    "Set-StrictMode": {"Version"},
    "Get-Content": {"Path", "Raw", "Encoding"},
    "ConvertFrom-Json": set(),
    "ConvertTo-Json": {"InputObject", "Depth"},
    "Where-Object": set(),
    "ForEach-Object": set(),
    "Out-Null": set(),
    "Write-Output": set(),
    "Write-Warning": set(),
}
UNDO = {
    "Grant-RelayMailboxAccess": "Revoke-RelayMailboxAccess",
    "Grant-RelayPermission": "Revoke-RelayPermission",
    "Add-RelayAppRole": "Remove-RelayAppRole",
    "Grant-RelayCaller": "Revoke-RelayCaller",
}
TESTS = {"Test-RelayMailboxAccess", "Test-RelayPermission"}
