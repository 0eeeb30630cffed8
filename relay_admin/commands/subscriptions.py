"""The command about subscriptions at Graph that no watch names."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from relay_admin.client import RelayClient
from relay_admin.errors import FAILED, OK, UsageError
from relay_admin.output import Output, counted

PATH = "/relay/unknown-subscriptions"
_WHY = {
    "row-names-it": "a watch names it by now",
    "posts-elsewhere": "it no longer posts to the relay",
    "only-subscription": "its mailbox is watched and has no other: the watch takes it over",
    "graph-error": "Graph answered with an error: try again",
}
_STILL_UNKNOWN = ("only-subscription", "graph-error")


def subscriptions(relay: RelayClient, out: Output, options: Namespace) -> int:
    """List unknown subscriptions, or delete them. If any are left, the exit code is FAILED: a person has to act."""
    if not options.unknown:
        raise UsageError("--unknown is required", "Give --unknown. The command `watches` lists all others.")
    if options.yes and not options.delete:
        raise UsageError("--yes confirms nothing", "Give --delete --yes to delete, or neither to list.")
    return _delete(relay, out) if options.yes else _list(relay, out, delete=options.delete)


def _list(relay: RelayClient, out: Output, *, delete: bool) -> int:
    summary = relay.call("GET", PATH, params={"pageSize": "1"})
    listed = list(relay.pages(PATH))
    out.data({name: summary[name] for name in ("count", "asOf", "lastError")} | {"value": listed})
    names = ("mailbox", "expirationDateTime", "firstSeen", "graphSubscriptionId")
    heads = ("mailbox", "expires", "first seen", "id at Graph")
    out.table(heads, ([item[name] or "" for name in names] for item in listed))
    moment = f"as of {summary['asOf']}" if summary["asOf"] else "not counted yet"
    out.line(f"{counted(len(listed), 'subscription')} at Graph without a watch, {moment}.")
    if summary["lastError"]:
        out.line(f"Since then they could not be counted: {summary['lastError']}")
    if listed:
        out.line("Nothing was changed." if delete else "They end by themselves, within a week.")
        out.line("To delete them now, run: python -m relay_admin subscriptions --unknown --delete --yes")
    return FAILED if listed or summary["lastError"] else OK


def _delete(relay: RelayClient, out: Output) -> int:
    """Delete them, by several calls if one does not suffice, until a call makes no progress."""
    deleted = ended = 0
    resolved: list[dict[str, Any]] = []
    while True:
        result = relay.call("DELETE", PATH)
        deleted, ended = deleted + result["deleted"], ended + result["ended"]
        left = [item for item in result["kept"] if item["reason"] in _STILL_UNKNOWN]  # the next call tries these again
        resolved += [item for item in result["kept"] if item not in left]
        if not result["remaining"] or not result["deleted"] + result["ended"]:
            break
    kept, remaining = resolved + left, result["remaining"]
    out.data({"deleted": deleted, "ended": ended, "kept": kept, "remaining": remaining})
    if kept:
        rows = ([item["mailbox"] or "", _WHY.get(item["reason"], ""), item["graphSubscriptionId"]] for item in kept)
        out.table(("mailbox", "kept, because", "id at Graph"), rows)
    number = len(left) + remaining
    out.line(f"Deleted: {counted(deleted, 'subscription')}. Had ended before: {ended}. Left: {number}.")
    return FAILED if number else OK
