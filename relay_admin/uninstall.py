"""The command that takes the relay's hands off the tenant: subscriptions first, and then what only people can do."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from relay_admin.errors import WELL, Refused, Stopped
from relay_admin.output import Output, counted
from relay_admin.relay import Relay

PATIENCE = 300.0  # seconds in which the relay lets go of the rooms of a list
LOOK_EVERY = 2.0
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


def uninstall(relay: Relay, out: Output, asked: Namespace) -> int:
    """Show what would be removed, or remove it and see that nothing is left."""
    lists, watches = _standing(relay)
    left: dict[str, list[str]] = {"roomLists": lists, "mailboxes": [one["mailbox"] for one in watches]}
    if asked.yes:
        _remove(relay, out, lists, watches)
        lists, watches = _standing(relay)
    if asked.yes and (lists or watches):
        raise Refused("Something was set up meanwhile", "Take away the partner's role or key, and run this again.")
    out.data({"done": asked.yes, **left, "remaining": list(REMAINING)})
    verb = "Removed" if asked.yes else "Would remove"
    numbers = counted(len(left["roomLists"]), "room list"), counted(len(left["mailboxes"]), "watch", "watches")
    out.line(f"{verb}: {' and '.join(numbers)}, with the subscriptions at Graph.")
    for mailbox in left["mailboxes"]:
        out.line(f"   {mailbox}")
    out.line("The relay watches nothing any more." if asked.yes else "Nothing was changed: --yes does it.")
    out.line("Steps that remain (without -WhatIf a script does what it has shown; docs/permissions.md explains each):")
    out.steps(REMAINING)
    return WELL


def _standing(relay: Relay) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the ids of room lists, and the watches."""
    return [one["id"] for one in relay.call("GET", "/room-lists")["value"]], list(relay.pages("/subscriptions"))


def _remove(relay: Relay, out: Output, lists: list[str], watches: list[dict[str, Any]]) -> None:
    """Remove everything; a watch's 204 says that Graph's subscription is gone. Raises what the relay says."""
    for room_list in lists:
        relay.call("DELETE", f"/room-lists/{room_list}")
    deadline = time.monotonic() + PATIENCE
    with out.progress() as progress:
        for watch in progress.track(watches, description="Removing"):
            while (refusal := _refusal(relay, watch["id"])) is not None:
                if refusal.status != 409 or time.monotonic() >= deadline:
                    raise refusal
                time.sleep(LOOK_EVERY)  # the relay has not let go of the rooms of a list yet


def _refusal(relay: Relay, watch_id: str) -> Stopped | None:
    try:
        relay.call("DELETE", f"/subscriptions/{watch_id}")
    except Refused as refusal:
        return refusal
    return None
