"""The command that takes the relay's hands off the tenant: subscriptions first, and then what only people can do."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import OK, CommandError, Refused
from relay_admin.output import Output, counted

RELEASE_SECONDS = 300.0  # in which the relay lets go of the rooms of a list
POLL_SECONDS = 2.0
REMAINING = (
    "The partner's way in, first of all, so that it sets nothing up anew (or az functionapp keys delete for a key):\n"
    "   infra/permissions/Revoke-RelayCaller.ps1 -AppId API_CLIENT_ID -CallerAppId PARTNER_CLIENT_ID -WhatIf",
    "The permission in Exchange (after Connect-ExchangeOnline):\n"
    "   infra/permissions/Revoke-RelayMailboxAccess.ps1 -AppId CLIENT_ID -WhatIf",
    "What was granted in Entra ID (after Connect-MgGraph):\n"
    "   infra/permissions/Revoke-RelayPermission.ps1 -AppId CLIENT_ID -WhatIf\n"
    "   infra/permissions/Remove-RelayAppRole.ps1 -AppId API_CLIENT_ID -WhatIf",
    "Everything in Azure: the app, its storage, its vault, its logs. A vault with purge protection stays deleted, but\n"
    "   not purged, until its time is over.\n"
    "   azd down --purge",
    "The app registrations, if you made some for the relay alone; a managed identity goes with azd down:\n"
    "   az ad app delete --id CLIENT_ID",
    "Tell the partner that it is over: it can forget its signing secret.",
)


def uninstall(relay: RelayClient, out: Output, options: Namespace) -> int:
    """Show what would be removed, or remove it and see that nothing is left."""
    lists, watches = _existing(relay)
    left: dict[str, list[str]] = {"roomLists": lists, "mailboxes": [watch["mailbox"] for watch in watches]}
    if options.yes:
        _remove(relay, out, lists, watches)
        lists, watches = _existing(relay)
    if options.yes and (lists or watches):
        raise Refused("Something was set up meanwhile", "Take away the partner's role or key, and run this again.")
    out.data({"done": options.yes, **left, "remaining": list(REMAINING)})
    verb = "Removed" if options.yes else "Would remove"
    numbers = counted(len(left["roomLists"]), "room list"), counted(len(left["mailboxes"]), "watch", "watches")
    out.line(f"{verb}: {' and '.join(numbers)}, with the subscriptions at Graph.")
    for mailbox in left["mailboxes"]:
        out.line(f"   {mailbox}")
    out.line("The relay watches nothing any more." if options.yes else "Nothing was changed: --yes does it.")
    out.line("Steps that remain (without -WhatIf a script does what it has shown; docs/permissions.md explains each):")
    out.steps(REMAINING)
    return OK


def _existing(relay: RelayClient) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the ids of room lists, and the watches."""
    room_lists = relay.call("GET", "/room-lists")["value"]
    return [room_list["id"] for room_list in room_lists], list(relay.pages("/subscriptions"))


def _remove(relay: RelayClient, out: Output, lists: list[str], watches: list[dict[str, Any]]) -> None:
    """Remove everything; a watch's 204 says that Graph's subscription is gone. Raises what the relay says."""
    for room_list in lists:
        relay.call("DELETE", f"/room-lists/{room_list}")
    deadline = time.monotonic() + RELEASE_SECONDS
    with out.progress() as progress:
        for watch in progress.track(watches, description="Removing"):
            while (refusal := _removal_error(relay, watch["id"])) is not None:
                if refusal.status != 409 or time.monotonic() >= deadline:
                    raise refusal
                time.sleep(POLL_SECONDS)  # the relay has not let go of the rooms of a list yet


def _removal_error(relay: RelayClient, watch_id: str) -> CommandError | None:
    try:
        relay.call("DELETE", f"/subscriptions/{watch_id}")
    except Refused as refusal:
        return refusal
    return None
