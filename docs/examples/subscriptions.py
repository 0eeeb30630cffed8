"""Watches: set up, look up, remove (../partner-guide.md). Needs relay.py beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from relay import Refused, Relay


def watch(relay: Relay, mailbox: str) -> Any:
    """Return the watch of a mailbox, made now or before."""
    return relay.call("POST", "/subscriptions", {"mailbox": mailbox})


def watches(relay: Relay) -> Iterator[Any]:
    """Yield all watches."""
    return relay.pages("/subscriptions")


def not_watched(relay: Relay, mailboxes: list[str]) -> Any:
    """Return those of up to 100 addresses that have no watch."""
    return relay.call("POST", "/subscriptions/query", {"mailboxes": mailboxes})["notWatched"]


def unwatch(relay: Relay, watch_id: str) -> None:
    """Remove a watch; one that is gone already is no error."""
    try:
        relay.call("DELETE", f"/subscriptions/{quote(watch_id, safe='')}")
    except Refused as refused:
        if refused.code != "subscription_not_found":
            raise
