# Runs before provisioning: stores the first month of the budget once, because it must be the same at every deployment, and registers
# Microsoft.App, to which the subnet of Flex Consumption is delegated.
$ErrorActionPreference = 'Stop'

if (-not $env:PARTNER_WEBHOOK_URL) {
    [Console]::Error.WriteLine('PARTNER_WEBHOOK_URL, the address for deliveries, is not set: azd env set PARTNER_WEBHOOK_URL https://...')
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
