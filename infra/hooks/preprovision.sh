#!/bin/sh
# Runs before provisioning: stores the first month of the budget once, because it must be the same at every deployment, and registers
# Microsoft.App, to which the subnet of Flex Consumption is delegated.
set -eu

if [ -z "${PARTNER_WEBHOOK_URL:-}" ]; then
  echo "PARTNER_WEBHOOK_URL, the address for deliveries, is not set: azd env set PARTNER_WEBHOOK_URL https://..." >&2
  exit 1
fi
if [ "${BUDGET_AMOUNT:-0}" != 0 ] && [ -z "${BUDGET_START:-}" ]; then
  azd env set BUDGET_START "$(date -u +%Y-%m-01)"
fi
if [ "${PRIVATE_NETWORKING:-false}" = true ]; then
  az provider register --namespace Microsoft.App --wait ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
fi
