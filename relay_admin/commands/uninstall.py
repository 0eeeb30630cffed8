"""The command that removes the relay's subscriptions and lists the remaining steps, which only people can do."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import OK, CommandError, Refused
from relay_admin.host_name import warning
from relay_admin.output import Output, counted

RELEASE_SECONDS = 300.0  # for the relay to release the rooms of a list
POLL_SECONDS = 2.0
REMAINING = (
    "First revoke the partner's access, so that it cannot add watches (for a key: az functionapp keys delete):\n"
    "   python -m relay_admin entra revoke caller --api-app-id API_CLIENT_ID --caller-app-id PARTNER_CLIENT_ID",
    "Revoke the permission in Exchange (in PowerShell, after Connect-ExchangeOnline; without -WhatIf it is done):\n"
    "   infra/exchange/Revoke-RelayMailboxAccess.ps1 -AppId CLIENT_ID -WhatIf",
    "Revoke the grants in Entra ID (after az login):\n"
    "   python -m relay_admin entra revoke relay --app-id CLIENT_ID\n"
    "   python -m relay_admin entra revoke api --api-app-id API_CLIENT_ID",
    "Delete everything in Azure: the app, its storage, its vault, its logs. A vault with purge protection is purged\n"
    "   only after its retention period. The first command deletes the whole resource group; for a group with other\n"
    "   things, deployed as a stack, the second (docs/deployment-without-azd.md):\n"
    "   azd down --purge\n"
    "   az stack group delete --name calendar-relay --resource-group GROUP --action-on-unmanage deleteResources "
    "--resources-without-delete-support detach",
    "Delete app registrations that only the relay used; azd down has already deleted a managed identity:\n"
    "   az ad app delete --id CLIENT_ID",
    "Inform the partner: it can delete its signing secret.",
)


def uninstall(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Show what would be removed, or remove it and check that nothing is left."""
    lists, watches = _existing(relay)
    targets: dict[str, list[str]] = {"roomLists": lists, "mailboxes": [watch["mailbox"] for watch in watches]}
    if options.yes:
        _remove(relay, out, lists, watches)
        lists, watches = _existing(relay)
    if options.yes and (lists or watches):
        raise Refused("Watches or room lists were added", "Revoke the partner's role or key, and run this again.")
    still = "" if options.yes or not watches else warning(relay.url)
    out.data({"done": options.yes, **targets, "warning": still or None, "remaining": list(REMAINING)})
    verb = "Removed" if options.yes else "Would remove"
    numbers = counted(len(targets["roomLists"]), "room list"), counted(len(targets["mailboxes"]), "watch", "watches")
    out.line(f"{verb}: {' and '.join(numbers)}, with the subscriptions at Graph.")
    for mailbox in targets["mailboxes"]:
        out.line(f"   {mailbox}")
    if still:
        out.line(still, style="yellow")
    out.line("Nothing is watched any longer." if options.yes else "Nothing was changed. To remove them, add --yes.")
    out.line("Remaining steps (entra shows what it would do, and asks; docs/permissions.md explains each):")
    out.steps(REMAINING)
    return OK


def _existing(relay: RelayClient) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the ids of the room lists, and the watches."""
    room_lists = relay.call("GET", "/room-lists")["value"]
    return [room_list["id"] for room_list in room_lists], list(relay.pages("/subscriptions"))


def _remove(relay: RelayClient, out: Output, lists: list[str], watches: list[dict[str, Any]]) -> None:
    """Remove everything. A 204 for a watch means that Graph's subscription is deleted. Raises the relay's refusal."""
    for room_list in lists:
        relay.call("DELETE", f"/room-lists/{room_list}")
    deadline = time.monotonic() + RELEASE_SECONDS
    with out.progress() as progress:
        for watch in progress.track(watches, description="Removing"):
            while (refusal := _removal_error(relay, watch["id"])) is not None:
                if refusal.status != 409 or time.monotonic() >= deadline:
                    raise refusal
                time.sleep(POLL_SECONDS)  # the relay has not released the rooms of a list yet


def _removal_error(relay: RelayClient, watch_id: str) -> CommandError | None:
    try:
        relay.call("DELETE", f"/subscriptions/{watch_id}")
    except Refused as refusal:
        return refusal
    return None
