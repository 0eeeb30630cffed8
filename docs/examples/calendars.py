"""Calls of the feature calendars (../partner-calendars.md). Needs relay.py beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from relay import Refused, Relay


def book(relay: Relay, mailbox: str, event: dict[str, Any], order_id: str) -> Any:
    """Create an event once for an id of yours, however often this is called; return it."""
    once = {"Idempotency-Key": order_id}
    return relay.call("POST", f"/calendars/{quote(mailbox, safe='')}/events", event, headers=once)


def rename(relay: Relay, mailbox: str, event_id: str, title: str) -> Any:
    """Change a title without overwriting another's change: after 412, read again and retry, five tries in all."""
    path = f"/calendars/{quote(mailbox, safe='')}/events/{quote(event_id, safe='')}"

    def rename_once() -> Any:
        seen = relay.call("GET", path)
        return relay.call("PATCH", path, {"title": title}, headers={"If-Match": seen["etag"]})

    for _ in range(4):
        try:
            return rename_once()
        except Refused as refused:
            if refused.status != 412:
                raise
    return rename_once()


def shown(relay: Relay, mailbox: str, start: str, end: str) -> Iterator[Any]:
    """Yield all events between two times."""
    return relay.pages(f"/calendars/{quote(mailbox, safe='')}/events", {"from": start, "to": end})
