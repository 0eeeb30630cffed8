# Before anything is made: a budget needs a first month that stays the same at every deployment, so it is noted once. A subnet for
# Flex Consumption is lent to Microsoft.App, which the subscription has to know for that.
$ErrorActionPreference = 'Stop'

if (-not $env:PARTNER_WEBHOOK_URL) {
    [Console]::Error.WriteLine('PARTNER_WEBHOOK_URL is not set. It is where changes go: azd env set PARTNER_WEBHOOK_URL https://...')
    exit 1
}
if ($env:BUDGET_AMOUNT -and $env:BUDGET_AMOUNT -ne '0' -and -not $env:BUDGET_START) {
    azd env set BUDGET_START ([DateTime]::UtcNow.ToString('yyyy-MM-01'))
    if ($LASTEXITCODE -ne 0) { exit 1 }
}
if ($env:PRIVATE_NETWORKING -eq 'true') {
    $there = if ($env:AZURE_SUBSCRIPTION_ID) { @('--subscription', $env:AZURE_SUBSCRIPTION_ID) } else { @() }
    az provider register --namespace Microsoft.App --wait @there
    if ($LASTEXITCODE -ne 0) { exit 1 }
}
