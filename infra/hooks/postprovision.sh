#!/bin/sh
# Once everything stands: makes the two secrets that the relay needs, where they are missing, and says what people have to do.
#
# A secret is written through Azure Resource Manager, which never gives a value back: whoever deploys needs no right to read
# secrets. Its value stands in a file that only this user can read, for as long as the call takes, and on no command line.
set -eu
umask 077

secrets="/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP/providers/Microsoft.KeyVault/vaults/$RELAY_VAULT_NAME/secrets"
version='api-version=2023-07-01'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM
there=$(az rest --method get --url "$secrets?$version" --query 'value[].name' --output tsv)

make_if_missing() { # name, what the value begins with
  if printf '%s\n' "$there" | tr -d '\r' | grep -qx "$1"; then
    echo "  $1 is there, and stays as it is"
    return
  fi
  random=$(head -c 32 /dev/urandom | base64 | tr -d '\n')
  printf '{"properties": {"value": "%s%s"}}' "$2" "$random" > "$folder/body.json"
  az rest --method put --url "$secrets/$1?$version" --body "@$folder/body.json" --output none
  rm -f "$folder/body.json"
  echo "  $1 was made"
}

if [ "${RECOVER_VAULT:-false}" = true ]; then
  azd env set RECOVER_VAULT false # it is back, and to recover what is not deleted fails
fi
echo "Secrets in the vault $RELAY_VAULT_NAME:"
make_if_missing client-state-key ''
make_if_missing partner-signing-secret 'whsec_'

cat <<TEXT

The relay stands, and may read no calendar yet. Each script below shows with -WhatIf what it would do; docs/permissions.md
says the same for the portal.
  1. Exchange, in PowerShell (pwsh): give it the calendars of one group of mailboxes, and of no other.
       infra/permissions/Grant-RelayMailboxAccess.ps1 -AppId $RELAY_CLIENT_ID -ObjectId OBJECT_ID -Group GROUP -MailboxInside ROOM -MailboxOutside SOMEBODY -WhatIf
TEXT
if [ "$RELAY_GRAPH_CREDENTIAL" = managed-identity ]; then
  echo "     OBJECT_ID is $RELAY_IDENTITY_PRINCIPAL_ID."
else
  echo "     OBJECT_ID is the enterprise application's, not the registration's; Test-RelayPermission.ps1 prints it."
  echo "     GRAPH_CREDENTIAL is $RELAY_GRAPH_CREDENTIAL: put it into the vault, see docs/settings.md."
fi
cat <<TEXT
  2. Only for room lists: infra/permissions/Grant-RelayPermission.ps1 -AppId $RELAY_CLIENT_ID -Feature room-lists -WhatIf
     For what FEATURES names (docs/deployment.md): -Feature calendars,scheduling in step 1, -Feature bookings in step 2.
  3. Give the partner the signing secret (partner-signing-secret) and a way in: docs/callers.md. Nobody may read in the vault
     by himself: docs/deployment.md, "Open the vault".
Exchange needs up to two hours to know. Then ask $RELAY_URL whether it is well:
python -m relay_admin doctor (docs/command-line.md).
TEXT
