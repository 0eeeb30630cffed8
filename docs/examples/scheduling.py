"""Calls of the feature scheduling (../partner-scheduling.md). Needs relay.py beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from relay import Refused, Relay


def slots(relay: Relay, agents: list[str], query: dict[str, Any]) -> Iterator[Any]:
    """Yield the free slots at any of the agents; `query` has from, to and duration."""
    path = f"/schedules/{quote(agents[0], safe='')}/slots/query"
    return relay.pages(path, body={"mailboxes": agents[1:], **query})


def book(relay: Relay, agent: str, booking: dict[str, Any], order_id: str) -> tuple[Any, list[Any]]:
    """Return (the booking, []), or (None, the nearest free slots) when the slot is taken; once for an id of yours."""
    once = {"Idempotency-Key": order_id}
    try:
        return relay.call("POST", f"/schedules/{quote(agent, safe='')}/bookings", booking, headers=once), []
    except Refused as refused:
        if refused.code != "slot_taken":
            raise
        return None, refused.problem.get("nearest") or []
