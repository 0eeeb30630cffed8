#!/bin/sh
# Before anything is made: a budget needs a first month that stays the same at every deployment, so it is noted once. A subnet for
# Flex Consumption is lent to Microsoft.App, which the subscription has to know for that.
set -eu

if [ -z "${PARTNER_WEBHOOK_URL:-}" ]; then
  echo "PARTNER_WEBHOOK_URL is not set. It is where changes go: azd env set PARTNER_WEBHOOK_URL https://..." >&2
  exit 1
fi
if [ "${BUDGET_AMOUNT:-0}" != 0 ] && [ -z "${BUDGET_START:-}" ]; then
  azd env set BUDGET_START "$(date -u +%Y-%m-01)"
fi
if [ "${PRIVATE_NETWORKING:-false}" = true ]; then
  az provider register --namespace Microsoft.App --wait ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
fi
