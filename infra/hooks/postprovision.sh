#!/bin/sh
# Runs after provisioning: creates the two secrets that the relay needs if they are missing, and prints the remaining manual steps.
#
# A secret is written through Azure Resource Manager, which never returns values: deploying needs no right to read secrets. During the
# call the value is in a file that only this user can read; it is never on a command line.
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
    echo "  $1 exists and is kept"
    return
  fi
  random=$(head -c 32 /dev/urandom | base64 | tr -d '\n')
  printf '{"properties": {"value": "%s%s"}}' "$2" "$random" > "$folder/body.json"
  az rest --method put --url "$secrets/$1?$version" --body "@$folder/body.json" --output none
  rm -f "$folder/body.json"
  echo "  $1 was created"
}

if [ "${RECOVER_VAULT:-false}" = true ]; then
  azd env set RECOVER_VAULT false # done; recovering a vault that is not deleted would fail
fi
echo "Secrets in the vault $RELAY_VAULT_NAME:"
make_if_missing client-state-key ''
make_if_missing partner-signing-secret 'whsec_'

cat <<TEXT

The relay is provisioned, but cannot read any calendar yet. With -WhatIf each script below shows what it would do;
docs/permissions.md describes the same steps for the portal.
  1. Exchange, in PowerShell (pwsh): grant access to the calendars of one group of mailboxes, and no others.
       infra/permissions/Grant-RelayMailboxAccess.ps1 -AppId $RELAY_CLIENT_ID -ObjectId OBJECT_ID -Group GROUP -MailboxInside ROOM -MailboxOutside SOMEBODY -WhatIf
TEXT
if [ "$RELAY_GRAPH_CREDENTIAL" = managed-identity ]; then
  echo "     OBJECT_ID is $RELAY_IDENTITY_PRINCIPAL_ID."
else
  echo "     OBJECT_ID is the enterprise application's, not the registration's; Test-RelayPermission.ps1 prints it."
  echo "     GRAPH_CREDENTIAL is $RELAY_GRAPH_CREDENTIAL: store its secret in the vault, see docs/settings.md."
fi
cat <<TEXT
  2. For room lists only: infra/permissions/Grant-RelayPermission.ps1 -AppId $RELAY_CLIENT_ID -Feature room-lists -WhatIf
     For features (docs/deployment.md): -Feature calendars,scheduling in step 1, -Feature bookings in step 2.
  3. Give the partner the signing secret (partner-signing-secret) and access to the API: docs/callers.md. Reading the vault
     needs a role first: docs/deployment.md, "Open the vault".
Exchange takes up to two hours to apply this. Then check $RELAY_URL with
python -m relay_admin doctor (docs/command-line.md).
TEXT
