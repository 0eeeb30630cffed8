"""Calls of the feature rooms (../partner-rooms.md). Needs relay.py beside it."""

from __future__ import annotations

from typing import Any

from relay import Relay


def rooms(relay: Relay) -> tuple[list[Any], bool]:
    """Return the rooms, and whether these are all: otherwise keep what you know of others."""
    found: list[Any] = []
    complete, link = True, "/rooms"
    while link:
        page = relay.call("GET", link)
        found += page["value"]
        complete = complete and page["complete"]
        link = page["nextLink"]
    return found, complete


def free_at(relay: Relay, mailboxes: list[str], start: str, end: str) -> dict[str, bool | None]:
    """Return for each of up to 100 mailboxes whether it is free from start to end; None if that is unknown."""
    answer = relay.call("POST", "/availability/query", {"from": start, "to": end, "mailboxes": mailboxes})
    busy = {each["mailbox"].lower(): bool(each["busy"]) for each in answer["value"]}
    return {mailbox: not busy[mailbox.lower()] if mailbox.lower() in busy else None for mailbox in mailboxes}
